import * as z from 'zod';
import { documentPins } from '../context/declared-reads.ts';
import { timestamp, userId } from '../ids.ts';
import { json } from '../json.ts';
import { cancelGraceMs, cancelGraceMsMax } from '../limits.ts';
import { priority } from '../distributor/task.ts';
import { definitionOrReference, workflowView } from './workflow.ts';

/** What may be changed of a workflow that runs. */
export const workflowUpdateRequest = z
  .strictObject({
    /** Of all its tasks that wait and of those that start from now on, whatever their nodes say. */
    priority: priority.optional(),
    /** When it should have ended. */
    deadline: timestamp.optional(),
  })
  .refine((change) => change.priority !== undefined || change.deadline !== undefined, 'give a priority or a deadline');
export type WorkflowUpdate = z.output<typeof workflowUpdateRequest>;

/** Where a new run begins that takes the rest over from another one. */
export const workflowRerunRequest = z.strictObject({
  /** Nodes of the definition: these and everything after them run again. */
  from: z.array(userId).min(1).max(100),
  /** The id of the new run; made out of the request when it is left out. */
  workflow_id: userId.optional(),
  /** In place of the first run's input. */
  input: json.optional(),
  /** Versions of documents that its tasks read in place of the newest ones, beside those of the first run. */
  pins: documentPins.optional(),
});
export type WorkflowRerun = z.output<typeof workflowRerunRequest>;

/** Why a workflow is cancelled, and how long (ms) what runs has to end by itself; 0 stops it at once. */
export const workflowCancelRequest = z.strictObject({
  reason: z.string().min(1).max(1_024).optional(),
  grace_ms: z.int().min(0).max(cancelGraceMsMax).default(cancelGraceMs),
  /** Whether what completed is undone. @default what the definition says by `on_cancel` */
  compensate: z.boolean().optional(),
});

/** A newer version of a run's definition, by which it is to go on. */
export const workflowMigrationRequest = z.strictObject({
  definition: definitionOrReference,
  /** Only says whether it may, and what would change. */
  dry_run: z.boolean().optional(),
});
export type WorkflowMigration = z.output<typeof workflowMigrationRequest>;

/** What a migration changes of the nodes that still wait. */
export const migrationView = z.strictObject({
  dry_run: z.boolean(),
  added: z.array(userId),
  changed: z.array(userId),
  removed: z.array(userId),
  /** The run after it; as it is, if nothing was changed. */
  workflow: workflowView,
});
export type MigrationView = z.output<typeof migrationView>;
