import * as z from 'zod';
import { fault, pageQuery } from '../api.ts';
import { changeKinds, contextDocument, shownHead, relation } from './context.ts';
import { contextId, contextType, defaultNamespace, documentRef, namespaceName, subject, tag } from './names.ts';
import { namespacePolicy } from './policy.ts';
import { shownVersions } from './declared-reads.ts';
import { type PatchOperation, unchangedDocument } from './requests.ts';
import { timestamp } from '../ids.ts';
import { documentBatchMax, relationDepthMax } from '../limits.ts';

export const diffRequest = z.strictObject({
  ...documentRef,
  from: z.int().min(1),
  /** @default the latest */
  to: z.int().min(1).optional(),
});
export const diffAnswer = z.object({ from: z.int(), to: z.int(), patch: z.array(z.custom<PatchOperation>()) });

export const batchRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  context_ids: z.array(contextId).min(1).max(documentBatchMax),
  /** The versions that the caller has of them: while they are the latest, the answer says so and carries no data. */
  known_versions: z.record(contextId, z.int().min(1)).optional(),
});
/** One item for each id, in their order, but for those of which the caller has the latest version. */
export const batchAnswer = z.object({
  items: z.array(
    z.union([
      z.object({ ok: z.literal(true), value: contextDocument }),
      z.object({ ok: z.literal(false), error: fault }),
    ]),
  ),
  unchanged: z.array(unchangedDocument).optional(),
});

export const listRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  /** At and below this path. */
  under: contextId.optional(),
  context_type: contextType.optional(),
  /** All of these. */
  tags: z.array(tag).max(5).default([]),
  changed_since: timestamp.optional(),
  changed_before: timestamp.optional(),
  versions: shownVersions.optional(),
  ...pageQuery.shape,
});

export const relationsRequest = z.strictObject({
  ...documentRef,
  type: relation.shape.type.optional(),
  direction: z.enum(['out', 'in', 'both']).default('out'),
  depth: z.int().min(1).max(relationDepthMax).default(1),
});
export const relationsAnswer = z.object({
  items: z.array(
    z.object({ from: contextId, type: z.string(), to: contextId, depth: z.int(), head: shownHead.optional() }),
  ),
  /** There were more than one walk visits. */
  cut: z.boolean(),
});

export const changesRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  under: contextId.optional(),
  ...pageQuery.shape,
});
/** One change of a namespace, in the order of time. */
export const contextChange = z.object({
  context_id: contextId,
  context_type: contextType,
  version: z.int(),
  kind: z.enum(changeKinds),
  at: timestamp,
  by: z.string(),
  operation_id: z.string(),
  deleted: z.boolean(),
});
export type ContextChange = z.infer<typeof contextChange>;
/** The cursor is always there: give it back to get what changed since. */
export const changesAnswer = z.object({ items: z.array(contextChange), cursor: z.string() });

export const namespaceRequest = z.strictObject({ namespace: namespaceName.default(defaultNamespace) });
export const namespaceAnswer = z.object({
  namespace: namespaceName,
  /** 0: nobody has set a policy. */
  revision: z.int(),
  policy: namespacePolicy.optional(),
  updated_by: z.string().optional(),
});
export const setPolicyRequest = z.strictObject({
  ...namespaceRequest.shape,
  policy: namespacePolicy,
  /** The revision that the policy was made from; 0 for the first one. */
  expected_revision: z.int().min(0),
});

export const auditRequest = z.strictObject({
  ...namespaceRequest.shape,
  /** At this time or later. @default a day before `to` */
  from: timestamp.optional(),
  /** At this time or earlier. @default now */
  to: timestamp.optional(),
  principal: z.string().max(256).optional(),
  under: contextId.optional(),
  ...pageQuery.shape,
});
/** A refusal, a sampled read, what was done with a subject's data, or a write where the policy wants them here. */
export const auditEntry = z.object({
  at: timestamp,
  principal: z.string(),
  action: z.string(),
  outcome: z.enum(['allowed', 'refused']),
  context_id: contextId.optional(),
  version: z.int().optional(),
  /** In their stead, when there were several. */
  documents: z.array(z.object({ context_id: contextId, version: z.int().optional() })).optional(),
  /** Of whose data somebody was told, or which was erased. */
  subject: subject.optional(),
  correlation_id: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntry>;
