import type * as z from 'zod';
import {
  contextOperations,
  type ContextAnswer,
  type ContextOperationName,
} from '../../contracts/context/operations.ts';
import { parseJson } from '../../contracts/parse.ts';
import type { SearchDeps } from '../index-ports.ts';
import type { Caller, ContextDeps } from '../ports.ts';
import { CadreError } from '../../contracts/errors.ts';
import { getPolicy, setPolicy } from './access/guard-namespace.ts';
import { listAudit } from './access/list-audit.ts';
import { tellDone, tellRefusal, type Told } from './access/tell-audit.ts';
import { listChanges, listDocuments, listRelations } from './documents/list-documents.ts';
import { appendDocument, patchDocument } from './documents/patch-document.ts';
import { diffDocument, getDocuments } from './documents/read-documents.ts';
import { forkDocument, restoreDocument } from './documents/restore-document.ts';
import { reindex, showIndex } from './search/begin-rebuild.ts';
import { assembleContext } from './search/assemble-context.ts';
import { rewindSubtree } from './documents/rewind-subtree.ts';
import { discardSnapshot, listSnapshots, takeSnapshot } from './documents/snapshot-subtree.ts';
import { searchDocuments } from './search/search-documents.ts';
import { recordReads, traceLineage } from './trace-lineage.ts';
import { transactDocuments } from './documents/transact-documents.ts';
import { createDocument } from './documents/create-document.ts';
import { deleteDocument } from './documents/delete-document.ts';
import { eraseDocument } from './lifecycle/erase-document.ts';
import { holdDocument, releaseDocument } from './lifecycle/hold-document.ts';
import { exportSubject } from './lifecycle/export-subject.ts';
import { forgetSubject, listCertificates } from './lifecycle/forget-subject.ts';
import { defineType, listTypes, migrating, showType } from './define-type.ts';
import { acquireLock, listLocks, releaseLock, renewLock } from './hold-lock.ts';
import { syncDocument } from './documents/sync-document.ts';
import { getDocument } from './documents/get-document.ts';
import { listConflicts, listVersions } from './documents/list-versions.ts';
import { putDocument } from './documents/put-document.ts';
import { watchPlaces } from './watch-places.ts';

const useCases: {
  readonly [N in ContextOperationName]: (
    deps: SearchDeps,
    caller: Caller,
    request: z.output<(typeof contextOperations)[N]['body']>,
  ) => Promise<ContextAnswer<N> | { readonly items: readonly unknown[]; readonly cursor?: string }>;
} = {
  create: createDocument,
  get: getDocument,
  put: putDocument,
  delete: deleteDocument,
  erase: eraseDocument,
  hold: holdDocument,
  release: releaseDocument,
  export: exportSubject,
  forget: forgetSubject,
  certificates: listCertificates,
  define: defineType,
  type: showType,
  types: listTypes,
  lock: acquireLock,
  renew: renewLock,
  unlock: releaseLock,
  locks: listLocks,
  snapshot: takeSnapshot,
  snapshots: listSnapshots,
  rewind: rewindSubtree,
  discard: discardSnapshot,
  history: listVersions,
  assemble: assembleContext,
  search: searchDocuments,
  index: showIndex,
  reindex,
  conflicts: listConflicts,
  patch: patchDocument,
  sync: syncDocument,
  append: appendDocument,
  restore: restoreDocument,
  fork: forkDocument,
  diff: diffDocument,
  batch: getDocuments,
  list: listDocuments,
  relations: listRelations,
  record: recordReads,
  lineage: traceLineage,
  changes: listChanges,
  watch: watchPlaces,
  transaction: transactDocuments,
  policy: getPolicy,
  guard: setPolicy,
  audit: listAudit,
};

/** True for the name of an operation. */
export function isContextOperation(name: string): name is ContextOperationName {
  return Object.hasOwn(useCases, name);
}

/** The same dependencies with a memory of one operation: its policy and types are read once. */
function remembering(deps: SearchDeps): SearchDeps {
  const known = new Map<string, ReturnType<ContextDeps['documents']['namespace']>>();
  const namespace = (name: string) => {
    const row = known.get(name) ?? deps.documents.namespace(name);
    known.set(name, row);
    return row;
  };
  const { sources } = deps;
  return { ...deps, documents: migrating({ ...deps.documents, namespace }, (text) => sources.hash(text)) };
}

/**
 * Carries out an operation from the text of its request: parsed at this border, answered as the contract says, told to the audit.
 */
export async function runContextOperation(
  deps: SearchDeps,
  caller: Caller,
  name: ContextOperationName,
  text: string,
): Promise<object> {
  const run = useCases[name] as (
    deps: SearchDeps,
    caller: Caller,
    request: unknown,
  ) => Promise<ContextAnswer<ContextOperationName>>;
  const request = parseJson(contextOperations[name].body, text) as Told;
  const own = remembering(deps);
  try {
    const answer = await run(own, caller, request);
    await tellDone(own, caller, name, request, answer);
    return answer;
  } catch (error) {
    if (error instanceof CadreError && error.code === 'forbidden') await tellRefusal(deps, caller, name, request);
    throw error;
  }
}
