/** Paths by their folder: half the size of a list of paths, and pleasant to read in a message. */
export type FoldedPaths = Readonly<Record<string, readonly string[]>>;

/** Folds `a/b/c.ts` into `{ "a/b": ["c.ts"] }`; files of the root are under `.`. */
export function foldPaths(paths: readonly string[]): FoldedPaths {
  const folded = new Map<string, string[]>();
  for (const path of paths) {
    const at = path.lastIndexOf('/');
    const folder = at < 0 ? '.' : path.slice(0, at);
    const names = folded.get(folder) ?? [];
    if (names.push(path.slice(at + 1)) === 1) folded.set(folder, names);
  }
  return Object.fromEntries(folded);
}

/** The paths again, in the order in which they are folded. */
export function unfoldPaths(folded: FoldedPaths): string[] {
  return Object.entries(folded).flatMap(([folder, names]) =>
    names.map((name) => (folder === '.' ? name : `${folder}/${name}`)),
  );
}
