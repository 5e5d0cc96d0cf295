import type { ContextHead } from '../../contracts/context/context.ts';
import { uncompressedBytesMax } from '../../contracts/limits.ts';
import type { DocumentKey, StoredVersion } from '../../context/core/version.ts';
import type { DocumentStore } from '../../context/ports.ts';

/**
 * Keeps of each document the newest version that was seen. It may forget anything at any time, and may be behind: what it has is compared with the head
 * before anybody gets it. All its operations but `remove` answer as if it were empty when it cannot be reached.
 */
export interface VersionCache {
  get(key: DocumentKey): Promise<StoredVersion | undefined>;
  set(version: StoredVersion): Promise<void>;
  /** Removes what is kept of a document, and tells whether there was anything. Throws when it cannot be reached: somebody relies on it being gone. */
  remove(key: DocumentKey): Promise<boolean>;
}

/** A smaller body is read for the price of a look at its head. What an erasure leaves is not kept, so that nothing is found once it is over. */
const isWorthKeeping = ({ bytes, data, kind }: StoredVersion): boolean =>
  data !== undefined && kind !== 'erase' && bytes > uncompressedBytesMax;

/**
 * What is kept, as the head has it now: the lifecycle notes on heads. Undefined when it is not what the head names; content and time are compared too,
 * because a table that was restored from a backup gives the same numbers again.
 */
function asOfHead(kept: StoredVersion, head: ContextHead | undefined): StoredVersion | undefined {
  const isNamed = head?.version === kept.version && head.hash === kept.hash && head.updated_at === kept.updated_at;
  if (!isNamed || head.archive !== undefined) return undefined;
  const { kind, base_version, operation_id, origin, reason, data } = kept;
  return {
    ...head,
    ...{ kind, base_version, operation_id },
    ...(origin === undefined ? {} : { origin }),
    ...(reason === undefined ? {} : { reason }),
    ...(data === undefined ? {} : { data }),
  };
}

/**
 * The same store with large bodies kept in a cache. Every answer is as strictly up to date as without it, because the head is read from the table,
 * strongly consistent, before a kept version is given: the cache saves bodies, never looks. Whom it may be given to is decided by the use case.
 */
export function cachedDocuments(store: DocumentStore, cache: VersionCache): DocumentStore {
  /** The kept versions that are still the newest, in the order of the keys. */
  const stillNewest = async (keys: readonly DocumentKey[]): Promise<readonly (StoredVersion | undefined)[]> => {
    const kept = await Promise.all(keys.map((key) => cache.get(key)));
    const asked = keys.filter((_, at) => kept[at] !== undefined);
    const heads = asked.length === 0 ? [] : await store.heads(asked);
    let next = 0;
    return kept.map((version) => version && asOfHead(version, heads[next++]));
  };
  const keep = async (version: StoredVersion | undefined): Promise<void> => {
    if (version !== undefined && isWorthKeeping(version)) await cache.set(version);
  };
  const latest = async (key: DocumentKey): Promise<StoredVersion | undefined> => {
    const [kept] = await stillNewest([key]);
    if (kept !== undefined) return kept;
    const read = await store.latest(key);
    await keep(read);
    return read;
  };
  return {
    ...store,
    latest,
    latestOf: async (keys) => {
      const kept = await stillNewest(keys);
      const missing = keys.filter((_, at) => kept[at] === undefined);
      const read = missing.length === 0 ? [] : await store.latestOf(missing);
      await Promise.all(read.map(keep));
      let next = 0;
      return kept.map((version) => version ?? read[next++]);
    },
    commit: async (commits, checks) => {
      const overtaken = await store.commit(commits, checks);
      if (overtaken.length === 0) await Promise.all(commits.map((commit) => keep(commit.next)));
      return overtaken;
    },
    // An erasure is done when a look finds nothing, here too: a reader from before the tombstone may have put back what the look before removed.
    removeContent: async (key) => {
      const wasStored = await store.removeContent(key);
      return (await cache.remove(key)) || wasStored;
    },
  };
}
