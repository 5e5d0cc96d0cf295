import type { AgentStop } from './agent.ts';
import type { ApprovalAction, ApprovalStatus, AskedLevel } from './approval.ts';
import type { ApprovalForm } from './approval-form.ts';
import type { Decision } from './approval-decision.ts';
import type { Amount, BudgetRow, TaskCosts, WorkflowBudget } from './budget.ts';
import type { WorkingCalendar } from './calendar.ts';
import type { approvalEvents } from './events.ts';
import type { CanaryHold, CanarySettings, CanarySums } from './canary.ts';
import type { NamespaceKill } from './namespace.ts';
import type { PolicyDocument } from './policy.ts';
import type {
  BlobRef,
  DistributionLog,
  DistributionRules,
  ExpiryPolicy,
  Priority,
  TaskError,
  TaskStatus,
} from './task.ts';
import type { DeclaredReads } from './declared-reads.ts';
import type { Json } from './json.ts';
import type { ScheduleTiming } from './schedule.ts';
import type { KeptSignal } from './signal.ts';
import type { CompensationStatus, Expansion, WorkflowEvent, WorkflowStatus } from './workflow.ts';

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
  readonly required_capabilities: readonly string[];
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
  /** When a redrive let the waiting start anew: when it comes due, instead of what follows from `created_at` and `deadline`. */
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
  readonly correlation_id: string;
  readonly traceparent?: string;
  readonly output?: StoredJson;
  readonly error?: TaskError;
  readonly distribution?: DistributionLog;
  /** Results refused because their lease was lost. */
  readonly late_results: number;
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
  readonly traceparent?: string;
  readonly reads?: DeclaredReads;
}

/** What may wait for a time without an agent. */
export type TimerKind = 'task' | 'expiry' | 'schedule' | 'node' | 'approval' | 'event' | 'sweep';

/** A row that waits for a time: which one, and when it is due. */
export interface Timer {
  readonly kind: TimerKind;
  readonly id: string;
  readonly due: string;
}

/** One occupied slot: reserved at `at`, the attempt's time-out at `until` (both epoch ms). */
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
  /** All its tasks draw on the budgets of their workflows. */
  readonly budgeted?: true;
}

/** How far the namespaces of a pool have come in each level (0 to 3): where the last start stood, and where those begin next that are ahead of it. */
export type Served = Readonly<
  Record<string, { readonly now: number; readonly next: Readonly<Record<string, number>> }>
>;

