import type { CanarySums } from '../contracts/distributor/canary.ts';
import type { BudgetRow } from '../contracts/distributor/budget.ts';
import type { AgentStop } from '../contracts/distributor/agent.ts';
import type { Announcement } from '../contracts/events.ts';
import type { NamespaceKill } from '../contracts/distributor/namespace.ts';
import type { Outcome } from '../contracts/errors.ts';
import type { DispatchHint, Heartbeat, InboxMessage } from '../contracts/messages.ts';
import type {
  AgentRow,
  DeadLetterRow,
  Hold,
  PolicyRow,
  PoolRows,
  ReadyPlace,
  ReadyTask,
  RouteRow,
  TaskRow,
  Timer,
  TimerKind,
} from '../contracts/rows.ts';
import type { PackedMessage } from '../contracts/distributor/result-packing.ts';
import type { TaskError, TaskStatus } from '../contracts/distributor/task.ts';
import type { SentResult } from './core/tasks/fate.ts';
import type { FiguresAging, FiguresChange } from './core/agents/figures.ts';
import type { Overdraft } from './core/dispatch/budget-limiter.ts';
import type { Shard } from './core/dispatch/shards.ts';
import type { TaskChange } from './core/tasks/task-change.ts';

/** Time, ids and randomness: everything the core must be given. */
export interface Sources {
  /** Epoch milliseconds. */
  now(): number;
  /** A unique, time-ordered id. */
  id(): string;
  /** A number in [0, 1). */
  random(): number;
  /** SHA-256 of the text, hex. */
  hash(text: string): string;
}

/** A change that was applied, or the row that stood in its way (absent when the row does not exist). */
export type ChangeResult = { readonly applied: true } | { readonly applied: false; readonly current?: TaskRow };

/** One page of a listing; `cursor` is opaque and absent on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor?: string;
}

/** Which task has a key (`name`), and since when tasks that replaced each other have had it. */
export interface KeyMark {
  readonly name: string;
  readonly task_id: string;
  readonly since: string;
}

export interface TaskStore {
  /** Inserts rows that do not exist yet, those with a policy for their deadline with its timer; answers per row with the row that was there first, or undefined where it was inserted. */
  insert(rows: readonly TaskRow[]): Promise<readonly (TaskRow | undefined)[]>;
  /** Who has a key of a pool, strongly consistent; undefined: nobody ever, or long ago. */
  mark(pool: string, name: string): Promise<KeyMark | undefined>;
  /** Inserts a row that does not exist yet with the mark of its key, if that still names `was`, and with a change of another task: all of it or nothing (false). */
  insertMarked(
    row: TaskRow,
    key: { readonly mark: KeyMark; readonly was: string | undefined; readonly change?: TaskChange },
  ): Promise<boolean>;
  /** Rows by id, in the order of the ids; undefined where there is none. Strongly consistent. */
  get(ids: readonly string[]): Promise<readonly (TaskRow | undefined)[]>;
  /** The head of a route in ready order, or what comes after an order. May lag behind by the index's replication. */
  ready(route: ReadyPlace, limit: number, after?: string): Promise<readonly ReadyTask[]>;
  /** The head of one level (0 to 3) of a route, only tasks that are due at `at`. May lag likewise. */
  due(route: ReadyPlace, level: number, at: string, limit: number): Promise<readonly ReadyTask[]>;
  /** How many tasks wait in a route, counted up to `most`. May lag likewise. */
  count(route: ReadyPlace, most: number): Promise<number>;
  /** The end of a route's ready order, or of one level (0 to 3) of it, the last first. May lag likewise. */
  last(route: ReadyPlace, limit: number, level?: number): Promise<readonly ReadyTask[]>;
  /** Independent conditional writes, batched. */
  change(changes: readonly TaskChange[]): Promise<readonly ChangeResult[]>;
  /** Sets the timers of what the deadlines of these tasks ask for, as the rows have them: they were given another deadline. */
  setDeadlines(rows: readonly TaskRow[]): Promise<void>;
  /** Moves such timers on to what comes next, where they were due at `now` (epoch ms): one that somebody has set to a later time since stays. */
  moveDeadlinesOn(rows: readonly TaskRow[], now: number): Promise<void>;
  /** Takes such timers away, where they were due at `now` (epoch ms). */
  forgetDeadlines(ids: readonly string[], now: number): Promise<void>;
  /** Counts a result that came too late. */
  countLateResult(task_id: string): Promise<void>;
  list(filter: { pool: string; status?: TaskStatus; limit: number; cursor?: string }): Promise<Page<TaskRow>>;
}

