import type { DocumentStore } from '../../../context/ports.ts';
import type { VersionCache } from '../../cache/cached-documents.ts';
import type { SharedVersionsDeps } from '../../cache/shared-versions.ts';
import type { Bodies } from './rows.ts';
import type { Database } from '../database.ts';

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

/** The store of documents, loaded when it is first used: most functions never see a document, and its code would make each of their starts longer. */
export function documentsOnDemand(db: Database, bodies: Bodies, cache: CacheDeps): DocumentStore {
  let loading: Promise<DocumentStore> | undefined;
  const load = async () => {
    const [{ createDocumentStore }, { cachedDocuments }, kept] = await Promise.all([
      import('./store.ts'),
      import('../../cache/cached-documents.ts'),
      cacheOf(db.table, cache),
    ]);
    return cachedDocuments(createDocumentStore(db, bodies), kept);
  };
  const store = () => (loading ??= load());
  return {
    latest: async (...args) => (await store()).latest(...args),
    latestOf: async (...args) => (await store()).latestOf(...args),
    version: async (...args) => (await store()).version(...args),
    operation: async (...args) => (await store()).operation(...args),
    heads: async (...args) => (await store()).heads(...args),
    versions: async (...args) => (await store()).versions(...args),
    commit: async (...args) => (await store()).commit(...args),
    keepConflict: async (...args) => (await store()).keepConflict(...args),
    conflicts: async (...args) => (await store()).conflicts(...args),
    namespace: async (...args) => (await store()).namespace(...args),
    setNamespace: async (...args) => (await store()).setNamespace(...args),
    find: async (...args) => (await store()).find(...args),
    edges: async (...args) => (await store()).edges(...args),
    recordReads: async (...args) => (await store()).recordReads(...args),
    readersOf: async (...args) => (await store()).readersOf(...args),
    touchedBy: async (...args) => (await store()).touchedBy(...args),
    watchers: async (...args) => (await store()).watchers(...args),
    watch: async (...args) => (await store()).watch(...args),
    unwatch: async (...args) => (await store()).unwatch(...args),
    snapshots: async (...args) => (await store()).snapshots(...args),
    keepSnapshot: async (...args) => (await store()).keepSnapshot(...args),
    removeSnapshot: async (...args) => (await store()).removeSnapshot(...args),
    changes: async (...args) => (await store()).changes(...args),
    entries: async (...args) => (await store()).entries(...args),
    removeContent: async (...args) => (await store()).removeContent(...args),
    prune: async (...args) => (await store()).prune(...args),
    pack: async (...args) => (await store()).pack(...args),
    removeArchived: async (...args) => (await store()).removeArchived(...args),
    thaw: async (...args) => (await store()).thaw(...args),
    lock: async (...args) => (await store()).lock(...args),
    setLock: async (...args) => (await store()).setLock(...args),
    locks: async (...args) => (await store()).locks(...args),
    types: async (...args) => (await store()).types(...args),
    define: async (...args) => (await store()).define(...args),
    forgetting: async (...args) => (await store()).forgetting(...args),
    beginForgetting: async (...args) => (await store()).beginForgetting(...args),
    certify: async (...args) => (await store()).certify(...args),
    certificates: async (...args) => (await store()).certificates(...args),
    walk: async (...args) => (await store()).walk(...args),
    setWalk: async (...args) => (await store()).setWalk(...args),
    note: async (...args) => (await store()).note(...args),
    due: async (...args) => (await store()).due(...args),
    audit: async (...args) => (await store()).audit(...args),
    audited: async (...args) => (await store()).audited(...args),
  };
}
