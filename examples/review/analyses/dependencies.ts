import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { finding, type Finding } from '../finding.ts';
import { byKeys, compareText } from '../ordering.ts';
import { maskSecrets } from '../secret-patterns.ts';
import { placeBelow, readSource } from '../source-file.ts';
import { parseManifest, type Dependency } from './manifests.ts';

/** What one manifest asks for. */
export interface Manifest {
  readonly path: string;
  readonly ecosystem: string;
  readonly direct: number;
  readonly development: number;
  readonly pinned: number;
  readonly locked: boolean;
  /** Name and requirement of each dependency, for the comparison of manifests. */
  readonly requirements: Readonly<Record<string, string>>;
  /** The licences that installed packages declare, counted; empty where nothing is installed. */
  readonly licences: Readonly<Record<string, number>>;
  readonly licence: string | null;
}

const lockFiles: Readonly<Record<string, readonly string[]>> = {
  npm: ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml'],
  PyPI: ['poetry.lock', 'uv.lock', 'Pipfile.lock'],
  Go: ['go.sum'],
  Cargo: ['Cargo.lock'],
  Maven: [],
};

/** Reads a manifest of a known kind; `undefined` for any other file. A manifest that cannot be parsed counts as none. */
export function readManifest(root: string, path: string, text: string): Manifest | undefined {
  const parsed = parseManifest(path, text);
  if (!parsed) return undefined;
  const { ecosystem, dependencies, licence } = parsed;
  const sorted = [...dependencies].sort(byKeys((each) => each.name));
  return {
    path,
    ecosystem,
    direct: sorted.filter((each) => !each.development).length,
    development: sorted.filter((each) => each.development).length,
    pinned: sorted.filter((each) => isPinned(ecosystem, each.requirement)).length,
    locked: isLocked(root, path, ecosystem),
    requirements: Object.fromEntries(sorted.map((each) => [each.name, maskSecrets(each.requirement)])),
    licences: ecosystem === 'npm' ? installedLicences(root, path, sorted) : {},
    licence: licence ?? null,
  };
}

/** Unpinned dependencies without a lock file, and the same package asked for in different versions. */
export function judgeDependencies(manifests: readonly Manifest[]): Finding[] {
  const found: Finding[] = [];
  const places = new Map<string, Map<string, string>>();
  for (const manifest of [...manifests].sort(byKeys((each) => each.path))) {
    const loose = manifest.direct + manifest.development - manifest.pinned;
    if (loose > 0 && !manifest.locked) {
      found.push(
        finding(
          'dependencies',
          'low',
          manifest.path,
          1,
          `${loose} dependencies are not pinned and no lock file holds them`,
        ),
      );
    }
    for (const [name, requirement] of Object.entries(manifest.requirements)) {
      const key = `${manifest.ecosystem}\0${name}`;
      const known = places.get(key) ?? new Map<string, string>();
      if (!known.has(requirement)) known.set(requirement, manifest.path);
      places.set(key, known);
    }
  }
  for (const [key, known] of [...places].sort(([left], [right]) => compareText(left, right))) {
    if (known.size < 2) continue;
    const told = [...known].map(([requirement, path]) => `${requirement || 'any'} in ${path}`).join(', ');
    found.push(
      finding(
        'dependencies',
        'low',
        [...known.values()][0] ?? '',
        1,
        `\`${key.split('\0')[1] ?? ''}\` is asked for as ${told}`,
      ),
    );
  }
  return found;
}

function isPinned(ecosystem: string, requirement: string): boolean {
  if (ecosystem === 'PyPI') return /^===?\s*[\w.!+-]+$/u.test(requirement);
  if (ecosystem === 'Cargo') return requirement.startsWith('=');
  if (ecosystem === 'Maven') return /^[\w.-]+$/u.test(requirement);
  return /^v?\d+\.\d+\.\d+[\w.+-]*$/u.test(requirement) || /^(?:workspace|file|link):/u.test(requirement);
}

function isLocked(root: string, path: string, ecosystem: string): boolean {
  // In a workspace the lock file lies in a folder above.
  for (let folder = posix.dirname(path); ; folder = posix.dirname(folder)) {
    if ((lockFiles[ecosystem] ?? []).some((name) => existsBelow(root, posix.join(folder, name)))) return true;
    if (folder === '.' || folder === '/') return false;
  }
}

function installedLicences(root: string, path: string, dependencies: readonly Dependency[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { name } of dependencies) {
    const place = posix.join(posix.dirname(path), 'node_modules', name, 'package.json');
    if (!existsBelow(root, place)) continue;
    const licence = parseManifest('package.json', readSource(root, place))?.licence ?? 'not said';
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([left], [right]) => compareText(left, right)));
}

function existsBelow(root: string, path: string): boolean {
  try {
    return existsSync(placeBelow(root, path));
  } catch {
    return false;
  }
}
