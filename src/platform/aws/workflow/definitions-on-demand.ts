import type { DefinitionStore } from '../../../workflow/ports.ts';
import type { Database } from '../database.ts';

/** The registry of definitions, loaded when it is first used: most requests name none, and it would make each cold start longer. */
export function definitionsOnDemand(db: Database): DefinitionStore {
  let loading: Promise<DefinitionStore> | undefined;
  const load = async () => (await import('./definition-store.ts')).createDefinitionStore(db);
  const store = () => (loading ??= load());
  return {
    get: async (...args) => (await store()).get(...args),
    body: async (...args) => (await store()).body(...args),
    save: async (...args) => (await store()).save(...args),
    list: async (...args) => (await store()).list(...args),
  };
}