export interface NamespaceStore {
  kill(pool: string, namespace: string, killed: NamespaceKill): Promise<void>;
  revive(pool: string, namespace: string): Promise<void>;
  /** Which of these were killed, strongly consistent. */
  killed(pool: string, namespaces: readonly string[]): Promise<ReadonlyMap<string, NamespaceKill>>;
}

export interface BudgetStore {
  /** The budgets of these workflows, strongly consistent; one that has none is left out. */
  get(workflow_ids: readonly string[]): Promise<ReadonlyMap<string, BudgetRow>>;
}

export interface TimerStore {
  /** Rows whose time comes until `until` (RFC 3339), the most overdue first. May lag behind by the index's replication. */
  due(pool: string, until: string, limit: number): Promise<readonly Timer[]>;
}

/** What waking rows led to: how many went on, and what others should be told. */
export interface Woken {
  readonly count: number;
  readonly hints: readonly DispatchHint[];
  readonly announcements?: readonly Announcement[];
}

/**
 * Wakes rows of one kind whose time has come. It changes a row only while that still waits for this time, so that a timer which fires twice changes
 * nothing more; one row that fails must not keep the others waiting.
 */
export type Waker = (pool: string, ids: readonly string[]) => Promise<Woken>;

/** A sign of life with what the agent did: how many attempts ended well and badly, and its figures of them. */
export interface HeardFrom {
  readonly at: string;
  readonly lease_until: string;
  readonly completed: number;
  readonly failed: number;
  /** What the agent said it worked. */
  readonly worked_ms: number;
  readonly figures: FiguresChange;
}

/** The numbers of an agent's last batch as a round has read it, and after its own; and how many slots it had. */
export interface BatchFence {
  readonly was: number | undefined;
  readonly is: number;
  readonly slots: number;
}

