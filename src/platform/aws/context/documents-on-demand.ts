import type { DocumentStore } from '../../../context/ports.ts';
import type { VersionCache } from '../../cache/cached-documents.ts';
import type { SharedVersionsDeps } from '../../cache/shared-versions.ts';
import type { Bodies } from './rows.ts';
import type { Database } from '../database.ts';
import { onDemand } from '../on-demand.ts';

/** Time, log, and the Redis or Valkey server that keeps bodies, with the name of its password in the Parameter Store. */
export interface CacheDeps extends Pick<SharedVersionsDeps, 'now' | 'warn'> {
  readonly url: string | undefined;
  readonly secretName: string | undefined;
}

/** Where large bodies are kept that were read: with a URL in a Redis or Valkey server, under names of the table, else in the memory of the process. */
async function cacheOf(table: string, { url, secretName, ...deps }: CacheDeps): Promise<VersionCache> {
  if (url === undefined) return (await import('../../cache/version-memory.ts')).versionMemory(deps.now);
  const { sharedVersions } = await import('../../cache/shared-versions.ts');
  if (secretName === undefined) return sharedVersions(url, table, deps);
  const { storedSecret } = await import('../stored-secret.ts');
  const secret = storedSecret(secretName, deps.now);
  return sharedVersions(url, table, { ...deps, password: async () => (await secret()).value });
}

/** The store of documents with its cache, loaded when it is first used: most functions never see a document. */
export function documentsOnDemand(db: Database, bodies: Bodies, cache: CacheDeps): DocumentStore {
  const load = async () => {
    const [{ createDocumentStore }, { cachedDocuments }, kept] = await Promise.all([
      import('./store.ts'),
      import('../../cache/cached-documents.ts'),
      cacheOf(db.table, cache),
    ]);
    return cachedDocuments(createDocumentStore({ db, bodies, now: cache.now }), kept);
  };
  return onDemand(load, {
    latest: true,
    latestOf: true,
    version: true,
    operation: true,
    heads: true,
    versions: true,
    commit: true,
    keepConflict: true,
    conflicts: true,
    namespace: true,
    setNamespace: true,
    find: true,
    edges: true,
    recordReads: true,
    readersOf: true,
    touchedBy: true,
    watchers: true,
    watch: true,
    unwatch: true,
    snapshots: true,
    keepSnapshot: true,
    removeSnapshot: true,
    changes: true,
    entries: true,
    removeContent: true,
    prune: true,
    pack: true,
    removeArchived: true,
    archived: true,
    thaw: true,
    lock: true,
    setLock: true,
    locks: true,
    types: true,
    define: true,
    forgetting: true,
    beginForgetting: true,
    certify: true,
    certificates: true,
    walk: true,
    setWalk: true,
    note: true,
    due: true,
    audit: true,
    audited: true,
  });
}
