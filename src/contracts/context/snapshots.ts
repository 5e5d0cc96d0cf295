import * as z from 'zod';
import { fault, pageQuery } from '../api.ts';
import { lifecycleReason } from './context.ts';
import { contextId, defaultNamespace, namespaceName } from './names.ts';
import type { PatchOperation } from './requests.ts';
import { timestamp } from '../ids.ts';
import { snapshotDaysMax, snapshotNameCharactersMax } from '../limits.ts';

/** Which snapshot. */
const snapshotRef = {
  namespace: namespaceName.default(defaultNamespace),
  name: z
    .string()
    .min(1)
    .max(snapshotNameCharactersMax)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'use letters, digits, ".", "_" and "-"'),
};

/** A moment of a subtree: of each document at or below `under` it names the highest version that was stamped at `at` or before. */
export const snapshot = z.object({
  namespace: namespaceName,
  name: snapshotRef.name,
  /** Absent: the whole namespace. */
  under: contextId.optional(),
  at: timestamp,
  by: z.string(),
  reason: lifecycleReason.optional(),
  /** Until then nothing that it names is removed by any retention. */
  expires_at: timestamp,
});
export type Snapshot = z.infer<typeof snapshot>;

export const snapshotRequest = z.strictObject({
  ...snapshotRef,
  under: contextId.optional(),
  reason: lifecycleReason.optional(),
  keep_days: z.int().min(1).max(snapshotDaysMax).default(30),
});
/** `repeated`: one of this name and place was there already. */
export const snapshotAnswer = z.object({ outcome: z.enum(['taken', 'repeated']), snapshot });

export const snapshotsRequest = z.strictObject({ namespace: snapshotRef.namespace });
export const snapshotsAnswer = z.object({ items: z.array(snapshot) });

export const discardRequest = z.strictObject(snapshotRef);
export const discardAnswer = z.object({ discarded: snapshot });

export const rewindRequest = z.strictObject({
  ...snapshotRef,
  /** What becomes of documents that were not there at the snapshot. */
  newer: z.enum(['keep', 'delete']).default('keep'),
  /** Only tells what would be done. */
  dry_run: z.boolean().default(false),
  ...pageQuery.shape,
});

/**
 * What becomes of one document that is not as it was. `restored`: it has the data and description of `version` again. `deleted`, `kept`: it was not
 * there. `overtaken`: somebody changed it after the rewind began, and it stays. `erased`: nothing can bring it back. `refused`: see `error`.
 */
export const rewoundDocument = z.object({
  context_id: contextId,
  outcome: z.enum(['restored', 'deleted', 'kept', 'overtaken', 'erased', 'refused']),
  /** The version that the snapshot names. */
  version: z.int().optional(),
  /** The latest version, before the rewind. */
  from: z.int(),
  /** Of a dry run, where it is small: what would change in the data of a document that is there. */
  patch: z.array(z.custom<PatchOperation>()).optional(),
  error: fault.optional(),
});
export type RewoundDocument = z.infer<typeof rewoundDocument>;

/** One page; it may be empty. With a cursor there is more, or changes of the last seconds are not settled yet: call again with it. */
export const rewindAnswer = z.object({ items: z.array(rewoundDocument), cursor: z.string().optional() });
export type RewindAnswer = z.infer<typeof rewindAnswer>;