export interface AgentStore {
  /** The pool's armed time, agents and routes, strongly consistent, the agents last. */
  pool(pool: string): Promise<PoolRows>;
  /** Lets agents that are new from now on stand in partitions of their own, for good, and dispatchers share rounds of more than `tasks`. @default assignmentsPerRoundMax */
  spread(pool: string, tasks?: number): Promise<void>;
  get(pool: string, agent_id: string): Promise<AgentRow | undefined>;
  /** Creates the agent, or renews it for the same principal (its holds stay). Refused with `agent-conflict` for another principal. */
  register(row: AgentRow): Promise<Outcome<AgentRow>>;
  /** Lets the agent get no more work. */
  drain(pool: string, agent_id: string): Promise<void>;
  /** Notes that somebody stopped the agent; a drain leaves one that was killed as it is. Answers the row as it is then; undefined when there is none. */
  stop(pool: string, agent_id: string, stop: AgentStop): Promise<AgentRow | undefined>;
  /** Takes a stop back. Answers the row as it is then; undefined when there is none. */
  revive(pool: string, agent_id: string): Promise<AgentRow | undefined>;
  /** Removes the agent's row on the condition that it holds nothing. False: it holds something. */
  remove(pool: string, agent_id: string): Promise<boolean>;
  /**
   * Occupies slots when the agent still has the room (`size(holds) <= occupiedMax`, as many slots as that takes) and is neither draining nor stopped; notes when its next turn begins. Of an agent that
   * takes batches: when it was given none since (`batches`).
   */
  reserve(
    pool: string,
    agent_id: string,
    holds: Readonly<Record<string, Hold>>,
    occupiedMax: number,
    more?: { readonly next_turn?: number | undefined; readonly batches?: BatchFence | undefined },
  ): Promise<boolean>;
  /** Frees slots and returns the agent as it was before, with what was in them; undefined when it is gone. `heardFrom` renews its lease. */
  release(
    pool: string,
    agent_id: string,
    keys: readonly string[],
    heardFrom?: HeardFrom,
  ): Promise<AgentRow | undefined>;
  /** Halves and forgets old figures, unless they were halved since they were seen. */
  age(pool: string, agent_id: string, aging: FiguresAging): Promise<void>;
  /** Marks that tasks of these routes wait for a slot of this agent, on the condition that it is still as full (`occupied` holds). False: it is not. */
  want(pool: string, agent_id: string, routes: readonly string[], occupied: number): Promise<boolean>;
  /** Notes on a hold that its agent was asked to let it make way. False: the hold is gone. */
  preempt(pool: string, agent_id: string, key: string, at: number): Promise<boolean>;
  /** Takes back the mark: nothing waits in these routes any more. */
  unwant(pool: string, agent_id: string, routes: readonly string[]): Promise<void>;
  /** Batched heartbeats; the sender's principal must be the agent's. Answers per beat whether it counted. */
  heartbeat(
    beats: readonly {
      readonly beat: Heartbeat;
      readonly principal: string;
      readonly at: string;
      readonly lease_until: string;
    }[],
  ): Promise<readonly boolean[]>;
  /** Ends the lease of an agent that did not confirm its work, unless it has been heard of since `last_heartbeat`. */
  suspect(pool: string, agent_id: string, last_heartbeat: string, at: string): Promise<void>;
  /** Writes the routes that are new; knows those it has written before. */
  addRoutes(routes: readonly RouteRow[]): Promise<void>;
  /** Notes until when ticks are on their way. */
  arm(pool: string, until: number): Promise<void>;
  /** Lets a round start work under limits, unless another one was let since `was` was read. `starts` and `served` are what the pool's row tells afterwards. False: another one was. */
  pass(
    pool: string,
    round: {
      readonly id: string;
      readonly was: string | undefined;
      readonly starts: PoolRows['starts'];
      readonly served?: PoolRows['served'];
    },
  ): Promise<boolean>;
  /** What a pool says of submissions: the overflow rules whose queues are full, and the policy in force. */
  admission(pool: string): Promise<Pick<PoolRows, 'full' | 'policy'>>;
  /** Notes these rules. */
  noteFull(pool: string, full: NonNullable<PoolRows['full']>): Promise<void>;
  /** Notes how many agents the pool needs and since when it needs fewer, unless somebody else has since the pool was read. False: somebody has. */
  desire(
    was: Pick<PoolRows, 'pool' | 'desired_agents' | 'fewer'>,
    desired: { readonly agents: number; readonly fewer?: PoolRows['fewer'] },
  ): Promise<boolean>;
}

export interface PolicyStore {
  head(pool: string): Promise<PolicyRow | undefined>;
  /** Moves the head on to this row and keeps it as a version, on the condition that the head is at the version before. False: it is not. */
  put(row: PolicyRow): Promise<boolean>;
  /** Keeps a version; one that is kept already stays as it is. */
  keep(row: PolicyRow): Promise<void>;
  /** Versions, newest first. */
  history(pool: string, limit: number): Promise<readonly PolicyRow[]>;
  version(pool: string, version: number): Promise<PolicyRow | undefined>;
  /** Adds to the sums of the canary of a version at a time (RFC 3339): they come with the pool while that version is the newest. */
  count(pool: string, version: number, added: CanarySums, at: string): Promise<void>;
  /** The sums of the canary of a version. */
  counted(pool: string, version: number): Promise<CanarySums | undefined>;
}

export interface Messenger {
  /** Tells the dispatcher where to look. Dispatches of one pool run one after the other. */
  hint(hints: readonly DispatchHint[]): Promise<void>;
  /** Lets other dispatchers of the pool hand out these shares of a round, each its own. False: they could not all be sent. */
  share(pool: string, shards: readonly Shard[]): Promise<boolean>;
  /** Sends to inboxes, batched per inbox. A message that could not be sent is only a lost hint: it is logged, not thrown. */
  send(messages: readonly { readonly inbox_url: string; readonly message: InboxMessage }[]): Promise<void>;
  /** Puts results of an agent into their queue. Throws when one could not be sent: it is no hint, whoever reports must know. */
  relay(messages: readonly PackedMessage['message'][]): Promise<void>;
  /** Puts pulse ticks on their way, `delays` in seconds. False: some could not be sent. */
  ticks(pool: string, delays: readonly number[]): Promise<boolean>;
  /** Lets received messages of one of our queues come again in a moment, later each time, instead of after the full visibility time-out. */
  retrySoon(queue: string, messages: readonly { readonly receipt: string; readonly receives: number }[]): Promise<void>;
  /** Publishes events on the bus, batched. */
  announce(events: readonly Announcement[]): Promise<void>;
}

