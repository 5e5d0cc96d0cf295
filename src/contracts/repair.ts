import * as z from 'zod';
import { timestamp } from './ids.ts';
import { priority } from './task.ts';

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
