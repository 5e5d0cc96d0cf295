/** One dependency as its manifest asks for it. */
export interface Dependency {
  readonly name: string;
  readonly requirement: string;
  readonly development: boolean;
}

/** The dependencies of a manifest and the licence it declares for its own package. */
export interface ParsedManifest {
  readonly ecosystem: 'npm' | 'PyPI' | 'Go' | 'Cargo' | 'Maven';
  readonly dependencies: readonly Dependency[];
  readonly licence?: string;
}

/** Parses a manifest by its name; `undefined` for other files and for a package.json that is no JSON object. */
export function parseManifest(path: string, text: string): ParsedManifest | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === 'package.json') return parsePackageJson(text);
  if (/^requirements.*\.txt$/u.test(name)) return parseRequirements(name, text);
  if (name === 'pyproject.toml') return parsePyproject(text);
  if (name === 'go.mod') return parseGoMod(text);
  if (name === 'Cargo.toml') return parseCargo(text);
  return name === 'pom.xml' ? parsePom(text) : undefined;
}

function parsePackageJson(text: string): ParsedManifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const manifest = value as Readonly<Record<string, unknown>>;
  const dependencies = (['dependencies', 'optionalDependencies', 'devDependencies'] as const).flatMap((section) =>
    Object.entries(manifest[section] ?? {}).map(([name, requirement]) => ({
      name,
      requirement: String(requirement),
      development: section === 'devDependencies',
    })),
  );
  const { license } = manifest;
  return { ecosystem: 'npm', dependencies, ...(typeof license === 'string' ? { licence: license } : {}) };
}

function parseRequirements(name: string, text: string): ParsedManifest {
  const development = /dev|test/u.test(name);
  const dependencies = text
    .replace(/\\\r?\n/gu, ' ')
    .split(/\r?\n/u)
    .map((line) =>
      line
        .replace(/(?:^|\s)#.*$/u, '')
        .replace(/\s--hash=\S+|;.*$/gu, '')
        .trim(),
    )
    .filter((line) => line !== '' && !line.startsWith('-'))
    .map((line) => pythonDependency(line, development));
  return { ecosystem: 'PyPI', dependencies };
}

function pythonDependency(text: string, development: boolean): Dependency {
  const match = /^([\w.-]+)(?:\[[^\]]*\])?\s*(.*)$/u.exec(text);
  return { name: (match?.[1] ?? text).toLowerCase(), requirement: match?.[2]?.trim() ?? '', development };
}

function parsePyproject(text: string): ParsedManifest {
  const dependencies: Dependency[] = [];
  for (const match of text.matchAll(/^\s*dependencies\s*=\s*\[([\s\S]*?)\]\s*$/gmu)) {
    for (const quoted of (match[1] ?? '').matchAll(/"([^"\n]+)"|'([^'\n]+)'/gu)) {
      dependencies.push(pythonDependency((quoted[1] ?? quoted[2] ?? '').replace(/;.*$/u, ''), false));
    }
  }
  for (const { name, requirement, section } of tomlEntries(
    text,
    /^tool\.poetry(?:\.group\.[\w-]+)?(?:\.dev)?[.-]?dependencies$/u,
  )) {
    if (name !== 'python') dependencies.push({ name, requirement, development: /dev|group/u.test(section) });
  }
  const licence = /^license\s*=\s*(?:\{\s*text\s*=\s*)?["']([^"'\n]+)["']/mu.exec(text)?.[1];
  return { ecosystem: 'PyPI', dependencies, ...(licence === undefined ? {} : { licence }) };
}

function parseGoMod(text: string): ParsedManifest {
  const lines = [...text.matchAll(/^\s*(?:require\s+)?([\w.-]+\.[\w./~-]+)\s+(v\S+)(.*)$/gmu)];
  const dependencies = lines
    .filter((match) => !(match[3] ?? '').includes('indirect'))
    .map((match) => ({ name: match[1] ?? '', requirement: match[2] ?? '', development: false }));
  return { ecosystem: 'Go', dependencies };
}

function parseCargo(text: string): ParsedManifest {
  const sections = /^(?:workspace\.)?(?:dev-|build-)?dependencies$/u;
  const dependencies = tomlEntries(text, sections).map(({ name, requirement, section }) => ({
    name,
    requirement,
    development: section.includes('dev-'),
  }));
  const licence = /^license\s*=\s*"([^"\n]+)"/mu.exec(text)?.[1];
  return { ecosystem: 'Cargo', dependencies, ...(licence === undefined ? {} : { licence }) };
}

/** The `name = "requirement"` and `name = { version = "requirement" }` lines of the sections that match. */
function tomlEntries(text: string, sections: RegExp): { name: string; requirement: string; section: string }[] {
  const found: { name: string; requirement: string; section: string }[] = [];
  let section = '';
  for (const line of text.split(/\r?\n/u)) {
    section = /^\s*\[\s*([^[\]]+?)\s*\]/u.exec(line)?.[1] ?? section;
    const entry = /^\s*"?([\w.-]+)"?\s*=\s*(?:"([^"]*)"|\{(.*)\})/u.exec(line);
    if (!entry || !sections.test(section)) continue;
    const requirement = entry[2] ?? /version\s*=\s*"([^"]*)"/u.exec(entry[3] ?? '')?.[1] ?? '';
    found.push({ name: entry[1] ?? '', requirement, section });
  }
  return found;
}

function parsePom(text: string): ParsedManifest {
  const field = (block: string, name: string): string =>
    new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`, 'u').exec(block)?.[1] ?? '';
  const dependencies = [...text.matchAll(/<dependency>([\s\S]{0,2000}?)<\/dependency>/gu)].map(([, block = '']) => ({
    name: `${field(block, 'groupId')}:${field(block, 'artifactId')}`,
    requirement: field(block, 'version'),
    development: field(block, 'scope') === 'test',
  }));
  return { ecosystem: 'Maven', dependencies };
}
