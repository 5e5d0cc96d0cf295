import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The texts of this repository as documents: what people and agents really wrote. Sorted by path. */
export function projectTexts(): readonly { readonly path: string; readonly text: string }[] {
  const paths = globSync(['docs/**/*.{md,json}', '{src,test,bench,infra,functions,spec}/**/*.{ts,md,json,tla}'], {
    cwd: root,
  });
  return paths.sort().map((path) => ({ path, text: readFileSync(`${root}${path}`, 'utf8') }));
}
