import type { Outcome } from '../contracts/errors.ts';
import type { StoredJson, TaskRow } from '../contracts/rows.ts';
import type {
  ApprovalRow,
  AwaitingRow,
  EndedTask,
  ExpansionRow,
  NodeTimerRow,
  PublishedRow,
  RegisteredRow,
  ScheduleRow,
  SignalRow,
  WorkflowEventRow,
  WorkflowHead,
  WorkflowResultRow,
} from '../contracts/workflow/rows.ts';
import type { Topic } from '../contracts/workflow/signal.ts';
import type { WorkflowDefinition } from '../contracts/workflow/workflow.ts';
import type { TaskChange } from '../distributor/core/tasks/task-change.ts';
import type { Loads } from './core/approvals/approval.ts';
import type { AgentStore, BlobStore, Log, Messenger, Page, Sources, TaskStore } from '../distributor/ports.ts';

/** The definition that a run was submitted with, and its input: immutable, so it may be cached for ever. */
export interface PinnedDefinition {
  readonly definition: WorkflowDefinition;
  readonly input?: StoredJson;
  /** The run whose nodes it takes over, and the letters it begins with: one for each node of the definition. */
  readonly rerun?: { readonly of: string; readonly nodes: string };
}

/** Everything one advance changes, in one transaction. */
export interface Advance {
  /** The head after the advance; its `seq` is one more than the stored one's, which is the condition. */
  readonly head: WorkflowHead;
  readonly event: WorkflowEventRow;
  /** Tasks that end or change with it, each on its fence. */
  readonly changes: readonly TaskChange[];
  /** Tasks that start with it; at most `startsPerTransactionMax`, the rest go through `insert` with `attention` left behind. */
  readonly started: readonly TaskRow[];
  /** Results of nodes that are more than a task and end with it. */
  readonly results: readonly WorkflowResultRow[];
  /** Nodes that begin to wait for a time with it. */
  readonly timers: readonly NodeTimerRow[];
  /** The events that came with it; each must be the first with its id. */
  readonly signals: readonly SignalRow[];
  /** Nodes that begin to wait for people with it. */
  readonly approvals: readonly ApprovalRow[];
  /** What joins the graph with it, numbered up to the head's `expansions`. */
  readonly expansions: readonly ExpansionRow[];
  /** Whether the workflow owes somebody a step after this commit (a wide fan-out's inserts, the finish): the pulse will look. Undefined: leave the mark as it is. */
  readonly attention?: boolean;
}

/** Why an advance did not happen: the head moved on, or these tasks were not as expected (indexes into `changes`). */
export interface AdvanceConflict {
  readonly head: boolean;
  readonly changes: readonly { readonly index: number; readonly current?: TaskRow }[];
}

/** A workflow owes somebody a step since `at`. */
export interface AttentionMark {
  readonly workflow_id: string;
  readonly at: string;
}

/** Where a workflow is, and how it came there. */
export interface WorkflowHistory {
  readonly head: WorkflowHead;
  readonly events: readonly WorkflowEventRow[];
}

export interface WorkflowStore {
  /**
   * Creates head, definition and attention mark in one transaction, and answers with the very head that it was given. The same body again answers with the
   * head as it is now, another body is refused with `workflow-conflict`.
   */
  create(head: WorkflowHead, pinned: PinnedDefinition): Promise<Outcome<WorkflowHead>>;
  head(workflow_id: string): Promise<WorkflowHead | undefined>;
  definition(workflow_id: string): Promise<PinnedDefinition | undefined>;
  /** What has joined the graph, in its order: the first `count` expansions. Cached for ever, so that an advance reads only the new ones. */
  expansions(workflow_id: string, count: number): Promise<readonly ExpansionRow[]>;
  /** Results of nodes that are more than a task, in the order of the paths; undefined where there is none. */
  results(workflow_id: string, paths: readonly string[]): Promise<readonly (EndedTask | undefined)[]>;
  /** Events that the workflow received, in the order of the ids; undefined where there is none. */
  signals(workflow_id: string, ids: readonly string[]): Promise<readonly (SignalRow | undefined)[]>;
  /** Writes results of nodes of a run that has not begun; a repeat writes the same. */
  putResults(rows: readonly WorkflowResultRow[]): Promise<void>;
  /** The timers of these nodes as they are now, in no order, without those that are gone. Strongly consistent. */
  timers(workflow_id: string, paths: readonly string[]): Promise<readonly NodeTimerRow[]>;
  /** Takes a timer away that has fired, unless it was set anew; a repeat changes nothing. */
  clearTimer(row: NodeTimerRow): Promise<void>;
  /** Commits an advance; undefined when it happened, else the conflict. A repeat of the same advance after a lost answer is a conflict of the head. */
  advance(advance: Advance): Promise<AdvanceConflict | undefined>;
  /** Stores the callback token, unless one of a higher order is there, and answers with the head as it is then; undefined when there is none. */
  setToken(workflow_id: string, token: string, order: number): Promise<WorkflowHead | undefined>;
  events(workflow_id: string): Promise<readonly WorkflowEventRow[]>;
  /** The head and all events, in one read; undefined when there is no such workflow. */
  history(workflow_id: string): Promise<WorkflowHistory | undefined>;
  /** Lets the definition, the events and all else of a workflow expire as if it ended at the head's `completed_at`. A repeat changes nothing. */
  retire(head: WorkflowHead): Promise<void>;
  list(pool: string, limit: number, cursor?: string): Promise<Page<WorkflowHead>>;
  /** Workflows that owe a step, and since when; up to `limit` of each shard. */
  attention(limit: number): Promise<readonly AttentionMark[]>;
  /**
   * Takes back the marks of the advances `from` to `to` (0 is the creation). A mark of an advance outside that range stays: somebody else's step
   * is still owed.
   */
  clearAttention(workflow_id: string, owed: { readonly from: number; readonly to: number }): Promise<void>;
}