/** Everything a dispatch needs to know of a pool, read in one query. */
export interface PoolRows {
  readonly pool: string;
  /** Epoch ms until which pulse ticks are on their way. */
  readonly armed_until: number;
  /** How many agents it was last said to need. */
  readonly desired_agents?: number;
  /** When that was said, epoch ms. */
  readonly desired_at?: number;
  /** The round that last started work under a limit: of two that saw the same one only the first goes through. */
  readonly gate?: string;
  /** Recent starts by rate limit. */
  readonly starts?: Readonly<Record<string, Starts>>;
  /** The overflow rules by which submissions are refused now, by namespace; `*`: of all. */
  readonly full?: Readonly<Record<string, string>>;
  /** What was shared out between namespaces. */
  readonly served?: Served;
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

/** The head of a workflow. `nodes` has one letter a node, in the graph's order; what they stand for is told in workflow/core/state.ts. */
export interface WorkflowHead {
  readonly workflow_id: string;
  readonly name: string;
  readonly pool: string;
  /** Of its tasks; absent: the default one. */
  readonly namespace?: string;
  readonly status: WorkflowStatus;
  readonly seq: number;
  readonly nodes: string;
  /** Of its definition, when it was migrated; absent: the one that it was submitted with. */
  readonly version?: number;
  /** How many expansions have joined the graph; absent: none. */
  readonly expansions?: number;
  /** How far its work is undone; absent: nothing was to be. */
  readonly compensation?: CompensationStatus;
  /** Events that no node has taken yet, the oldest first; absent: none ever came. */
  readonly signals?: readonly KeptSignal[];
  /** Nothing new starts. Tasks that were queued or run before go on. */
  readonly paused?: boolean;
  /** Whether nodes left results of their own, which expire with the workflow. */
  readonly results?: true;
  readonly body_hash: string;
  readonly created_at: string;
  readonly started_at?: string;
  readonly completed_at?: string;
  /** The callback token of the execution that waits in its Run state. */
  readonly task_token?: string;
  /** Which token it is: those of later executions, and of later tries of one, have higher numbers. */
  readonly token_order?: number;
  readonly submitted_by: string;
  readonly correlation_id: string;
  readonly traceparent?: string;
  readonly warnings: readonly string[];
  readonly cancel_reason?: string;
  /** Until when tasks that ran when it was cancelled may end by themselves. */
  readonly cancel_until?: string;
  readonly deadline?: string;
  /** Of all its tasks, where it was changed while it ran. */
  readonly priority?: Priority;
  /** Its priority or its deadline was changed while it ran: tasks that wait may still have to move. */
  readonly updated?: true;
  readonly budget?: WorkflowBudget;
  /** Of its budget, by attempts that have ended. */
  readonly spent?: Amount;
  /** It was told that the soft limit of its budget is reached. */
  readonly warned?: boolean;
  /** The run whose nodes it took over. */
  readonly rerun_of?: string;
  /** The schedule that started it: told of its end, since the next run may wait for it. */
  readonly schedule_id?: string;
  readonly output?: StoredJson;
  readonly output_error?: string;
}

/**
 * A schedule. `version` is its fence: each write counts it up on the condition that nobody else did. Times that have come are decided about one after the
 * other, in `next_at`; what was decided is done before the next one (`starting`), and repeated by whoever finds it undone.
 */
export interface ScheduleRow {
  readonly schedule_id: string;
  readonly pool: string;
  readonly version: number;
  readonly timing: ScheduleTiming;
  readonly overlap: 'skip' | 'queue' | 'cancel-previous';
  readonly catch_up_ms: number;
  readonly name: string;
  /** The definition and the input of its runs, as JSON. */
  readonly workflow: StoredJson;
  readonly body_hash: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly paused: boolean;
  /** The next fire time that nobody has decided about; absent when there is none any more. */
  readonly next_at?: string;
  /** When the schedule wants to be looked at: its timer. */
  readonly wake_at?: string;
  /** Fire times that wait for the run before, in their order. */
  readonly queued: readonly string[];
  /** The run that must be started now, and the one that must be cancelled for it. */
  readonly starting?: { readonly fire_at: string; readonly cancel?: string };
  readonly last_run?: { readonly workflow_id: string; readonly fire_at: string };
  readonly last_missed?: { readonly fire_at: string; readonly reason: string };
}

/** How a task ended, or a node without one. */
export interface EndedTask {
  readonly output?: StoredJson;
  readonly error?: TaskError;
}

/** The result of a node that is more than a task. */
export interface WorkflowResultRow extends EndedTask {
  readonly workflow_id: string;
  readonly path: string;
}

/** An event that a workflow received. Never changes: whether it is still kept, the head says. */
export interface SignalRow extends KeptSignal {
  readonly workflow_id: string;
  readonly data?: StoredJson;
  /** SHA-256 of the canonical body: tells a repeat from a conflict. */
  readonly body_hash: string;
  readonly by: string;
  readonly received_at: string;
}

/** An event that was published for a name and a key. Only how far it was brought ever changes. */
export interface PublishedRow {
  readonly pool: string;
  readonly name: string;
  readonly key: string;
  readonly id: string;
  readonly data?: StoredJson;
  /** SHA-256 of the canonical body: tells a repeat from a conflict. */
  readonly body_hash: string;
  readonly by: string;
  readonly received_at: string;
  readonly kept_until: string;
  /** When somebody looks whether it was brought to all who wait: its timer. Absent once it was. */
  readonly wake_at?: string;
  /** The workflow up to which it was brought, of all that wait in the order of their ids. */
  readonly after?: string;
  /** The first workflows that took it. */
  readonly taken_by: readonly string[];
}

/** A workflow that waits, or is about to, for events of a name and a key; `seq` is that of the head which the decision to wait saw. */
export interface AwaitingRow {
  readonly pool: string;
  readonly name: string;
  readonly key: string;
  readonly workflow_id: string;
  readonly seq: number;
}

/** A node that lets time pass: its timer. */
export interface NodeTimerRow {
  readonly workflow_id: string;
  readonly path: string;
  readonly pool: string;
  readonly until: string;
}

/** What is still to be announced of an approval. */
export type ApprovalNews = (typeof approvalEvents)[number];

/**
 * An approval. `version` is its fence, `seq` the advance that made it: a node that runs again makes it anew. What a change owes (news, the end of the node) stands in
 * the row until it is paid, and the row is due at once while it owes.
 */
export interface ApprovalRow {
  readonly workflow_id: string;
  readonly path: string;
  readonly pool: string;
  readonly seq: number;
  readonly version: number;
  readonly title: string;
  readonly description?: string;
  readonly input?: StoredJson;
  readonly form?: ApprovalForm;
  readonly levels: readonly AskedLevel[];
  readonly calendar?: WorkingCalendar;
  /** Who started the workflow: there exactly when the rule of four eyes holds. */
  readonly requester?: string;
  readonly on_reject: 'fail' | 'complete';
  readonly status: ApprovalStatus;
  /** Counted from 1; 0 while it is opening. */
  readonly level: number;
  /** Who took the level up, or was given it: at most as many as it needs. */
  readonly assignees: readonly string[];
  /** Who decides in whose place at this level. */
  readonly delegations: readonly { readonly from: string; readonly to: string }[];
  readonly decisions: readonly Decision[];
  readonly actions: readonly ApprovalAction[];
  readonly created_at: string;
  readonly due_at?: string;
  readonly remind_at?: string;
  readonly ended_at?: string;
  readonly owed: readonly ApprovalNews[];
  /** When somebody has to look at it next: its timer. */
  readonly wake_at?: string;
  readonly correlation_id: string;
}

/** Nodes that joined the graph of a run, and what they are given. Never changes. */
export interface ExpansionRow {
  readonly event: Expansion;
  readonly values?: { readonly input?: Json; readonly items?: readonly Json[]; readonly last?: Json };
}

/** The events of one advance, in their order. */
export interface WorkflowEventRow {
  readonly workflow_id: string;
  readonly seq: number;
  readonly at: string;
  readonly events: readonly WorkflowEvent[];
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
