import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { erasing, headOf, type StoredVersion } from '../../../src/context/core/version.ts';
import type { DocumentStore } from '../../../src/context/ports.ts';
import { createDocumentStore } from '../../../src/platform/aws/context/store.ts';
import { s3Objects } from '../../../src/platform/aws/objects.ts';
import { cachedDocuments, type VersionCache } from '../../../src/platform/cache/cached-documents.ts';
import { versionMemory } from '../../../src/platform/cache/version-memory.ts';
import { createTwinCloud } from '../../../src/platform/twin/twin-cloud.ts';
import { storedVersion } from '../../contract/stores/document-store.suite.ts';
import { contextTable } from '../../unit/context/stage.ts';

const namespace = 'n';
const ids = ['a', 'b'] as const;
const processes = 3;

/** Which process does what with which document. `luck`: whether its cache can be reached meanwhile. */
const step = fc.record({
  operation: fc.constantFrom('read', 'read', 'batch', 'write', 'shrink', 'note', 'erase', 'archive'),
  by: fc.nat(processes - 1),
  id: fc.constantFrom(...ids),
  luck: fc.boolean(),
});

/** A cache that loses what it is told while it cannot be reached, and so falls behind. */
function unreliable(cache: VersionCache, isReached: () => boolean): VersionCache {
  return {
    get: async (key) => (isReached() ? cache.get(key) : undefined),
    set: async (version) => {
      if (isReached()) await cache.set(version);
    },
    remove: async (key) => {
      if (!isReached()) throw new Error('not reached');
      return cache.remove(key);
    },
  };
}

function stage(isShared: boolean) {
  const { clients } = createTwinCloud({ tables: [contextTable], buckets: ['bucket'] });
  const bodies = { objects: s3Objects(clients.s3), bucket: 'bucket' };
  const direct = createDocumentStore({
    db: { client: clients.dynamodb, table: contextTable.name },
    bodies,
    now: Date.now,
  });
  const luck = { isReached: true };
  const shared = versionMemory(() => 1);
  const stores = Array.from({ length: processes }, () => {
    const cache = isShared ? unreliable(shared, () => luck.isReached) : versionMemory(() => 1);
    return cachedDocuments(direct, cache);
  });
  return { direct, stores, luck };
}

let writes = 0;
/** The next version of a document: a body that is kept, or one that is not. */
function next(before: StoredVersion | undefined, context_id: string, size: number): StoredVersion {
  writes += 1;
  const data = { text: `${String(writes)} ${'x'.repeat(size)}` };
  const version = (before?.version ?? 0) + 1;
  return storedVersion(namespace, context_id, { version, data, base_version: version - 1, hash: `h${writes}` });
}

/** Changes a document by what the process itself believes of it. */
async function change(store: DocumentStore, operation: string, context_id: string): Promise<void> {
  const believed = await store.latest({ namespace, context_id });
  const head = believed && headOf(believed);
  if (operation === 'write' || operation === 'shrink') {
    const size = operation === 'write' ? 9_000 : 10;
    if (head?.archive === undefined) await store.commit([{ previous: head, next: next(believed, context_id, size) }]);
    return;
  }
  if (head === undefined || head.archive !== undefined) return;
  if (operation === 'note')
    await store.note(head, { ...head, due: { at: `2026-12-0${(writes % 9) + 1}T00:00:00.000Z`, action: 'prune' } });
  if (operation === 'archive') {
    const archived = { ...head, archive: { since: '2026-11-24T00:00:00.000Z', id: `archive-${writes}` } };
    await store.pack(head, archived.archive.id);
    if (await store.note(head, archived)) await store.removeArchived(archived);
  }
  if (operation === 'erase' && head.erasure === undefined) {
    const stamp = { now: Date.parse(head.updated_at), principal: 'a', operation_id: `erase-${writes}`, hash: String };
    const tombstone = erasing(head, { root: 'r', versions: head.version, reason: 'asked' }, stamp);
    await store.commit([{ previous: head, next: tombstone }]);
    await store.removeContent(head).catch(() => undefined);
  }
}

describe('documents behind a cache', () => {
  it('are read as they are in the table, by every process, whatever its cache has missed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), fc.boolean(), async (steps, isShared) => {
        const { direct, stores, luck } = stage(isShared);
        for (const { operation, by, id: context_id, luck: isReached } of steps) {
          const store = stores[by]!;
          luck.isReached = isReached;
          const keys = ids.map((id) => ({ namespace, context_id: id }));
          if (operation === 'read') {
            const key = { namespace, context_id };
            expect(await store.latest(key)).toEqual(await direct.latest(key));
          } else if (operation === 'batch') expect(await store.latestOf(keys)).toEqual(await direct.latestOf(keys));
          else await change(store, operation, context_id);
        }
      }),
      { numRuns: 60 },
    );
  });
});
