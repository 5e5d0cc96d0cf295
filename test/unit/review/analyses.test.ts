import { describe, expect, it } from '@jest/globals';
import { licenceOf } from '../../../examples/review/analyses/licence-headers.ts';
import { parseManifest } from '../../../examples/review/analyses/manifests.ts';
import { parseMarkdown, slugOf } from '../../../examples/review/analyses/markdown.ts';
import { measureFile } from '../../../examples/review/analyses/size-and-complexity.ts';
import { findMarks } from '../../../examples/review/analyses/todos.ts';
import type { Family } from '../../../examples/review/languages.ts';
import { maskSource } from '../../../examples/review/masked-source.ts';
import { findSecrets, maskSecrets } from '../../../examples/review/secret-patterns.ts';

function functionsOf(family: Family, text: string): [string, number, number][] {
  const { functions } = measureFile('x', family, maskSource(text, family));
  return functions.map(({ name, line, complexity }) => [name, line, complexity]);
}

describe('maskSource', () => {
  it('keeps lines and length, and blanks strings and comments', () => {
    const text = 'const a = "if //"; // if\n/* if\n */ b(`x ${c ? "}" : 1} if`, /"if/u);\n';
    const { code, comments } = maskSource(text, 'typescript');
    expect(code).toHaveLength(text.length);
    expect(code.split('\n')).toHaveLength(4);
    expect(code).not.toContain('if');
    expect(code).toContain('c ? "');
    expect(comments.map(({ line }) => line)).toEqual([1, 2]);
  });

  it('takes no shell expansion for a comment, and hides here-documents', () => {
    const { code, comments } = maskSource('echo $# ${#a}\ncat <<EOF\nif # no\nEOF\nls # yes\n', 'shell');
    expect(comments).toEqual([{ line: 5, text: '# yes' }]);
    expect(code).not.toContain('if');
  });

  it('ends at an unclosed string or comment without failing', () => {
    for (const text of ['"open', '/* open', '`open ${', "'", '/[', '"""']) {
      for (const family of ['typescript', 'python', 'go', 'java', 'c-like', 'shell', 'web', 'none'] as const) {
        expect(maskSource(text, family).code).toHaveLength(text.length);
      }
    }
  });
});

describe('complexity', () => {
  it('names the functions of TypeScript and counts only their own branches', () => {
    const text = [
      'export async function load<T>({ a, b }: Options = {}): Promise<T> {',
      '  if (a && b) return run(() => { for (const x of a) use(x ?? 1); });',
      '}',
      'class Store {',
      '  get(key?: string): Map<string, number> { return key ? one : two; }',
      '}',
      'const pick = (value: number) => { switch (value) { case 1: case 2: return 1; } };',
      'promise.catch((error) => { log(error?.message); });',
    ].join('\n');
    expect(functionsOf('typescript', text)).toEqual([
      ['(anonymous)', 2, 3],
      ['load', 1, 3],
      ['get', 5, 2],
      ['pick', 7, 3],
      ['(anonymous)', 8, 1],
    ]);
  });

  it.each<[Family, string, [string, number, number][]]>([
    [
      'go',
      'func (s *Store) Get(key string) (int, error) {\n  if key == "" || x { return 0, nil }\n}\n',
      [['Get', 1, 3]],
    ],
    [
      'java',
      'class A {\n  int f(int a) throws E { while (a > 0) { try { g(); } catch (E e) { } } return 1; }\n}\n',
      [['f', 2, 3]],
    ],
    ['c-like', "static int f(char c)\n{\n  if (c == '{') return 1;\n  return 0;\n}\n", [['f', 2, 2]]],
    ['c-like', 'fn f<\'a>(x: &\'a str) -> bool {\n  if x == "}" { true } else { false }\n}\n', [['f', 1, 2]]],
    ['shell', 'go() {\n  if a && b; then c; fi\n}\n', [['go', 1, 3]]],
  ])('measures %s', (family, text, expected) => {
    expect(functionsOf(family, text)).toEqual(expected);
  });

  it('tells the name of a Go function from the function types of its parameters', () => {
    const text = 'func (r *Request) write(wait func() bool) (err error) {\n  go func() { if a { b() } }()\n}\n';
    expect(functionsOf('go', text)).toEqual([
      ['(anonymous)', 2, 2],
      ['write', 1, 1],
    ]);
  });

  it('follows the indentation of Python', () => {
    const text =
      'def outer(a):\n    """if"""\n    def inner():\n        return 1 if a else 2\n    for x in a: pass\n\nclass B:\n    async def m(self): pass\n';
    expect(functionsOf('python', text)).toEqual([
      ['inner', 3, 2],
      ['outer', 1, 2],
      ['m', 8, 1],
    ]);
  });
});

