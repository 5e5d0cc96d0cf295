import * as z from 'zod';
import { contextId, defaultNamespace, documentRef, namespaceName } from './names.ts';
import { taskId } from '../ids.ts';
import { lineageReadsMax, relationDepthMax } from '../limits.ts';

const documentVersion = { context_id: contextId, version: z.int().min(1) };

export const recordRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  /** The task that has read them. */
  task_id: taskId,
  reads: z.array(z.strictObject(documentVersion)).min(1).max(lineageReadsMax),
});
/** How many of the reads were recorded: those of documents that the caller may read. */
export const recordAnswer = z.object({ recorded: z.int() });

export const lineageRequest = z.strictObject({
  ...documentRef,
  /** @default the latest */
  version: z.int().min(1).optional(),
  /** Tasks between the document and what is furthest away. */
  depth: z.int().min(1).max(relationDepthMax).default(3),
});

/** A task and a version that it read or wrote. */
export const lineageEdge = z.object({ task_id: taskId, action: z.enum(['read', 'wrote']), ...documentVersion });
export type LineageEdge = z.infer<typeof lineageEdge>;

export const lineageAnswer = z.object({
  ...documentVersion,
  /** The task that wrote it, what that task had read, who wrote those, and so on. */
  upstream: z.array(lineageEdge),
  /** The tasks that have read it, what they wrote, who read that, and so on: all that may have to be done again when it is wrong. */
  downstream: z.array(lineageEdge),
  /** There was more than one question visits. */
  cut: z.boolean(),
});
export type LineageAnswer = z.infer<typeof lineageAnswer>;
