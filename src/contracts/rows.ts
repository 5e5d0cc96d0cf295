import type { AgentStop, BatchTraits } from './distributor/agent.ts';
import type { Amount, BudgetRow, TaskCosts } from './distributor/budget.ts';
import type { CanaryHold, CanarySettings, CanarySums } from './distributor/canary.ts';
import type { NamespaceKill } from './distributor/namespace.ts';
import type { PolicyDocument } from './distributor/policy.ts';
import type {
  BlobRef,
  DistributionLog,
  DistributionRules,
  Escalation,
  ExpiryPolicy,
  Priority,
  Spill,
  TaskError,
  TaskStatus,
} from './distributor/task.ts';
import type { DeclaredReads } from './context/declared-reads.ts';

/**
 * The rows of the one table, as they are stored. Their keys and who writes what are told in docs/protocol.md. Times are RFC 3339 with
 * milliseconds in UTC, so that they sort as text; payloads and outputs are JSON text, so that their size is the size that counts.
 */

/** A JSON value in a row: its text, or a claim check on S3. */
export interface StoredJson {
  readonly text?: string;
  readonly ref?: BlobRef;
}

/** A task. `attempt` is the fencing token: it rises by one with each claim and never falls. */
export interface TaskRow extends TaskCosts {
  readonly task_id: string;
  readonly task_type: string;
  readonly priority: Priority;
  readonly deadline?: string;
  /** What becomes of it when it still waits at its deadline; absent once that was done, and after a redrive: it runs. */
  readonly on_expiry?: ExpiryPolicy;
  /** How its level rises as its deadline comes nearer; absent after a redrive, when the deadline counts no more. */
  readonly escalation?: readonly Escalation[];
  /** The level that it was submitted with, once that was raised. */
  readonly escalated_from?: Priority;
  readonly required_capabilities: readonly string[];
  /** Its queue was full when it came: it requires other capabilities than it was submitted with, and goes on to, whatever becomes of it. */
  readonly spilled?: Spill;
  readonly distribution_rules?: DistributionRules;
  /** Absent: the default one. */
  readonly namespace?: string;
  /** The documents that its agent reads before it begins. */
  readonly reads?: DeclaredReads;
  readonly payload: StoredJson;
  /** SHA-256 of the canonical body: tells a repeated submission from a conflicting one. */
  readonly body_hash: string;
  readonly status: TaskStatus;
  readonly attempt: number;
  readonly retry_count: number;
  readonly max_attempts: number;
  readonly backoff_ms: number;
  /** False: the pauses between attempts have no jitter. */
  readonly jitter?: boolean;
  /** Codes of errors after which no further attempt is made. */
  readonly non_retryable?: readonly string[];
  readonly timeout_ms: number;
  readonly pool: string;
  readonly route: string;
  readonly created_at: string;
  readonly queued_at: string;
  /** When its waiting started anew by a redrive, or later by its own wish: when it comes due, instead of what follows from `created_at` and `deadline`. */
  readonly due?: string;
  readonly resume?: Resume;
  /** What the attempt that was handed back had saved. */
  readonly checkpoint?: StoredJson;
  readonly not_before?: string;
  readonly started_at?: string;
  readonly completed_at?: string;
  readonly assigned_agent?: string;
  /** The principal of the agent that holds the lease: results from anybody else are refused. */
  readonly principal?: string;
  readonly dependencies: readonly string[];
  readonly complexity_score?: number;
  readonly estimated_duration?: number;
  readonly submitted_by: string;
  /** Under whom it takes turns and counts, where its pool told submitters apart when it was submitted. */
  readonly submitter?: string;
  readonly correlation_id: string;
  readonly traceparent?: string;
  readonly output?: StoredJson;
  readonly error?: TaskError;
  readonly distribution?: DistributionLog;
  /** When it is given a second run elsewhere unless it has ended. */
  readonly hedge_at?: string;
  /** Counts what hedging wrote on this attempt: with `attempt` the fence of a task that runs, and its newest token. Absent: nothing. */
  readonly hedges?: number;
  /** The other run of a hedged task: while it is Processing the second one, afterwards the one that lost. */
  readonly hedge?: HedgeRun;
  /** Results refused because their lease was lost. */
  readonly late_results: number;
}

