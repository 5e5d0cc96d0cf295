import * as z from 'zod';
import { taskId, timestamp, userId } from '../ids.ts';
import { relationsMax, ttlMsMax } from '../limits.ts';
import { contextData, pointer } from './data.ts';
import { mergeRules } from './merge-rules.ts';
import { contextId, contextType, namespaceName, subject, tag } from './names.ts';
import { accessPolicy, retention } from './policy.ts';

/** Relations of these types may not come back to where they began. Those of all other types may. */
export const acyclicRelationTypes = ['part_of', 'derived_from', 'supersedes', 'depends_on'] as const;

/** A typed edge to another document of the same namespace. */
export const relation = z.strictObject({
  type: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'use letters, digits, ".", "_" and "-"'),
  to: contextId,
});
export type Relation = z.infer<typeof relation>;

export const relationList = z.array(relation).max(relationsMax);

/** What a change did. */
export const changeKinds = [
  'create',
  'put',
  'patch',
  'append',
  'merge',
  'restore',
  'fork',
  'delete',
  'erase',
  'settings',
] as const;

export type ChangeKind = (typeof changeKinds)[number];

/** Which task, by which agent, made or read a version: where lineage comes from. */
export const origin = z.strictObject({ task_id: taskId.optional(), workflow_id: userId.optional() });
export type Origin = z.infer<typeof origin>;

/** Why somebody does something that only the lifecycle of documents has: kept for good. */
export const lifecycleReason = z.string().min(1).max(500);

/** While a document is held nothing of it is removed, whatever its life would be. */
export const legalHold = z.strictObject({ reason: lifecycleReason, by: z.string(), since: timestamp });

/** What stays of a document that was erased: a proof of what it was. Who, when and why are told by its version. */
export const erasure = z.strictObject({
  /** How many versions were erased. */
  versions: z.int(),
  /** The Merkle root over the entries that the history had of them. */
  root: z.string(),
  /** Since when nothing of it is left, in the index neither; absent while it is being erased. */
  done_at: timestamp.optional(),
});
export type Erasure = z.infer<typeof erasure>;

/** What the lifecycle does with a document next, and when. */
export const due = z.strictObject({ at: timestamp, action: z.enum(['archive', 'prune', 'erase']) });
export type Due = z.infer<typeof due>;

/** A writer that works offline: one device or process. */
export const writerId = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'use letters, digits, "_" and "-"');

/** What a document knows of the writers that work offline: how many edits of each have landed, and the version of the last one. */
export const storedVector = z.object({
  /** The last version that somebody else wrote. */
  plain: z.int(),
  writers: z.record(writerId, z.object({ counter: z.int(), version: z.int() })),
});
export type StoredVector = z.infer<typeof storedVector>;

const documentHead = {
  namespace: namespaceName,
  context_id: contextId,
  context_type: contextType,
  version: z.int().min(1),
  created_at: timestamp,
  updated_at: timestamp,
  created_by: z.string(),
  updated_by: z.string(),
  tags: z.array(tag),
  relations: z.array(relation),
  access_policy: accessPolicy.optional(),
  merge: mergeRules.optional(),
  /** The version that created it; a higher one than 1 where a document of the same id had been deleted before. */
  created_version: z.int().min(1),
  /** How long it lives after its last change, and until when; absent: for ever. */
  ttl_ms: z.int().optional(),
  expires_at: timestamp.optional(),
  legal_hold: legalHold.optional(),
  retention: retention.optional(),
  /** Whose data it has; it stays until the document is erased, because the history has that data too. */
  subject: subject.optional(),
  /** Since when its data and history are in the archive, whence `restore` brings them back, and what its objects there are named by. */
  archive: z.object({ since: timestamp, id: z.string() }).optional(),
  /** The oldest version that is kept, where older ones were removed. */
  first_version: z.int().optional(),
  erasure: erasure.optional(),
  due: due.optional(),
  vector: storedVector.optional(),
  /** Bytes of the data as JSON text. */
  bytes: z.int(),
  /** SHA-256 of the data's canonical JSON. */
  hash: z.string(),
  /** The version of the custom type's schema that the data has. */
  schema_version: z.int().optional(),
  deleted: z.boolean().optional(),
};

/** A document without its data. */
export const contextHead = z.object(documentHead);
export type ContextHead = z.infer<typeof contextHead>;

/** By size and hash of all data a short value that is masked would be found by trying: only whoever sees all of it is told them. */
const measures = { bytes: true, hash: true } as const;

/** What listings and head checks tell of a document. */
export const shownHead = contextHead.partial(measures);
export type ShownHead = z.infer<typeof shownHead>;

/** A document at one of its versions, as its reader sees it. */
export const contextDocument = z.object({
  ...shownHead.shape,
  data: contextData,
  /** Places that the reader may not see; they are left out of `data`. */
  masked: z.array(pointer).optional(),
});
export type ContextDocument = z.infer<typeof contextDocument>;

/** One entry of a document's history. */
export const contextVersionView = z.object({
  version: z.int(),
  kind: z.enum(changeKinds),
  at: timestamp,
  by: z.string(),
  operation_id: z.string(),
  base_version: z.int(),
  bytes: z.int(),
  hash: z.string(),
  origin: origin.optional(),
  /** Why, where the lifecycle asks for it: a hold, its release, an erasure. */
  reason: lifecycleReason.optional(),
  erasure: erasure.optional(),
  /** From this version on it is not there for its readers. */
  deleted: z.boolean().optional(),
});
export type ContextVersionView = z.infer<typeof contextVersionView>;

/** The same as its reader sees it. */
export const shownVersion = contextVersionView.partial(measures);
export type ShownVersion = z.infer<typeof shownVersion>;

/** How long a document lives after its last change. */
export const ttlMs = z.int().min(1_000).max(ttlMsMax);
