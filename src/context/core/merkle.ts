import type { ShownVersion } from '../../contracts/context/context.ts';
import { canonicalJson } from '../../contracts/json.ts';

/**
 * The Merkle root over a document's history, oldest version first. A leaf is the hash of `leaf:` and the canonical JSON of the entry that the history
 * shows; a node is the hash of `node:` and its two children, and the last one of an odd level moves up alone. Whoever kept the history can prove what
 * was erased, or one version of it; the ids of operations in the entries keep others from guessing small data.
 */
export function historyRoot(entries: readonly ShownVersion[], hash: (text: string) => string): string {
  let level = entries.map((entry) => hash(`leaf:${canonicalJson(entry)}`));
  while (level.length > 1) {
    level = level.flatMap((left, at) => {
      if (at % 2 === 1) return [];
      const right = level[at + 1];
      return [right === undefined ? left : hash(`node:${left}${right}`)];
    });
  }
  return level[0] ?? hash('none');
}
