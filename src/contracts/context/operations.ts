import type * as z from 'zod';
import { page } from '../api.ts';
import {
  auditEntry,
  auditRequest,
  batchAnswer,
  batchRequest,
  changesAnswer,
  changesRequest,
  diffAnswer,
  diffRequest,
  listRequest,
  namespaceAnswer,
  namespaceRequest,
  relationsAnswer,
  relationsRequest,
  setPolicyRequest,
} from './queries.ts';
import { shownHead, shownVersion } from './context.ts';
import { assembleAnswer, assembleRequest } from './assembly.ts';
import { defineTypeRequest, typeAnswer, typeRequest, typesAnswer, typesRequest, typeVersion } from './types.ts';
import {
  lockAnswer,
  lockRequest,
  locksRequest,
  lockView,
  renewAnswer,
  renewRequest,
  unlockAnswer,
  unlockRequest,
} from './locks.ts';
import { lineageAnswer, lineageRequest, recordAnswer, recordRequest } from './lineage.ts';
import { indexAnswer, indexRequest, searchAnswer, searchRequest } from './search.ts';
import {
  discardAnswer,
  discardRequest,
  rewindAnswer,
  rewindRequest,
  snapshotAnswer,
  snapshotRequest,
  snapshotsAnswer,
  snapshotsRequest,
} from './snapshots.ts';
import {
  certificate,
  certificatesRequest,
  exportAnswer,
  exportRequest,
  forgetAnswer,
  forgetRequest,
} from './subjects.ts';
import { syncAnswer, syncRequest } from './sync.ts';
import { watchAnswer, watchRequest } from './watch.ts';
import {
  appendDocumentRequest,
  changeAnswer,
  conflictDocument,
  createDocumentRequest,
  deleteDocumentRequest,
  forkDocumentRequest,
  getDocumentAnswer,
  getDocumentRequest,
  historyRequest,
  lifecycleRequest,
  patchDocumentRequest,
  putDocumentRequest,
  restoreDocumentRequest,
  transactionAnswer,
  transactionRequest,
} from './requests.ts';

/** One operation on documents: `POST /v1/contexts/<name>`, the SDK's method and the command line's subcommand. */
export interface ContextOperation {
  readonly summary: string;
  readonly body: z.ZodType;
  readonly answer: z.ZodType;
}

