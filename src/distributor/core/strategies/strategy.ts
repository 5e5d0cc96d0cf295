import type { AgentRow, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import type { StrategyName, StrategySettings } from '../../../contracts/distributor/strategy.ts';

/** An agent that may run the task, as it is at this point of the round. */
export interface Candidate {
  readonly agent: AgentRow;
  /** Free slots: what the row says less what the round has given away. */
  readonly free: number;
}

/** The available agents that may run a task. The same agents are the same object for the whole round, whatever route asks, so that figures may be kept by it. */
export interface CandidateSet<C extends Candidate = Candidate> {
  /** Full ones included, in the pool's order (by id), or in the task's order of preference when `pinned`. */
  readonly all: readonly C[];
  /** True when these are the agents that the task names. */
  readonly pinned: boolean;
}

/** What else a strategy may know. `now` is epoch ms. */
export interface StrategyContext<N extends StrategyName> {
  readonly now: number;
  readonly route: RouteRow;
  readonly settings: StrategySettings & { readonly use: N };
  /** Values of a policy's expression by agent id, for tasks of a type; undefined when it failed. */
  readonly customScores?:
    ((expression: string, task_type: string) => ReadonlyMap<string, number> | undefined) | undefined;
}

/** How a strategy sees the candidates of one task. */
export interface Ranking {
  /** Tasks of a round with the same key and candidates have the same scores, whatever their routes. Left out: the scores are this task's alone. */
  readonly key?: string;
  /** Only these are looked at. */
  readonly among?: readonly Candidate[];
  /** The highest gets the task; -Infinity: not this agent. As slots are taken it may fall, never rise. */
  readonly score: (candidate: Candidate) => number;
  /** True: rather than go to others the task waits for those that are ranked. */
  readonly waits?: boolean;
  /** What the agent's row notes when it gets the task: when its next turn begins. */
  readonly nextTurn?: (candidate: Candidate) => number;
}

/** Ranks the candidates of one task. Pure and deterministic: what looks random is derived from the task's id and attempt. */
export type Strategy<N extends StrategyName> = (
  task: ReadyTask,
  candidates: CandidateSet,
  context: StrategyContext<N>,
) => Ranking;