/** A run of a hedged task, and what it is expected to use, or is charged with when the other one has won. */
export interface HedgeRun {
  readonly attempt: number;
  readonly agent_id: string;
  readonly principal: string;
  readonly started_at: string;
  readonly reserved: Amount;
  readonly distribution?: DistributionLog;
}

/** A task that was handed back with a checkpoint, or had to make way: when, and by which agent. */
export interface Resume {
  readonly at: string;
  readonly agent_id: string;
}

/** What the ready index tells of a waiting task: all that a decision and an assignment need. */
export interface ReadyTask {
  readonly task_id: string;
  readonly task_type: string;
  readonly priority: Priority;
  readonly deadline?: string;
  readonly distribution_rules?: DistributionRules;
  readonly attempt: number;
  readonly timeout_ms: number;
  readonly route: string;
  readonly created_at: string;
  readonly queued_at: string;
  readonly resume?: Resume;
  /** The index's sort key: tasks of several routes are merged by it. */
  readonly order: string;
  /** Present when the payload is small enough to be in the index. */
  readonly payload?: StoredJson;
  /** The size of one that is not, but small enough for a message. */
  readonly payload_bytes?: number;
  readonly traceparent?: string;
  readonly reads?: DeclaredReads;
}

/** What may wait for a time without an agent. */
export type TimerKind = 'task' | 'deadline' | 'schedule' | 'node' | 'approval' | 'event' | 'sweep';

/** A row that waits for a time: which one, and when it is due. */
export interface Timer {
  readonly kind: TimerKind;
  readonly id: string;
  readonly due: string;
}

/** One occupied slot, or a task of the batch that occupies it: reserved at `at`, the attempt's time-out at `until` (both epoch ms). */
export interface Hold {
  readonly at: number;
  readonly until: number;
  /** Level and due of its task, unless that never has to make way: who has to is decided from the agents' rows alone. */
  readonly order?: string;
  /** It need not make way before this time (epoch ms). */
  readonly spared_until?: number;
  /** When its agent was asked to let it make way (epoch ms). */
  readonly preempted_at?: number;
  /** The limits that it counts against: how many run is told from the holds alone. */
  readonly limits?: readonly string[];
  /** The reservation of the policy that its task belongs to. */
  readonly reservation?: string;
  /** Present while a policy is tried: what the figures of either side need when the attempt has ended. */
  readonly canary?: CanaryHold;
  /** Of its task; absent: the default one. */
  readonly namespace?: string;
  /** What it reserves of its workflow's budget. */
  readonly reserved?: Amount;
  /** The batch that it is part of, by its number: all of a batch have one slot. */
  readonly batch?: number;
}

/** Recent starts under a rate limit: in slices of a tenth of its period, how many there were before which time (epoch ms), the oldest first. */
export interface Starts {
  readonly period_ms: number;
  readonly slices: readonly (readonly [until: number, count: number])[];
}

/**
 * Sums over an agent's recent attempts of one task type. They only ever grow or are halved by additions, so that writers need not agree: logarithms
 * (of the duration in ms, times 1,000, rounded) give median and p95 of the log-normal spread that durations have.
 */
export interface TypeFigures {
  readonly completed: number;
  readonly failed: number;
  readonly log: number;
  readonly log_squared: number;
  /** Millionths of a dollar. */
  readonly micro_usd: number;
  readonly tokens: number;
}

/** An agent and its slots. */
export interface AgentRow {
  readonly pool: string;
  readonly agent_id: string;
  readonly type: string;
  readonly capabilities: readonly string[];
  readonly capacity: number;
  readonly principal: string;
  readonly inbox_url: string;
  readonly registered_at: string;
  readonly last_heartbeat: string;
  /** Until when the agent counts as available. */
  readonly lease_until: string;
  /** When the agent last said what it holds. */
  readonly reported_at: string;
  /** Attempts (`task_id#attempt`) that the agent said it holds, in its last heartbeat. */
  readonly reported: readonly string[];
  readonly holds: Readonly<Record<string, Hold>>;
  /** How many holds there are, from a reader that keeps count; it is never stored. */
  readonly occupied?: number;
  /** Routes with tasks that wait for a slot of this agent. */
  readonly wanted: readonly string[];
  readonly draining: boolean;
  /** Somebody stopped it: it gets no new work, and killed it may not keep what it holds. */
  readonly stopped?: AgentStop;
  readonly completed: number;
  readonly failed: number;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly usd_per_hour?: number | undefined;
  readonly warm_up?: boolean | undefined;
  readonly maintenance?: readonly { readonly from: string; readonly until: string }[] | undefined;
  /** Absent: it takes one task a slot. */
  readonly batch?: BatchTraits | undefined;
  /** The number of the last batch that it was given: the fence of its slots. */
  readonly batches?: number;
  /** By task type. */
  readonly figures?: Readonly<Record<string, TypeFigures>>;
  /** When its next turn begins, in the turns that round-robin and weighted count; written with a reservation. */
  readonly next_turn?: number;
  /** Failures since its last success. */
  readonly failed_in_a_row?: number;
  /** Tasks completed since it registered last: what a warm-up counts. */
  readonly completed_since?: number;
  /** Milliseconds of work that it reported since it registered last: what is shared out evenly among equals. */
  readonly worked_ms?: number;
}