/** All operations on documents. The body names everything, because ids have slashes and reads have parts that no path can carry. */
export const contextOperations = {
  create: { summary: 'Create a document', body: createDocumentRequest, answer: changeAnswer },
  get: { summary: 'Read a document, a version or a part of it', body: getDocumentRequest, answer: getDocumentAnswer },
  put: { summary: 'Write a document from an expected version', body: putDocumentRequest, answer: changeAnswer },
  delete: {
    summary: 'Delete a document; it can be restored for a while',
    body: deleteDocumentRequest,
    answer: changeAnswer,
  },
  erase: {
    summary: 'Remove a document with its history for good; a proof stays',
    body: lifecycleRequest,
    answer: changeAnswer,
  },
  hold: { summary: 'Let nothing of a document be removed', body: lifecycleRequest, answer: changeAnswer },
  release: { summary: 'End the hold of a document', body: lifecycleRequest, answer: changeAnswer },
  export: {
    summary: 'All that is stored of one subject: versions and conflicts',
    body: exportRequest,
    answer: exportAnswer,
  },
  forget: {
    summary: 'Erase all that is stored of one subject, with a certificate',
    body: forgetRequest,
    answer: forgetAnswer,
  },
  certificates: {
    summary: 'List the certificates of what was forgotten, newest first',
    body: certificatesRequest,
    answer: page(certificate),
  },
  define: {
    summary: 'Register a type of documents, or its next version',
    body: defineTypeRequest,
    answer: typeVersion,
  },
  type: { summary: 'The versions of a registered type, newest first', body: typeRequest, answer: typeAnswer },
  types: { summary: 'List the registered types', body: typesRequest, answer: typesAnswer },
  lock: { summary: 'Take a slot of a lock or semaphore for a time', body: lockRequest, answer: lockAnswer },
  renew: { summary: 'Hold a slot of a lock for longer', body: renewRequest, answer: renewAnswer },
  unlock: { summary: 'Give a slot of a lock back', body: unlockRequest, answer: unlockAnswer },
  locks: { summary: 'List the locks that somebody holds', body: locksRequest, answer: page(lockView) },
  history: {
    summary: 'List the versions of a document, newest first',
    body: historyRequest,
    answer: page(shownVersion),
  },
  assemble: {
    summary: 'The best context for a task within a budget of tokens',
    body: assembleRequest,
    answer: assembleAnswer,
  },
  search: { summary: 'Find documents by words, by likeness, or both', body: searchRequest, answer: searchAnswer },
  index: {
    summary: 'The index of a namespace, and one that is made beside it',
    body: indexRequest,
    answer: indexAnswer,
  },
  reindex: {
    summary: 'Make the index of a namespace anew, beside the one that is asked',
    body: indexRequest,
    answer: indexAnswer,
  },
  conflicts: { summary: 'List changes that could not be merged', body: historyRequest, answer: page(conflictDocument) },
  patch: { summary: 'Patch a document (RFC 6902, RFC 7396)', body: patchDocumentRequest, answer: changeAnswer },
  sync: { summary: 'Land the edits of a writer that worked offline', body: syncRequest, answer: syncAnswer },
  append: { summary: 'Append to a list of a document', body: appendDocumentRequest, answer: changeAnswer },
  restore: {
    summary: 'Have an older version again, of a deleted document too',
    body: restoreDocumentRequest,
    answer: changeAnswer,
  },
  fork: { summary: 'Create a document from a version of another', body: forkDocumentRequest, answer: changeAnswer },
  snapshot: {
    summary: 'Name the versions of all documents at and below a place, and keep them',
    body: snapshotRequest,
    answer: snapshotAnswer,
  },
  snapshots: { summary: 'List the snapshots of a namespace', body: snapshotsRequest, answer: snapshotsAnswer },
  rewind: {
    summary: 'Have the documents of a snapshot again, a page at a time',
    body: rewindRequest,
    answer: rewindAnswer,
  },
  discard: { summary: 'Remove a snapshot', body: discardRequest, answer: discardAnswer },
  diff: { summary: 'What changed between two versions, as a JSON Patch', body: diffRequest, answer: diffAnswer },
  batch: { summary: 'Read up to 100 documents', body: batchRequest, answer: batchAnswer },
  list: { summary: 'List documents by place, type, tags and time', body: listRequest, answer: page(shownHead) },
  relations: { summary: 'Walk the relations of a document', body: relationsRequest, answer: relationsAnswer },
  record: { summary: 'Record which versions a task has read', body: recordRequest, answer: recordAnswer },
  lineage: {
    summary: 'What a version is made of, and what depends on it',
    body: lineageRequest,
    answer: lineageAnswer,
  },
  changes: { summary: 'What changed in a namespace since a cursor', body: changesRequest, answer: changesAnswer },
  watch: {
    summary: 'Have an agent told of changes at and below places',
    body: watchRequest,
    answer: watchAnswer,
  },
  transaction: {
    summary: 'Change up to 25 documents, all or none',
    body: transactionRequest,
    answer: transactionAnswer,
  },
  policy: { summary: 'Read the policy of a namespace', body: namespaceRequest, answer: namespaceAnswer },
  guard: { summary: 'Set the policy of a namespace', body: setPolicyRequest, answer: namespaceAnswer },
  audit: { summary: 'Who was refused and who read, newest first', body: auditRequest, answer: page(auditEntry) },
} as const satisfies Record<string, ContextOperation>;
export type ContextOperationName = keyof typeof contextOperations;
/** What a caller sends and is answered. */
export type ContextRequest<N extends ContextOperationName> = z.input<(typeof contextOperations)[N]['body']>;
export type ContextAnswer<N extends ContextOperationName> = z.output<(typeof contextOperations)[N]['answer']>;
