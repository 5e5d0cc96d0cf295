import * as z from 'zod';
import { contextDocument, origin, writerId } from './context.ts';
import { contextData } from './data.ts';
import { documentRef } from './names.ts';
import { operationId } from './requests.ts';
import { syncedEditsMax, vectorWritersMax } from '../limits.ts';

/** How many edits of each writer are known. What is left out: none. */
export const versionVector = z
  .record(writerId, z.int().min(1))
  .refine((vector) => Object.keys(vector).length <= vectorWritersMax, {
    error: `a version vector has at most ${String(vectorWritersMax)} writers`,
  });
export type VersionVector = z.infer<typeof versionVector>;

/** One edit of a writer that worked without the server. */
const offlineEdit = z.strictObject({
  operation_id: operationId,
  /** This edit's number under its writer, and what the writer knew of others who work offline. */
  vector: versionVector,
  /** The data as the writer had it before the edit. @default the data of the edit before */
  base: contextData.optional(),
  data: contextData,
});
export type OfflineEdit = z.infer<typeof offlineEdit>;

export const syncRequest = z
  .strictObject({
    ...documentRef,
    /** One device or process: it numbers its edits of a document from 1. */
    writer: writerId,
    /** The stored version that the writer had when it made the first of these edits: all until then it knew. */
    base_version: z.int().min(1),
    edits: z.array(offlineEdit).min(1).max(syncedEditsMax),
    origin: origin.optional(),
  })
  .superRefine(({ writer, edits }, context) => {
    const fault = (index: number, key: string, message: string) => {
      context.addIssue({ code: 'custom', message, path: ['edits', index, key] });
    };
    if (edits[0]?.base === undefined) fault(0, 'base', 'the first edit says what it was made from');
    const first = edits[0]?.vector[writer] ?? Number.NaN;
    for (const [index, { vector }] of edits.entries())
      if (vector[writer] !== first + index)
        fault(index, 'vector', 'the edits of a writer are in their order, and none is left out');
  });

/** What became of one edit: each that landed is a version of its own. `conflict`: it is kept with both sides, and the version has the other one's data. */
const syncedEdit = z.object({
  operation_id: z.string(),
  outcome: z.enum(['written', 'merged', 'conflict', 'repeated']),
  version: z.int(),
});

export const syncAnswer = z.object({
  /**
   * `early`: an edit builds on edits that have not come yet (`missing`); `refused`: an edit after the first one cannot be written (`error`, with its path). It and those
   * after it are not written, those before it are.
   */
  outcome: z.enum(['synced', 'early', 'refused']),
  items: z.array(syncedEdit),
  error: z.object({ code: z.string(), message: z.string(), path: z.string().optional() }).optional(),
  missing: versionVector.optional(),
  /** The document as it is now, for its reader: what the writer goes on from. */
  document: contextDocument,
});
export type SyncAnswer = z.infer<typeof syncAnswer>;
