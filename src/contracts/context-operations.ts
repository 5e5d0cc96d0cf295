import * as z from 'zod';
import { page, pageQuery } from './api.ts';
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
} from './context-queries.ts';
import {
  accessPolicy,
  documentRef,
  contextData,
  contextDocument,
  contextHead,
  contextId,
  contextType,
  contextVersionView,
  defaultNamespace,
  mergeRules,
  lifecycleReason,
  namespaceName,
  origin,
  pointer,
  relationList,
  subject,
  retention,
  tagList,
  ttlMs,
} from './context.ts';
import { assembleAnswer, assembleRequest } from './context-assembly.ts';
import { defineTypeRequest, typeAnswer, typeRequest, typesAnswer, typesRequest, typeVersion } from './context-types.ts';
import {
  lockAnswer,
  lockRequest,
  locksRequest,
  lockView,
  renewAnswer,
  renewRequest,
  unlockAnswer,
  unlockRequest,
} from './context-locks.ts';
import { lineageAnswer, lineageRequest, recordAnswer, recordRequest } from './context-lineage.ts';
import { searchAnswer, searchRequest } from './context-search.ts';
import {
  certificate,
  certificatesRequest,
  exportAnswer,
  exportRequest,
  forgetAnswer,
  forgetRequest,
} from './context-subjects.ts';
import { appendItemsMax, patchOperationsMax, transactionDocumentsMax } from './limits.ts';

/** Repeats of one call carry the same id: the second one changes nothing and gets the first one's answer. */
export const operationId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'use letters, digits, ".", "_" and "-"');

/** What every change may carry. */
const changeFields = {
  operation_id: operationId.optional(),
  /** The task that makes the change, for lineage. */
  origin: origin.optional(),
};

/** What a document has beside its data; what is left out stays as it is. */
const descriptionFields = {
  tags: tagList.optional(),
  relations: relationList.optional(),
  access_policy: accessPolicy.optional(),
  merge: mergeRules.optional(),
  ttl_ms: ttlMs.optional(),
  retention: retention.optional(),
  subject: subject.optional(),
};

export const createDocumentRequest = z.strictObject({
  ...documentRef,
  context_type: contextType,
  data: contextData,
  ...descriptionFields,
  ...changeFields,
});

export const getDocumentRequest = z.strictObject({
  ...documentRef,
  /** @default the latest */
  version: z.int().min(1).optional(),
  /** Only this part of the data. */
  pointer: pointer.optional(),
  /** The version that the caller has: while it is the latest, the answer says so and carries no data. */
  known_version: z.int().min(1).optional(),
  origin: origin.optional(),
});
export const getDocumentAnswer = z.union([
  z.object({ unchanged: z.literal(false), document: contextDocument }),
  z.object({
    unchanged: z.literal(true),
    head: contextHead,
    /** Places that the reader may not see now: other ones than in the copy in hand make it worth reading again. */
    masked: z.array(pointer).optional(),
  }),
]);
export type GetDocumentAnswer = z.infer<typeof getDocumentAnswer>;

/** What happens to a change whose `expected_version` is no longer the latest. */
export const onConflict = z.enum(['refuse', 'merge']);

export const putDocumentRequest = z.strictObject({
  ...documentRef,
  /** The version that the change was made from. */
  expected_version: z.int().min(1),
  data: contextData,
  ...descriptionFields,
  on_conflict: onConflict.default('refuse'),
  ...changeFields,
});

/** One place that two changes cannot share; a side that is absent has nothing there. */
export const mergeConflict = z.object({
  path: pointer,
  base: contextData.optional(),
  ours: contextData.optional(),
  theirs: contextData.optional(),
  reason: z.string(),
});
export type MergeConflict = z.infer<typeof mergeConflict>;

/** A change that could not be merged, kept with both sides; it blocks nobody. */
export const conflictDocument = z.object({
  namespace: namespaceName,
  context_id: contextId,
  conflict_id: z.string(),
  at: z.string(),
  by: z.string(),
  base_version: z.int(),
  /** The version that was the latest then. */
  version: z.int(),
  data: contextData,
  conflicts: z.array(mergeConflict),
});
export type ConflictDocument = z.infer<typeof conflictDocument>;

/**
 * What became of a change. `written`, `merged` and `repeated` are in the history at `head.version`. `stale`: somebody was faster and nothing was
 * written; `head` is the latest, and `merge` what a merge would give. `conflict`: it could not be merged and was kept as a conflict document.
 */
export const changeAnswer = z.union([
  z.object({ outcome: z.enum(['written', 'merged', 'repeated']), head: contextHead }),
  z.object({
    outcome: z.literal('stale'),
    head: contextHead,
    merge: z.union([
      z.object({ ok: z.literal(true), data: contextData }),
      z.object({ ok: z.literal(false), conflicts: z.array(mergeConflict) }),
    ]),
  }),
  z.object({
    outcome: z.literal('conflict'),
    head: contextHead,
    conflict_id: z.string(),
    conflicts: z.array(mergeConflict),
  }),
]);
export type ChangeAnswer = z.infer<typeof changeAnswer>;

export const deleteDocumentRequest = z.strictObject({
  ...documentRef,
  expected_version: z.int().min(1),
  ...changeFields,
});

/** A change of a document's life, with the reason that stays in its history. */
export const lifecycleRequest = z.strictObject({ ...documentRef, reason: lifecycleReason, ...changeFields });

export const historyRequest = z.strictObject({ ...documentRef, ...pageQuery.shape });

