import { LRUCache } from 'lru-cache';
import type { DocumentKey, StoredVersion } from '../../context/core/version.ts';
import type { VersionCache } from './cached-documents.ts';

/** Bytes of versions that a process keeps, those used last. More: less memory for what the function is for. */
const keptBytesMax = 64 * 1024 * 1024;
/** So long a version is kept. Longer: what was erased stays longer in the memory of a process that has read it, though nobody gets it from there. */
const keptMsMax = 10 * 60_000;

/** Which document, as text: neither part has a space. */
export const versionName = ({ namespace, context_id }: DocumentKey): string => `${namespace} ${context_id}`;

/** Versions in the memory of one process. `now` is in milliseconds. */
export function versionMemory(now: () => number): VersionCache {
  // As text: it is as small as what was read, and parsing it makes the copy.
  const kept = new LRUCache<string, string>({
    maxSize: keptBytesMax,
    sizeCalculation: (text) => text.length,
    ttl: keptMsMax,
    // It asks the clock at each look instead of setting timers.
    ttlResolution: 0,
    perf: { now },
  });
  return {
    get: async (key) => {
      const text = kept.get(versionName(key));
      return text === undefined ? undefined : (JSON.parse(text) as StoredVersion);
    },
    set: async (version) => {
      kept.set(versionName(version), JSON.stringify(version));
    },
    remove: async (key) => kept.delete(versionName(key)),
  };
}
