import * as z from 'zod';
import { page, pageQuery } from './api.ts';
import {
  accessPolicy,
  contextData,
  contextDocument,
  contextHead,
  contextId,
  contextType,
  contextVersionView,
  defaultNamespace,
  mergeRules,
  namespaceName,
  origin,
  pointer,
  relationList,
  tagList,
  ttlMs,
} from './context.ts';

/** Which document. */
const documentRef = {
  namespace: namespaceName.default(defaultNamespace),
  context_id: contextId,
};

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
  z.object({ unchanged: z.literal(true), head: contextHead }),
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

export const historyRequest = z.strictObject({ ...documentRef, ...pageQuery.shape });

/** One operation on documents: `POST /v1/contexts/<name>`, the SDK's method and the command line's subcommand. */
export interface ContextOperation {
  readonly summary: string;
  readonly body: z.ZodObject;
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
  history: {
    summary: 'List the versions of a document, newest first',
    body: historyRequest,
    answer: page(contextVersionView),
  },
  conflicts: { summary: 'List changes that could not be merged', body: historyRequest, answer: page(conflictDocument) },
} as const satisfies Record<string, ContextOperation>;
export type ContextOperationName = keyof typeof contextOperations;
/** What a caller sends and is answered. */
export type ContextRequest<N extends ContextOperationName> = z.input<(typeof contextOperations)[N]['body']>;
export type ContextAnswer<N extends ContextOperationName> = z.output<(typeof contextOperations)[N]['answer']>;
