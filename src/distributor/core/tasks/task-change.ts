import type { TaskRow } from '../../../contracts/rows.ts';
import type { TaskStatus } from '../../../contracts/distributor/task.ts';

/** A task's entry in the sparse index. A task has one exactly while something is to be decided about it, or while it is dead. */
export interface IndexEntry {
  readonly partition: string;
  readonly key: string;
}

/** What must be true of the row for a change to happen; everything named is part of the condition. */
export interface TaskExpectation {
  readonly status: TaskStatus;
  /** The fencing token. */
  readonly attempt: number;
  readonly assigned_agent?: string;
  readonly principal?: string;
  /** Of a task that runs: `hedges` as it was seen; null: it had none. */
  readonly hedges?: number | null;
}

/** The attributes a change sets; `null` removes one. Keys, identity and body never change. */
export type TaskPatch = {
  readonly [K in keyof Omit<TaskRow, 'task_id' | 'body_hash' | 'pool' | 'created_at' | 'payload'>]?: TaskRow[K] | null;
};

/** One conditional write on one task: an effect as data. `index` is its index entry afterwards; null takes it out. */
export interface TaskChange {
  readonly task_id: string;
  readonly expect: TaskExpectation;
  readonly patch: TaskPatch;
  readonly index: IndexEntry | null;
}

/** How a settled attempt leaves its task. */
export type Settlement =
  | { readonly kind: 'completed'; readonly change: TaskChange }
  /** Another run of it goes on. */
  | { readonly kind: 'left'; readonly change: TaskChange }
  | { readonly kind: 'failed'; readonly change: TaskChange; readonly code: string }
  | { readonly kind: 'retry'; readonly change: TaskChange; readonly delay_ms: number };
