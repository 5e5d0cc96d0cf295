import * as z from 'zod';
import { pageQuery } from '../api.ts';
import { contextHead, contextVersionView, legalHold, lifecycleReason } from './context.ts';
import { contextData } from './data.ts';
import { contextId, defaultNamespace, namespaceName, subject } from './names.ts';
import { conflictDocument } from './requests.ts';
import { timestamp } from '../ids.ts';

const subjectRef = { namespace: namespaceName.default(defaultNamespace), subject };

export const exportRequest = z.strictObject({ ...subjectRef, cursor: pageQuery.shape.cursor });
const exportedVersion = z.object({
  context_id: contextId,
  ...contextHead.pick({ context_type: true, tags: true, relations: true, deleted: true }).shape,
  ...contextVersionView.shape,
  /** Absent where the version changed no data while the document was in the archive. */
  data: contextData.optional(),
});
export const exportAnswer = z.object({
  /** The versions of a document, newest first, then its conflicts. */
  items: z.array(z.union([exportedVersion, conflictDocument])),
  cursor: z.string().optional(),
});
export type ExportAnswer = z.infer<typeof exportAnswer>;

export const forgetRequest = z.strictObject({ ...subjectRef, reason: lifecycleReason });

/** A document that was erased: its tombstone's version, how many versions there were, and the Merkle root over their history. */
const forgotten = z.object({
  context_id: contextId,
  version: z.int(),
  versions: z.int(),
  root: z.string(),
  erased_by: z.string(),
  done_at: timestamp.optional(),
});
/** A document that was not erased because it is under a legal hold. */
const held = z.object({ context_id: contextId, ...legalHold.shape });

/** What was erased of a subject's data, and what could not be. Each certificate holds the hash of the one before, so that none can be changed or taken out unseen. */
export const certificate = z.object({
  namespace: namespaceName,
  /** Counts up from 1 in each namespace. */
  number: z.int(),
  subject,
  reason: lifecycleReason,
  requested_by: z.string(),
  requested_at: timestamp,
  issued_at: timestamp,
  documents: z.array(forgotten),
  held: z.array(held),
  /** Ids among them that have the subject in them: the erasure does not change ids. */
  naming: z.array(contextId),
  /** Where the ids of the documents, or copies of their data, stay after it, and until when; for good where no time is said. */
  remains: z.array(
    z.object({
      place: z.enum(['tombstones', 'certificates', 'audit', 'lineage', 'backups']),
      what: z.enum(['ids', 'data']),
      until: timestamp.optional(),
    }),
  ),
  /** The hash of the certificate before; empty in the first one. */
  previous: z.string(),
  /** SHA-256 of the canonical JSON of everything above. */
  hash: z.string(),
});
export type Certificate = z.infer<typeof certificate>;

export const forgetAnswer = z.union([
  /** Everything that may be erased is gone for its readers; call again in some minutes for the certificate. */
  z.object({ outcome: z.literal('erasing'), documents: z.array(forgotten), held: z.array(held) }),
  /** `more`: documents are stored of the subject that this certificate is not about; call again for the next one. */
  z.object({ outcome: z.literal('done'), certificate, more: z.boolean() }),
]);
export type ForgetAnswer = z.infer<typeof forgetAnswer>;

export const certificatesRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  ...pageQuery.shape,
});
