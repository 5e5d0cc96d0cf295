import { readdirSync } from 'node:fs';
import { parseManifest } from './analyses/manifests.ts';
import { licenceOf } from './analyses/licence-headers.ts';
import { BrokenInput } from './broken-input.ts';
import { readSource } from './source-file.ts';

/** The licence of the whole tree: of its LICENSE file, or else of the manifest in its root. */
export function projectLicence(root: string): string | undefined {
  const names = readdirSync(root).sort();
  const texts = names.filter((name) => /^(?:LICEN[SC]E|COPYING)(?:\.\w+)?$/iu.test(name));
  const fromText = texts.map((name) => licenceOf(read(root, name))).find((licence) => licence !== undefined);
  if (fromText !== undefined) return fromText;
  const manifests = names.filter((name) => ['package.json', 'Cargo.toml', 'pyproject.toml'].includes(name));
  return manifests
    .map((name) => parseManifest(name, read(root, name))?.licence)
    .find((licence) => licence !== undefined);
}

function read(root: string, name: string): string {
  try {
    return readSource(root, name);
  } catch (error) {
    // A broken LICENSE fails its own task already; here it only means that the licence is not known.
    if (error instanceof BrokenInput) return '';
    throw error;
  }
}
