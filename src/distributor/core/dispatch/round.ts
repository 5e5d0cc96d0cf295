import type { AgentRow, PoolRows, ReadyTask, Served } from '../../../contracts/rows.ts';
import type { Fleet } from '../agents/fleet.ts';
import type { StrategyContext } from '../strategies/strategy.ts';
import type { Assignment } from './assignment.ts';
import type { Overdraft } from './budget-limiter.ts';
import type { Preemption } from './preempt.ts';

/** What a dispatch round knows: the pool, and the head of each route it looked at, in ready order. */
export interface DispatchView {
  readonly now: number;
  readonly pool: PoolRows;
  /** The pool's agents, opened at `now` and not given away yet. @default opened for this decision */
  readonly fleet?: Fleet;
  readonly heads: ReadonlyMap<string, readonly ReadyTask[]>;
  /** Routes whose head was cut: more tasks may stand behind it. */
  readonly full: ReadonlySet<string>;
  /** Of cut heads: the tasks that are due in the levels which the head does not reach, level by level in ready order. */
  readonly due?: ReadonlyMap<string, readonly ReadyTask[]>;
  /** Of cut heads: tasks behind them that may belong to a reservation which is short. */
  readonly reserved?: ReadonlyMap<string, readonly ReadyTask[]>;
  /** Values of the policy's own expressions. */
  readonly customScores?: StrategyContext<'custom'>['customScores'];
}

/**
 * What a round decides. `blocked` are routes whose tasks wait although the dispatcher looked, with the full agents they wait for. `cut` means that the
 * round ended before the slots or the tasks did, so another one should follow.
 */
export interface DispatchPlan {
  readonly assignments: readonly Assignment[];
  readonly blocked: readonly { readonly route: string; readonly agents: readonly AgentRow[] }[];
  readonly cut: boolean;
  /** Workflows whose budget leaves no room for a task while nothing runs on it, one task each. */
  readonly overdrafts: readonly Overdraft[];
  /** Attempts that have to make way for critical tasks which wait for full agents. */
  readonly preemptions: readonly Preemption[];
  /** Routes whose cut heads must be read on before anything is decided: all that they show was given away or is held back for itself. Then nothing else is in the plan. */
  readonly unread?: readonly string[];
  /** When (epoch ms) the first of those that wait for the company of a batch has waited long enough. */
  readonly gathered_at?: number;
  /**
   * What the assignments leave behind in the pool's row: recent starts under rate limits, how far namespaces and submitters have come where these share, and when (epoch ms) the first
   * rate limit that they used up opens again.
   */
  readonly limits: {
    readonly starts: NonNullable<PoolRows['starts']>;
    readonly served?: Served;
    readonly opens_at?: number;
  };
}
