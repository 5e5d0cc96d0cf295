import type { ContextRequest } from '../../../src/contracts/context/operations.ts';
import type { ContextAction } from '../../../src/contracts/context/policy.ts';
import type { Json } from '../../../src/contracts/json.ts';
import { contextStage } from './stage.ts';

/** The document of these tests. */
export const id = { context_id: 'd' };
export const all: ContextAction[] = ['read', 'write', 'delete', 'admin'];
export const forbidden = { code: 'forbidden' };

/** Alice is admin of everything; Bob may do this with everything, but for the masked places. */
export async function guarded(actions: ContextAction[], mask?: string[]) {
  const stage = contextStage();
  const rules = [
    { to: ['alice'], actions: all },
    { to: ['bob'], actions, ...(mask === undefined ? {} : { mask }) },
  ];
  await stage.call('guard', { policy: { rules }, expected_revision: 0 });
  const create = (data: Json, more: Partial<ContextRequest<'create'>> = {}) =>
    stage.call('create', { ...id, context_type: 'knowledge', data, ...more });
  const put = (expected_version: number, data: Json, more: Partial<ContextRequest<'put'>> = {}) =>
    stage.call('put', { ...id, expected_version, data, ...more });
  return { ...stage, bob: stage.as('bob'), create, put };
}