export interface ApprovalStore {
  /** Strongly consistent. */
  get(workflow_id: string, path: string): Promise<ApprovalRow | undefined>;
  /**
   * Replaces an approval, and with it its places in inboxes and what is counted of its people, on the condition that it is still as it was before and, where `loads` are
   * given, that whoever it is given to still had so much. False: somebody else was first.
   */
  save(before: ApprovalRow, after: ApprovalRow, loads?: Loads): Promise<boolean>;
  /** How many approvals each of these people has on the desk. */
  loads(pool: string, users: readonly string[]): Promise<Loads>;
  /** What waits for any of these (`user:…`, `group:…`), what is due first, each once. */
  inbox(pool: string, owners: readonly string[], limit: number, cursor?: string): Promise<Page<ApprovalRow>>;
}

/** Events for a name and a key, and the workflows that wait for them. All reads are strongly consistent. */
export interface PublishedStore {
  /** Inserts an event that does not exist yet; answers with the one that was there first. */
  publish(row: PublishedRow): Promise<PublishedRow | undefined>;
  get(pool: string, topic: Topic, id: string): Promise<PublishedRow | undefined>;
  /** Those that are still kept, the oldest first. */
  kept(pool: string, topic: Topic, now: number): Promise<readonly PublishedRow[]>;
  /** Notes how far an event was brought. */
  save(row: PublishedRow): Promise<void>;
  /** Tells that a workflow waits, or is about to; what a newer head has told stays. */
  expect(row: AwaitingRow, now: number): Promise<void>;
  /** Who waits, in the order of the workflows' ids, behind `after`. */
  expecting(pool: string, topic: Topic, limit: number, after?: string): Promise<readonly AwaitingRow[]>;
  /** Removes a wait that is over, unless it was told again since. */
  forget(row: AwaitingRow): Promise<void>;
}

/** Registered definitions. A version's body never changes. */
export interface DefinitionStore {
  /** Strongly consistent. */
  get(pool: string, name: string): Promise<RegisteredRow | undefined>;
  /** The body of a version, as it was registered. */
  body(pool: string, name: string, version: number): Promise<WorkflowDefinition | undefined>;
  /**
   * Replaces a row on the condition that its revision is one less, and writes the body of the version that it adds. False: somebody else was first. Throws `too-large` for a
   * body that fits no row.
   */
  save(
    row: RegisteredRow,
    added?: { readonly version: number; readonly definition: WorkflowDefinition },
  ): Promise<boolean>;
  /** In the order of their names. */
  list(pool: string, limit: number, cursor?: string): Promise<Page<RegisteredRow>>;
}

export interface ScheduleStore {
  /** Inserts a schedule that does not exist yet; answers with the one that was there first. */
  create(row: ScheduleRow): Promise<ScheduleRow | undefined>;
  /** Strongly consistent. */
  get(pool: string, schedule_id: string): Promise<ScheduleRow | undefined>;
  /** Replaces the row on the condition that its version is one less. False: somebody else was first, or it is gone. */
  save(row: ScheduleRow): Promise<boolean>;
  remove(pool: string, schedule_id: string): Promise<void>;
  list(pool: string, limit: number, cursor?: string): Promise<Page<ScheduleRow>>;
}

export interface Executions {
  /** Starts the state machine for this workflow, which has not ended or has no execution that shows its end; where an execution runs already, nothing happens. */
  start(workflow_id: string): Promise<void>;
  /** Ends the Run state; false when the token is no longer known. */
  complete(token: string, output: { readonly workflow_id: string; readonly status: string }): Promise<boolean>;
}

/** All that the workflow's use cases are given. */
export interface WorkflowDeps {
  readonly sources: Sources;
  readonly workflows: WorkflowStore;
  readonly definitions: DefinitionStore;
  readonly schedules: ScheduleStore;
  readonly approvals: ApprovalStore;
  readonly published: PublishedStore;
  readonly executions: Executions;
  readonly tasks: TaskStore;
  readonly agents: AgentStore;
  readonly messenger: Messenger;
  readonly blobs: BlobStore;
  readonly log: Log;
}
