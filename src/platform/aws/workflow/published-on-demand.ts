import type { PublishedStore } from '../../../workflow/ports.ts';
import type { Database } from '../database.ts';

/** The store of published events, loaded when it is first used: few functions ever meet one. */
export function publishedOnDemand(db: Database): PublishedStore {
  let loading: Promise<PublishedStore> | undefined;
  const load = async () => (await import('./published-store.ts')).createPublishedStore(db);
  const store = () => (loading ??= load());
  return {
    publish: async (...args) => (await store()).publish(...args),
    get: async (...args) => (await store()).get(...args),
    kept: async (...args) => (await store()).kept(...args),
    save: async (...args) => (await store()).save(...args),
    expect: async (...args) => (await store()).expect(...args),
    expecting: async (...args) => (await store()).expecting(...args),
    forget: async (...args) => (await store()).forget(...args),
  };
}