describe('marks', () => {
  it('counts marks in comments, not in strings or in prose about them', () => {
    const word = 'TO' + 'DO';
    const text = `// ${word}: one\nconst a = "// ${word}: no";\n/*\n * FIXME(bo) two */\n// finds ${word} comments\n// ${word}/FIXME\n`;
    const marks = findMarks('a.ts', 'code', maskSource(text, 'typescript'));
    expect(marks.map((mark) => [mark.line, mark.word, mark.text])).toEqual([
      [1, word, 'one'],
      [4, 'FIXME', '(bo) two'],
    ]);
  });
});

describe('secrets', () => {
  it('masks what looks random and leaves placeholders alone', () => {
    const token = ['ghp', '_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'].join('');
    expect(maskSecrets(`push with ${token} now`)).toBe('push with ghp_…(40 characters) now');
    const harmless = [
      'password = "${DB_PASSWORD_2024}"',
      'token: "your-token-goes-here-123"',
      'https://user:pass...@host',
      'apiKey: "arn:aws:iam::123456789012:role/x"',
    ];
    expect(harmless.flatMap((text) => findSecrets(text))).toEqual([]);
  });
});

describe('Markdown', () => {
  it('makes the anchors that GitHub makes', () => {
    expect(slugOf('The `npm start` command & more!')).toBe('the-npm-start-command--more');
    expect(slugOf('Größe_x: [link](y.md)')).toBe('größe_x-link');
    expect(parseMarkdown('# A\n\n## A\n\nA\n---\n\n# A-1 #\n').anchors).toEqual(['a', 'a-1', 'a-2', 'a-1-1']);
  });

  it('finds links outside code only, with their lines', () => {
    const text =
      '[a](b.md "t") `[no](no.md)`\n```\n[no](no.md)\n```\n![i](<x y.png>) [p](a_(b).md)\n\n[ref]: c.md\n<a href="d.md">';
    expect(parseMarkdown(text).links).toEqual([
      { line: 1, target: 'b.md' },
      { line: 5, target: 'x y.png' },
      { line: 5, target: 'a_(b).md' },
      { line: 7, target: 'c.md' },
      { line: 8, target: 'd.md' },
    ]);
  });
});

describe('manifests', () => {
  it.each([
    [
      'requirements.txt',
      '# c\nFlask==3.0.0 --hash=sha256:aa\nrich>=13 ; python_version < "3.9"\n-r x.txt\n',
      ['flask ==3.0.0', 'rich >=13'],
    ],
    [
      'pyproject.toml',
      '[project]\ndependencies = [\n  "httpx[http2]>=0.27",\n  "click",\n]\n',
      ['httpx >=0.27', 'click '],
    ],
    [
      'go.mod',
      'module m\nrequire (\n\tgolang.org/x/text v0.3.0\n\tgithub.com/a/b v1.2.3 // indirect\n)\n',
      ['golang.org/x/text v0.3.0'],
    ],
    [
      'Cargo.toml',
      '[dependencies]\nserde = "1"\ntokio = { version = "=1.2", features = ["x"] }\n[lib]\nname = "z"\n',
      ['serde 1', 'tokio =1.2'],
    ],
    [
      'pom.xml',
      '<dependency><groupId>g</groupId><artifactId>a</artifactId><version>1.0</version></dependency>',
      ['g:a 1.0'],
    ],
  ])('reads %s', (path, text, expected) => {
    expect(parseManifest(path, text)?.dependencies.map(({ name, requirement }) => `${name} ${requirement}`)).toEqual(
      expected,
    );
  });
});

describe('licences', () => {
  it('prefers what SPDX says and knows the usual texts', () => {
    expect(licenceOf('/* SPDX-License-Identifier: Apache-2.0 OR MIT */')).toBe('Apache-2.0 OR MIT');
    expect(licenceOf('// Licensed under the Apache License, Version 2.0')).toBe('Apache-2.0');
    expect(licenceOf('// mine')).toBeUndefined();
  });
});