/** One operation of a JSON Patch (RFC 6902). */
const patchOperation = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal(['add', 'replace', 'test']), path: pointer, value: contextData }),
  z.strictObject({ op: z.literal('remove'), path: pointer }),
  z.strictObject({ op: z.literal(['move', 'copy']), from: pointer, path: pointer }),
]);
export type PatchOperation = z.infer<typeof patchOperation>;
export const jsonPatch = z.array(patchOperation).max(patchOperationsMax);

const patchFields = {
  /** RFC 6902. */
  patch: jsonPatch.optional(),
  /** RFC 7396; null takes a key away. */
  merge_patch: contextData.optional(),
};
const onePatch = { error: 'give either patch (RFC 6902) or merge_patch (RFC 7396)', path: ['patch'] };

export const patchDocumentRequest = z
  .strictObject({
    ...documentRef,
    /** Left out: the patch is made on whatever is the latest; its `test` operations are then its condition. */
    expected_version: z.int().min(1).optional(),
    ...patchFields,
    on_conflict: onConflict.default('refuse'),
    ...changeFields,
  })
  .refine(({ patch, merge_patch }) => (patch === undefined) !== (merge_patch === undefined), onePatch);

export const appendDocumentRequest = z.strictObject({
  ...documentRef,
  /** The list that grows; it is made when nothing is there. */
  pointer: pointer.default(''),
  items: z.array(contextData).min(1).max(appendItemsMax),
  ...changeFields,
});

export const restoreDocumentRequest = z.strictObject({
  ...documentRef,
  /** The version to have again. */
  version: z.int().min(1),
  /** The latest version, a deletion included. */
  expected_version: z.int().min(1),
  ...changeFields,
});

export const forkDocumentRequest = z.strictObject({
  ...documentRef,
  /** @default the latest */
  version: z.int().min(1).optional(),
  to: z.strictObject(documentRef),
  ...changeFields,
});

const versioned = { context_id: contextId, expected_version: z.int().min(1) };
export const transactionRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  operations: z
    .array(
      z.discriminatedUnion('operation', [
        z.strictObject({
          operation: z.literal('create'),
          context_id: contextId,
          context_type: contextType,
          data: contextData,
          ...descriptionFields,
        }),
        z.strictObject({ operation: z.literal('put'), ...versioned, data: contextData, ...descriptionFields }),
        z.strictObject({ operation: z.literal('patch'), ...versioned, ...patchFields }),
        z.strictObject({ operation: z.literal('delete'), ...versioned }),
        /** Nothing is written, but the document must be at this version. */
        z.strictObject({ operation: z.literal('check'), ...versioned }),
      ]),
    )
    .min(1)
    .max(transactionDocumentsMax)
    .refine((list) => new Set(list.map(({ context_id }) => context_id)).size === list.length, {
      error: 'a document may be named once in a transaction',
    }),
  ...changeFields,
});
export const transactionAnswer = z.union([
  z.object({ outcome: z.enum(['written', 'repeated']), heads: z.array(contextHead) }),
  /** Nothing was written; these are at another version than expected (0: they are not there). */
  z.object({
    outcome: z.literal('stale'),
    stale: z.array(z.object({ context_id: contextId, version: z.int() })),
  }),
]);
export type TransactionAnswer = z.infer<typeof transactionAnswer>;

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
    summary: 'All that is stored of one subject, version by version',
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
    answer: page(contextVersionView),
  },
  assemble: {
    summary: 'The best context for a task within a budget of tokens',
    body: assembleRequest,
    answer: assembleAnswer,
  },
  search: { summary: 'Find documents by words, by likeness, or both', body: searchRequest, answer: searchAnswer },
  conflicts: { summary: 'List changes that could not be merged', body: historyRequest, answer: page(conflictDocument) },
  patch: { summary: 'Patch a document (RFC 6902, RFC 7396)', body: patchDocumentRequest, answer: changeAnswer },
  append: { summary: 'Append to a list of a document', body: appendDocumentRequest, answer: changeAnswer },
  restore: {
    summary: 'Have an older version again, of a deleted document too',
    body: restoreDocumentRequest,
    answer: changeAnswer,
  },
  fork: { summary: 'Create a document from a version of another', body: forkDocumentRequest, answer: changeAnswer },
  diff: { summary: 'What changed between two versions, as a JSON Patch', body: diffRequest, answer: diffAnswer },
  batch: { summary: 'Read up to 100 documents', body: batchRequest, answer: batchAnswer },
  list: { summary: 'List documents by place, type, tags and time', body: listRequest, answer: page(contextHead) },
  relations: { summary: 'Walk the relations of a document', body: relationsRequest, answer: relationsAnswer },
  record: { summary: 'Record which versions a task has read', body: recordRequest, answer: recordAnswer },
  lineage: {
    summary: 'What a version is made of, and what depends on it',
    body: lineageRequest,
    answer: lineageAnswer,
  },
  changes: { summary: 'What changed in a namespace since a cursor', body: changesRequest, answer: changesAnswer },
  transaction: {
    summary: 'Change up to 25 documents, all or none',
    body: transactionRequest,
    answer: transactionAnswer,
  },
  policy: { summary: 'Read the policy of a namespace', body: namespaceRequest, answer: namespaceAnswer },
  guard: { summary: 'Set the policy of a namespace', body: setPolicyRequest, answer: namespaceAnswer },
  audit: { summary: 'Who was refused and who read, by day', body: auditRequest, answer: page(auditEntry) },
} as const satisfies Record<string, ContextOperation>;
export type ContextOperationName = keyof typeof contextOperations;
/** What a caller sends and is answered. */
export type ContextRequest<N extends ContextOperationName> = z.input<(typeof contextOperations)[N]['body']>;
export type ContextAnswer<N extends ContextOperationName> = z.output<(typeof contextOperations)[N]['answer']>;
