import type { ApprovalAction, ApprovalStatus, AskedLevel } from './approval.ts';
import type { ApprovalForm } from './approval-form.ts';
import type { Decision } from './approval-decision.ts';
import type { Amount, WorkflowBudget } from '../distributor/budget.ts';
import type { WorkingCalendar } from './calendar.ts';
import type { DocumentPin } from '../context/declared-reads.ts';
import type { approvalEvents } from '../events.ts';
import type { Priority, TaskError } from '../distributor/task.ts';
import type { Json } from '../json.ts';
import type { StoredJson } from '../rows.ts';
import type { RegisteredVersion } from './registry.ts';
import type { Schedule, ScheduleTiming } from './schedule.ts';
import type { KeptSignal } from './signal.ts';
import type { CompensationStatus, Expansion, WorkflowEvent, WorkflowStatus } from './workflow.ts';

/** The rows of a workflow in the one table: like those in rows.ts. */

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
  /** The registered version that it goes by, `NAME@VERSION`; absent: its definition came with it. */
  readonly definition?: string | undefined;
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
  /** Whether nodes ever asked people, whose approvals expire with the workflow. */
  readonly approvals?: true;
  readonly body_hash: string;
  readonly created_at: string;
  readonly started_at?: string;
  readonly completed_at?: string;
  /** The callback token of the execution that waits in its Run state. */
  readonly task_token?: string;
  /** Which token it is: those of later executions, and of later tries of one, have higher numbers. */
  readonly token_order?: number;
  readonly submitted_by: string;
  /** Under whom its tasks take turns and count, where its pool told submitters apart when it was submitted. */
  readonly submitter?: string;
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
  /** The versions of documents that its tasks read in place of the newest ones. */
  readonly pins?: readonly DocumentPin[];
  /** The schedule that started it: told of its end, since the next run may wait for it. */
  readonly schedule_id?: string;
  readonly output?: StoredJson;
  readonly output_error?: string;
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

/** A registered definition with its versions, the first one first. Only `deprecated` of a version ever changes. */
export interface RegisteredRow {
  readonly pool: string;
  readonly name: string;
  /** Counted up with every change: its fence. */
  readonly revision: number;
  readonly versions: readonly RegisteredVersion[];
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
  /** Of its runs; absent: the default one. */
  readonly namespace?: string;
  /** What its runs are submitted with: a definition, or the name of a registered one, and the input. */
  readonly workflow: Pick<Schedule, 'definition' | 'input'>;
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
