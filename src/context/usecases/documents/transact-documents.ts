import type * as z from 'zod';
import type { TransactionAnswer, transactionRequest } from '../../../contracts/context/requests.ts';
import { CadreError, errorAt } from '../../../contracts/errors.ts';
import { commitRepeatsMax } from '../../../contracts/limits.ts';
import { keepingMasked } from '../../core/access.ts';
import { deletion, headOf, nextVersion, type Stamp } from '../../core/version.ts';
import type { Caller, Check, Commit, ContextDeps } from '../../ports.ts';
import { changed, prepared, stampOf } from './change-document.ts';
import { creationOf } from './create-document.ts';
import {
  headFor,
  keptData,
  liveFor,
  loadDocument,
  loadHead,
  permitted,
  withData,
  type DocumentState,
} from './load-document.ts';
import { patchedData } from './patch-document.ts';

type Operation = z.output<typeof transactionRequest>['operations'][number];

/** The version that an operation expects; 0 for a creation. */
function expectedOf(operation: Operation): number {
  return operation.operation === 'create' ? 0 : operation.expected_version;
}

const placeOf = (at: number) => `operations[${String(at)}]`;

/** What is wrong with an operation is told with its place in the request. */
async function told<T>(at: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw errorAt(placeOf(at), error);
  }
}

/** Decides about one operation. Only what a change is made from has to be loaded. */
async function decide(
  deps: ContextDeps,
  state: DocumentState,
  operation: Operation,
  caller: Caller,
  stamp: Stamp,
): Promise<Commit | Check> {
  const { key, latest } = state;
  if (operation.operation === 'create') {
    const { operation: _operation, ...fields } = operation;
    return creationOf(state, caller, { kind: 'create', base_version: latest?.version ?? 0, ...fields }, stamp);
  }
  if (operation.operation === 'check') {
    liveFor(state, caller, 'read');
    return { key, version: operation.expected_version };
  }
  const { live, access } = liveFor(state, caller, operation.operation === 'delete' ? 'delete' : 'write');
  if (operation.operation === 'delete') return { previous: live, next: deletion(live, stamp) };
  const base_version = operation.expected_version;
  if (operation.operation === 'patch') {
    const stored = await withData(deps, live);
    const data = keepingMasked(patchedData(stored, access, operation), stored.data, access.mask);
    const previous = headOf(stored);
    return { previous, next: nextVersion(key, previous, { kind: 'patch', base_version, data }, stamp) };
  }
  if (operation.access_policy !== undefined) permitted(state.namespace, live, caller, 'admin');
  const { operation: _operation, expected_version: _expected, ...fields } = operation;
  const data = await keptData(deps, live, access, fields.data);
  return { previous: live, next: nextVersion(key, live, { kind: 'put', base_version, ...fields, data }, stamp) };
}

/** What is at another version than its operation expects. */
function staleOf(states: readonly DocumentState[], operations: readonly Operation[]) {
  return operations.flatMap((operation, at) => {
    const version = states[at]?.live?.version ?? 0;
    return version === expectedOf(operation) ? [] : [{ context_id: operation.context_id, version }];
  });
}

/** The heads that this very transaction wrote, when its first answer was lost. */
async function repeatedHeads(
  deps: ContextDeps,
  states: readonly DocumentState[],
  operations: readonly Operation[],
  caller: Caller,
  operation_id: string,
) {
  const writing = operations.flatMap((operation, at) => {
    const state = states[at];
    return operation.operation === 'check' || state === undefined ? [] : [{ operation, state }];
  });
  const heads = await Promise.all(
    writing.map(async ({ operation, state: { key, latest, namespace } }) => {
      const expected =
        operation.operation === 'create' ? (latest?.created_version ?? 1) - 1 : operation.expected_version;
      if (latest === undefined || latest.version <= expected) return undefined;
      const version = await deps.documents.version(key, expected + 1);
      return version?.operation_id === operation_id ? headFor(namespace, latest, caller, headOf(version)) : undefined;
    }),
  );
  const own = heads.filter((head) => head !== undefined);
  return own.length === writing.length && own.length > 0 ? own : undefined;
}

/** All that the operations are about as it is now. Only what a patch is made from has to be there with its data. */
function loadAll(deps: ContextDeps, { namespace, operations }: z.output<typeof transactionRequest>) {
  return Promise.all(
    operations.map(({ operation, context_id }): Promise<DocumentState> => {
      const loaded = operation === 'patch' ? loadDocument : loadHead;
      return loaded(deps, { namespace, context_id });
    }),
  );
}

/** Changes up to 25 documents, all or none. Throws what each operation alone would throw, with nothing written. */
export async function transactDocuments(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof transactionRequest>,
): Promise<TransactionAnswer> {
  const { operations } = request;
  for (const [index, operation] of operations.entries()) {
    if (operation.operation === 'patch' && (operation.patch === undefined) === (operation.merge_patch === undefined))
      throw new CadreError('invalid-input', 'give either patch or merge_patch', {
        path: `operations[${String(index)}].patch`,
      });
  }
  const stamp = stampOf(deps, caller, request);
  for (let repeat = 0; repeat < commitRepeatsMax; repeat += 1) {
    const states = await loadAll(deps, request);
    // Who may not read a document is not told its version either.
    for (const [at, { namespace, live, key }] of states.entries())
      await told(at, async () => permitted(namespace, live ?? key, caller, 'read'));
    const stale = staleOf(states, operations);
    if (stale.length > 0) {
      const heads = await repeatedHeads(deps, states, operations, caller, stamp.operation_id);
      return heads === undefined ? { outcome: 'stale', stale } : { outcome: 'repeated', heads };
    }
    // One time for all of them: a snapshot has all or none.
    const stamped = { ...stamp };
    const decided = await Promise.all(
      operations.map((operation, at) =>
        told(at, () => decide(deps, states[at] as DocumentState, operation, caller, stamped)),
      ),
    );
    const changes = decided.flatMap((each, at) => ('next' in each ? { ...each, place: placeOf(at) } : []));
    const checks = decided.filter((each): each is Check => 'version' in each);
    const room = states[0]?.namespace;
    const commits = await prepared(deps, room, caller, changes);
    if ((await deps.documents.commit(commits, checks)).length > 0) continue;
    await deps.messenger.announce(commits.map(({ next }) => changed(next, caller)));
    return { outcome: 'written', heads: commits.map(({ next }) => headFor(room, next, caller, headOf(next))) };
  }
  throw new CadreError('version-conflict', 'these documents change too fast; try again', { path: 'operations' });
}