/** A message that was received from an inbox; `receipt` gives it back. */
export interface InboxDelivery {
  readonly body: string;
  readonly receipt: string;
}

export interface Inboxes {
  /** Creates the agent's inbox queue when it is missing; answers its URL. */
  create(agent_id: string): Promise<string>;
  remove(inbox_url: string): Promise<void>;
  /** What lies in an inbox; with nothing there it waits. What was received does not come again. */
  receive(
    inbox_url: string,
    options: { readonly max: number; readonly wait_seconds: number },
  ): Promise<readonly InboxDelivery[]>;
  /** Lets messages that were received come again at once. */
  putBack(inbox_url: string, receipts: readonly string[]): Promise<void>;
}

export interface DeadLetterStore {
  bury(rows: readonly DeadLetterRow[]): Promise<void>;
  get(id: string): Promise<DeadLetterRow | undefined>;
  remove(id: string): Promise<void>;
  /** Ids of failed tasks and dead letters, newest first. */
  list(
    pool: string,
    limit: number,
    cursor?: string,
  ): Promise<Page<{ readonly kind: 'task' | 'message'; readonly id: string; readonly at: string }>>;
  /** Puts the body back on the queue it came from. */
  resend(row: DeadLetterRow): Promise<void>;
}

/** Large values (claim check). Keys are made of the owner's id and the content's hash, so that a repeat writes the same object. */
export interface BlobStore {
  put(owner: string, text: string): Promise<{ readonly key: string; readonly bytes: number }>;
  get(key: string): Promise<string>;
}

/** What a workflow does with the results of its tasks: implemented by the workflow component, so that the distributor need not know it. */
export interface WorkflowTasks {
  /**
   * Fails a task of a workflow over its agent's head, with all that follows for its node, in one transaction. Answers the row as it was before; one that had ended
   * stays as it is. Undefined when there is none. Throws `version-conflict` after too many lost races.
   */
  fail(task_id: string, error: TaskError): Promise<TaskRow | undefined>;
  /**
   * A workflow's budget leaves no room for a task while nothing runs on it: that its soft limit is reached is told, once; past its hard limit the task fails, and the
   * workflow is stopped. By its head as it is then: a budget that was raised meanwhile has room again, and nothing happens.
   */
  overdraw(overdraft: Overdraft): Promise<void>;
  /** Cancels a workflow with all that runs in it; one that has ended stays as it is. */
  cancel(request: { readonly workflow_id: string; readonly principal: string; readonly reason: string }): Promise<void>;
  /** Repeats the step that workflows owe after a crash or a lost message; answers how many it went through. */
  resume(pool: string): Promise<number>;
  /**
   * Settles these attempts and advances the workflow in one transaction. Answers per result what became of it:
   * `applied`, `repeated` (it was applied before) or `late` (its lease was lost), and the routes that got new tasks.
   */
  settle(
    workflow_id: string,
    results: readonly SentResult[],
  ): Promise<{
    readonly outcomes: readonly ('applied' | 'repeated' | 'late')[];
    readonly hints: readonly DispatchHint[];
    readonly announcements: readonly Announcement[];
  }>;
}

/** What the agents of this deployment are told about where to send. */
export interface Addresses {
  readonly results_url: string;
  readonly heartbeats_url: string;
  readonly bucket: string;
}

/** Where warnings for the operator go. */
export interface Log {
  warn(message: string, details: Record<string, unknown>): void;
}

/** All that the distributor's use cases are given. */
export interface DistributorDeps {
  readonly sources: Sources;
  readonly tasks: TaskStore;
  readonly agents: AgentStore;
  readonly policies: PolicyStore;
  readonly messenger: Messenger;
  readonly inboxes: Inboxes;
  readonly deadLetters: DeadLetterStore;
  readonly blobs: BlobStore;
  readonly workflowTasks: WorkflowTasks;
  readonly timers: TimerStore;
  readonly budgets: BudgetStore;
  readonly namespaces: NamespaceStore;
  readonly wakers: Readonly<Record<TimerKind, Waker>>;
  readonly addresses: Addresses;
  readonly log: Log;
}
