import type { ErrorCode } from '../../contracts/errors.ts';
import type { TaskRow } from '../../contracts/rows.ts';
import type { TaskStatus } from '../../contracts/task.ts';

/** Where a task stands in the sparse index: waiting, waiting for its retry time, dead, or nowhere (running or ended well). */
export type IndexPlace = 'ready' | 'delayed' | 'dead' | 'none';

/** What must be true of the row for a change to happen; everything named is part of the condition. */
export interface TaskExpectation {
  readonly status: TaskStatus;
  /** The fencing token. */
  readonly attempt: number;
  readonly assigned_agent?: string;
  readonly principal?: string;
}

/** The attributes a change sets; `null` removes one. Keys, identity and body never change. */
export type TaskPatch = {
  readonly [K in keyof Omit<TaskRow, 'task_id' | 'body_hash' | 'pool' | 'route' | 'created_at' | 'payload'>]?:
    TaskRow[K] | null;
};

/** One conditional write on one task: an effect as data. `index` tells the key of its index entry after the change. */
export interface TaskChange {
  readonly task_id: string;
  readonly expect: TaskExpectation;
  readonly patch: TaskPatch;
  readonly index: { readonly place: IndexPlace; readonly key?: string; readonly partition?: string };
}

/** How a settled attempt leaves its task. */
export type Settlement =
  | { readonly kind: 'completed'; readonly change: TaskChange }
  | { readonly kind: 'failed'; readonly change: TaskChange; readonly code: ErrorCode | string }
  | { readonly kind: 'retry'; readonly change: TaskChange; readonly delay_ms: number };