/** A distinct requirement: all its tasks can run on exactly the same agents. */
export interface RouteRow {
  readonly pool: string;
  readonly route: string;
  readonly required_capabilities: readonly string[];
  readonly agents: readonly string[];
  /** Absent: the default one. */
  readonly namespace?: string;
  /** All its tasks are of this submitter. Absent: they were submitted where the policy does not tell submitters apart. */
  readonly submitter?: string;
  /** All its tasks draw on the budgets of their workflows. */
  readonly budgeted?: true;
  /** Partitions of the ready index over which its tasks stand. Absent: they never came so fast that one was not enough. */
  readonly parts?: number;
}

/** What finds the tasks that wait in a route. */
export type ReadyPlace = Pick<RouteRow, 'pool' | 'route' | 'parts'>;

/**
 * How far those have come that share a pool: by level (0 to 3) its namespaces, by level and namespace (`2 acme`) the submitters. Where the last start stood, and where those
 * begin next that are ahead of it.
 */
export type Served = Readonly<
  Record<string, { readonly now: number; readonly next: Readonly<Record<string, number>> }>
>;

/** Overflow rules by which new tasks are refused or spilled, by name: what the news of it tell when there is room again, though the rule be gone from the policy. */
export type FullQueues = Readonly<
  Record<string, { readonly then: 'refuse' | 'spill'; readonly namespace?: string | undefined }>
>;

/** Everything a dispatch needs to know of a pool, read at once. */
export interface PoolRows {
  readonly pool: string;
  /** Epoch ms until which pulse ticks are on their way. */
  readonly armed_until: number;
  /** How many agents it was last said to need. */
  readonly desired_agents?: number;
  /** It has needed fewer since then (epoch ms), `most` of them at most; absent: it needs as many. */
  readonly fewer?: { readonly since: number; readonly most: number };
  /** The round that last started work under a limit: of two that saw the same one only the first goes through. */
  readonly gate?: string;
  /** Recent starts by rate limit. */
  readonly starts?: Readonly<Record<string, Starts>>;
  /** The overflow rules whose queues are full now, by name. */
  readonly full?: FullQueues;
  /** What was shared out between namespaces and submitters. */
  readonly served?: Served;
  /** It has so many agents that new ones stand in partitions of their own, and that a dispatcher hands out so many tasks of a round itself: other dispatchers share the rest. */
  readonly spread?: number;
  readonly agents: readonly AgentRow[];
  readonly routes: readonly RouteRow[];
  /** Absent where nobody wrote one. */
  readonly policy?: PolicyRow;
  /** Namespaces that were killed; absent: none is. */
  readonly killed?: ReadonlyMap<string, NamespaceKill>;
  /** Sums of the policy's canary; absent until a task has ended under it. */
  readonly canary?: CanarySums;
  /** Budgets of the workflows whose tasks are looked at, read after the agents. Never part of the pool's rows. */
  readonly budgets?: ReadonlyMap<string, BudgetRow>;
}

/** A version of a pool's policy. */
export interface PolicyRow {
  readonly pool: string;
  readonly version: number;
  readonly document: PolicyDocument;
  readonly at: string;
  readonly by: string;
  /** The document that is tried on a share of the tasks. Whatever counts over the whole pool (limits, shares, reservations) stays as `document` has it. */
  readonly canary?: CanarySettings & { readonly document: PolicyDocument };
}

/** A message that nobody could use, kept with its reason. */
export interface DeadLetterRow {
  readonly id: string;
  readonly pool: string;
  readonly source: string;
  readonly at: string;
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly body: StoredJson;
}
