/** How a file is treated: code and documents and configuration have analyses, the rest is only counted. */
export type Kind = 'code' | 'docs' | 'config' | 'asset';

/** A language's name, what kind of file it makes, and the family whose agents can analyse it. */
export interface Language {
  readonly name: string;
  readonly kind: Kind;
  /** The second half of the capability `code:<family>`; also the syntax the tokenizer follows. */
  readonly family: Family;
}

/** Languages close enough for one tokenizer and one kind of agent. */
export type Family = 'typescript' | 'python' | 'go' | 'java' | 'c-like' | 'shell' | 'web' | 'none';

/** The families in the order in which the plan lists them. */
export const codeFamilies = ['typescript', 'python', 'go', 'java', 'c-like', 'shell', 'web'] as const;

const code = (name: string, family: Family): Language => ({ name, kind: 'code', family });
const config = (name: string): Language => ({ name, kind: 'config', family: 'none' });
const docs = (name: string): Language => ({ name, kind: 'docs', family: 'none' });

/** What nobody analyses: images, archives, lock files, unknown endings. */
export const asset: Language = { name: 'Other', kind: 'asset', family: 'none' };

const languages: readonly (readonly [Language, string])[] = [
  [code('TypeScript', 'typescript'), 'ts tsx mts cts'],
  [code('JavaScript', 'typescript'), 'js jsx mjs cjs'],
  [code('Python', 'python'), 'py pyi pyw'],
  [code('Go', 'go'), 'go'],
  [code('Java', 'java'), 'java'],
  [code('Kotlin', 'java'), 'kt kts'],
  [code('Scala', 'java'), 'scala'],
  [code('Groovy', 'java'), 'groovy gradle'],
  [code('C', 'c-like'), 'c h'],
  [code('C++', 'c-like'), 'cc cpp cxx hpp hh hxx'],
  [code('C#', 'c-like'), 'cs'],
  [code('Rust', 'c-like'), 'rs'],
  [code('Swift', 'c-like'), 'swift'],
  [code('PHP', 'web'), 'php'],
  [code('Shell', 'shell'), 'sh bash zsh ksh'],
  [code('CSS', 'web'), 'css scss less'],
  [code('HTML', 'web'), 'html htm vue svelte'],
  [code('SQL', 'web'), 'sql'],
  [docs('Markdown'), 'md markdown mdx'],
  [docs('Text'), 'txt rst adoc'],
  [config('JSON'), 'json jsonc json5'],
  [config('YAML'), 'yml yaml'],
  [config('TOML'), 'toml'],
  [config('XML'), 'xml xsd pom'],
  [config('Properties'), 'ini cfg conf properties env'],
  [config('HCL'), 'tf hcl'],
  [config('Schema'), 'proto graphql'],
];

const byExtension = new Map(languages.flatMap(([language, ends]) => ends.split(' ').map((end) => [end, language])));

const byName = new Map<string, Language>([
  ['Dockerfile', config('Docker')],
  ['Makefile', config('Make')],
  ['go.mod', config('Go module')],
  ['requirements.txt', config('Requirements')],
  ['LICENSE', docs('Text')],
  ['LICENCE', docs('Text')],
  ['COPYING', docs('Text')],
  ['NOTICE', docs('Text')],
]);

/** Files that a tool writes: their size and their repetitions are nobody's fault. */
const lockFiles = new Set([
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'poetry.lock',
  'uv.lock',
  'Cargo.lock',
  'go.sum',
  'composer.lock',
  'Gemfile.lock',
]);

const shebangs: readonly (readonly [RegExp, Language])[] = [
  [/\b(?:node|deno|bun|tsx)\b/u, code('JavaScript', 'typescript')],
  [/\bpython[\d.]*\b/u, code('Python', 'python')],
  [/\b(?:ba|z|k|da)?sh\b/u, code('Shell', 'shell')],
];

/** The language of a path by its name and ending; `undefined` when only the content can tell. */
export function languageOfPath(path: string): Language | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (lockFiles.has(name) || /\.min\.(?:js|css)$/u.test(name)) return asset;
  const named = byName.get(name) ?? (/^requirements.*\.txt$/u.test(name) ? byName.get('requirements.txt') : undefined);
  if (named) return named;
  const dot = name.lastIndexOf('.');
  if (dot < 0) return undefined;
  return byExtension.get(name.slice(dot + 1).toLowerCase()) ?? (dot === 0 ? undefined : asset);
}

/** The language that a first line such as `#!/usr/bin/env python3` names. */
export function languageOfShebang(firstLine: string): Language | undefined {
  if (!firstLine.startsWith('#!')) return undefined;
  return shebangs.find(([pattern]) => pattern.test(firstLine))?.[1];
}
