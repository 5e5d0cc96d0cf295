import type { ContextDocument } from '../../contracts/context/context.ts';
import type { Usage } from '../../contracts/distributor/budget.ts';
import type { Json } from '../../contracts/json.ts';
import type { Priority } from '../../contracts/distributor/task.ts';
import type { AgentLog } from './ports.ts';
import type { ContextCalls } from '../client/context-calls.ts';

/** One attempt of a task as a handler sees it. `Input` is the caller's promise about the payload; parse it where it matters. */
export interface AgentTask<Input = Json> {
  readonly task_id: string;
  readonly task_type: string;
  readonly payload: Input;
  /** 1 for the first attempt. With `task_id` it names this attempt: use both to make outside effects idempotent. */
  readonly attempt: number;
  readonly priority: Priority;
  readonly deadline?: string;
  /** What an earlier attempt saved before it had to make way or its agent stopped: go on from there. */
  readonly checkpoint?: Json;
}

/** What a handler is given besides its task. */
export interface HandlerContext {
  /** Aborted when the task is cancelled or has to make way, its lease is lost, its time is over or the agent stops: the result would be refused. Only in a workflow that is cancelled it still counts for the grace time. */
  readonly signal: AbortSignal;
  readonly log: AgentLog;
  /** Shared documents. Which versions this task reads and writes is recorded: `cadre context lineage`. */
  readonly contexts: ContextCalls;
  /** The documents that the task declared it reads (`reads`), as they were when this attempt began; one that is not there is left out. */
  readonly documents: readonly ContextDocument[];
  /** Says how far the attempt is, 0 to 1; goes to the log and to `onProgress` of the agent. */
  progress(share: number, note?: string): void;
  /**
   * Saves how far the work is, as JSON; the last one counts. Should the attempt have to make way for a critical task, or its agent stop, the next attempt is given it.
   * A handler may save once more after its `signal` was aborted, before it ends: it has 5 seconds.
   */
  checkpoint(value: unknown): Promise<void>;
  /** Adds to what this attempt has used: dollars and tokens of a model, for example. They are reported with its result. */
  used(usage: Usage): void;
}

/** Does the work of one attempt. Throw `TerminalError` when no attempt can succeed; anything else thrown is tried again. */
export type Handler<Input = Json, Output = unknown> = (
  task: AgentTask<Input>,
  context: HandlerContext,
) => Promise<Output> | Output;

/** One task of a batch, with what a handler is given besides it: its own signal, log, documents, progress and usage. */
export interface BatchItem<Input = Json> {
  readonly task: AgentTask<Input>;
  readonly context: HandlerContext;
}

/**
 * Does the work of a batch in one call. It answers one output for each task, in their order; an `Error` among them fails that task alone, as if it had been thrown for it. What it throws fails them
 * all, each with its own retries.
 */
export type BatchHandler<Input = Json, Output = unknown> = (
  batch: readonly BatchItem<Input>[],
) => Promise<readonly (Output | Error)[]> | readonly (Output | Error)[];
