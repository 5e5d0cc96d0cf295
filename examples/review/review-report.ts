import type { Review } from './review.ts';

/** How one task of the workflow ran, as the caller knows it. Times are RFC 3339. */
export interface TaskRun {
  readonly name: string;
  readonly status: string;
  readonly agent_id?: string | undefined;
  readonly attempt: number;
  readonly queued_at?: string | undefined;
  readonly started_at?: string | undefined;
  readonly completed_at?: string | undefined;
  /** Why this agent got the task. */
  readonly reason?: string | undefined;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
}

/** A task with its durations worked out. */
export interface TimedTask extends TaskRun {
  readonly waited_ms: number | null;
  readonly ran_ms: number | null;
}

/** What one agent did. */
export interface AgentTotal {
  readonly agent_id: string;
  readonly tasks: number;
  readonly failed: number;
  readonly busy_ms: number;
  /** The kinds of work it did, such as `code-typescript`. */
  readonly work: readonly string[];
}

/** The report for programs: the review, and who did it when. */
export interface ReviewReport extends Review {
  readonly tasks: readonly TimedTask[];
  readonly agents: readonly AgentTotal[];
  /** From the first start to the last end; null without timings. */
  readonly makespan_ms: number | null;
}
