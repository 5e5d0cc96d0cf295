import type { Amount } from '../../../contracts/distributor/budget.ts';
import type { CanaryHold } from '../../../contracts/distributor/canary.ts';
import type { DistributionLog } from '../../../contracts/distributor/task.ts';
import type { AgentRow, ReadyTask, TaskRow } from '../../../contracts/rows.ts';

/** What a start takes of the limits: their names, as its hold notes them, and what it reserves of a budget. */
export interface Taken {
  readonly limits: readonly string[];
  readonly reserved?: Amount;
}

/** What handing out must know of an agent. */
export type AssignedAgent = Pick<
  AgentRow,
  'agent_id' | 'pool' | 'principal' | 'inbox_url' | 'capacity' | 'holds' | 'batch' | 'batches'
>;

/** One task for one agent, with the reason. */
export interface Assignment<Agent extends AssignedAgent = AgentRow> {
  readonly task: ReadyTask;
  readonly agent: Agent;
  /** The attempt this assignment starts: the fencing token of the lease. */
  readonly attempt: number;
  readonly log: DistributionLog;
  /** When the agent's next turn begins, where the strategy counts turns. */
  readonly next_turn?: number;
  /** The limits that its hold counts against, and what it reserves; undefined: it met none, and no other round need be looked out for. */
  readonly taken?: Taken;
  /** Of its task; absent: the default one. */
  readonly namespace?: string;
  /** The reservation whose slots its hold uses. */
  readonly reservation?: string;
  /** What its hold notes while a policy is tried. */
  readonly canary?: CanaryHold;
  /** The number of its batch, where the agent takes batches: one slot for all of it. */
  readonly batch?: number;
  /** When it gets a second run elsewhere unless it has ended (RFC 3339). */
  readonly hedge_at?: string;
  /** This is the second run of a task: its row as it was read, and what the run is expected to use. */
  readonly beside?: { readonly row: TaskRow; readonly expected: Amount };
}

/** An assignment as whoever hands it out has to know it. */
export type Grant = Assignment<AssignedAgent>;
