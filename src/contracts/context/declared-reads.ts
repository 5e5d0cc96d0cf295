import * as z from 'zod';
import { contextId, namespaceName } from './names.ts';
import { declaredReadsMax, documentPinsMax } from '../limits.ts';

/** A version of a document. */
export const documentPin = z.strictObject({
  namespace: namespaceName.optional(),
  context_id: contextId,
  version: z.int().min(1),
});
export type DocumentPin = z.infer<typeof documentPin>;

/** The versions of documents that the tasks of a run read. */
export const documentPins = z.array(documentPin).max(documentPinsMax);

/** Versions that answers show in the place of the newest ones; which documents they are about is told by what is stored now. One that is not there is left out. */
export const shownVersions = z.array(documentPin.omit({ namespace: true })).max(declaredReadsMax + documentPinsMax);
export type ShownVersions = z.infer<typeof shownVersions>;

const declaredRead = z.union([
  z.strictObject({ namespace: namespaceName.optional(), context_id: contextId }),
  z.strictObject({ namespace: namespaceName.optional(), under: contextId }),
  /** Not read ahead: whatever reads this document for the task gets this version of it. */
  z.strictObject({ namespace: namespaceName.optional(), pin: contextId, version: z.int().min(1) }),
]);

/** Documents that a task will read, which its agent has before the work begins: one each, or those at and below a place, in the order of their paths. */
export const declaredReads = z.array(declaredRead).max(declaredReadsMax);
export type DeclaredReads = z.infer<typeof declaredReads>;

/** The same with what the task's run pins. */
export const taskReads = z.array(declaredRead).max(declaredReadsMax + documentPinsMax);
