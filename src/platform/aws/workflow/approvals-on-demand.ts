import type { ApprovalStore } from '../../../workflow/ports.ts';
import type { Database } from '../database.ts';

/** The store of approvals, loaded when it is first used: few functions ever meet one, and its rules would make each of their starts longer. */
export function approvalsOnDemand(db: Database): ApprovalStore {
  let loading: Promise<ApprovalStore> | undefined;
  const load = async () => (await import('./approval-store.ts')).createApprovalStore(db);
  const store = () => (loading ??= load());
  return {
    get: async (...args) => (await store()).get(...args),
    save: async (...args) => (await store()).save(...args),
    loads: async (...args) => (await store()).loads(...args),
    inbox: async (...args) => (await store()).inbox(...args),
  };
}
