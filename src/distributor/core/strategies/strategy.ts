import type { AgentRow, ReadyTask, RouteRow } from '../../../contracts/rows.ts';

/** An agent that may run the task, as it is at this point of the round. */
export interface Candidate {
  readonly agent: AgentRow;
  /** Free slots: what the row says less what the round has given away. */
  readonly free: number;
}

/** The available agents that may run a task. The same route gets the same object for the whole round, so that a strategy may keep figures by it. */
export interface CandidateSet {
  /** Full ones included, in the pool's order (by id), or in the task's order of preference when `pinned`. */
  readonly all: readonly Candidate[];
  /** True when these are the agents that the task names. */
  readonly pinned: boolean;
  /** The agent with the greatest share of free slots; ties go to the better record, then to the one that has done less. Undefined when all are full. */
  leastLoaded(): AgentRow | undefined;
}

/** What else a strategy may know. `now` is epoch ms. */
export interface StrategyContext {
  readonly now: number;
  readonly route: RouteRow;
}

/**
 * Chooses the agent for one task among its candidates: one with a free slot, or undefined when all are full (then the route waits). Pure and deterministic: what
 * looks random is derived from the task's id and attempt.
 */
export type Strategy = (task: ReadyTask, candidates: CandidateSet, context: StrategyContext) => AgentRow | undefined;
