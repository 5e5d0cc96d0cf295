import * as z from 'zod';
import { pageQuery } from '../api.ts';
import { contextDocument, shownHead, lifecycleReason, origin, relationList, ttlMs } from './context.ts';
import { contextData, pointer } from './data.ts';
import { mergeRules } from './merge-rules.ts';
import { documentRef, contextId, contextType, defaultNamespace, namespaceName, subject, tagList } from './names.ts';
import { accessPolicy, retention } from './policy.ts';
import { appendItemsMax, patchOperationsMax, transactionDocumentsMax } from '../limits.ts';

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
/** The version that the caller has is the latest still. */
export const unchangedDocument = z.object({
  unchanged: z.literal(true),
  head: shownHead,
  /** Places that the reader may not see now: other ones than in the copy in hand make it worth reading again. */
  masked: z.array(pointer).optional(),
});
export type UnchangedDocument = z.infer<typeof unchangedDocument>;
export const getDocumentAnswer = z.union([
  z.object({ unchanged: z.literal(false), document: contextDocument }),
  unchangedDocument,
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
 * written; `head` is the latest, and `merge` what a merge would give, for whoever may read that. `conflict`: it could not be merged and was kept as a conflict document.
 */
export const changeAnswer = z.union([
  z.object({ outcome: z.enum(['written', 'merged', 'repeated']), head: shownHead }),
  z.object({
    outcome: z.literal('stale'),
    head: shownHead,
    merge: z
      .union([
        z.object({ ok: z.literal(true), data: contextData }),
        z.object({ ok: z.literal(false), conflicts: z.array(mergeConflict) }),
      ])
      .optional(),
  }),
  z.object({
    outcome: z.literal('conflict'),
    head: shownHead,
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
  /** The list that grows; it is made, below objects, when nothing is there. */
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
  z.object({ outcome: z.enum(['written', 'repeated']), heads: z.array(shownHead) }),
  /** Nothing was written; these are at another version than expected (0: they are not there). */
  z.object({
    outcome: z.literal('stale'),
    stale: z.array(z.object({ context_id: contextId, version: z.int() })),
  }),
]);
export type TransactionAnswer = z.infer<typeof transactionAnswer>;
