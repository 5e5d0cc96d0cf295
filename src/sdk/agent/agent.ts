import type { AgentGrant, AgentTraits, BatchTraits } from '../../contracts/distributor/agent.ts';
import { slotsMax, sqsBatchSizeMax } from '../../contracts/limits.ts';
import {
  inboxMessage,
  type Assignment,
  type Cancellation,
  type InboxMessage,
  type Preemption,
} from '../../contracts/messages.ts';
import type { AgentDeps, ReceivedMessage } from './ports.ts';
import { Attempt, leaseName } from './attempt.ts';
import { Backlog } from './backlog.ts';
import { openBatchCall } from './batch-call.ts';
import { beginWatch, passOn, type WatchOptions } from './document-watch.ts';
import type { BatchHandler, Handler } from './handler.ts';
import { heartbeatDueAt } from './heartbeat-schedule.ts';
import { LeaseMemory } from './lease-memory.ts';
import { ResultOutbox } from './result-outbox.ts';
import { Wake } from './wake.ts';

/** SQS allows at most 20 s; longer polls are cheaper while idle. */
const pollSeconds = 20;
/** A full agent waits this long for a slot before it polls for cancellations only. Shorter: more calls under load. */
const fullPauseMs = 1_000;
const firstPauseMs = 250;
const pauseMsMax = 10_000;
/** Failed polls in a row after which the agent registers anew: its inbox, or the whole deployment, may have been replaced. */
const failedPollsMax = 3;
/** How long `stop` lets handlers finish when nothing else is said. */
const graceMsDefault = 10_000;

/** Reasons of a cancellation which say that the deployment has not heard of the agent. */
const takenForDead: ReadonlySet<string> = new Set(['lease-lost', 'unconfirmed']);

/** How an agent works: a task in each call of its handler, or a batch of them. */
export type AgentWork =
  | { readonly handler: Handler; readonly batch?: undefined }
  | { readonly handler: BatchHandler; readonly batch: BatchTraits };

/** What an agent is: who it is, what it can do and how. */
export interface AgentOptions {
  readonly id: string;
  readonly type: string;
  readonly capabilities: readonly string[];
  /** Tasks, or batches, it runs at the same time. @default 1 */
  readonly slots?: number;
  readonly traits?: AgentTraits;
  readonly work: AgentWork;
  readonly watching?: WatchOptions;
  readonly onProgress?: (task_id: string, share: number, note?: string) => void;
  readonly deps: AgentDeps;
}

/** Runs a handler for the tasks of one agent: polling, leases, heartbeats, results and stopping are its business. */
export class AgentRunner {
  private readonly options: AgentOptions;
  private readonly deps: AgentDeps;
  private readonly slots: number;
  private readonly running = new Map<string, Attempt>();
  private readonly waiting = new Backlog();
  private busy = 0;
  private readonly memory = new LeaseMemory();
  private readonly stopping = new AbortController();
  private readonly stopped = new AbortController();
  private readonly slotFreed = new Wake();
  private readonly beatSooner = new Wake();
  private readonly loops: Promise<void>[] = [];
  private granted: AgentGrant | undefined;
  private outbox: ResultOutbox | undefined;
  private lastBeatAt = 0;
  private promisedMs = 0;
  private lastResultAt = 0;

  constructor(options: AgentOptions) {
    this.options = options;
    this.deps = options.deps;
    this.slots = options.slots ?? 1;
    if (!Number.isInteger(this.slots) || this.slots < 1 || this.slots > slotsMax) {
      throw new RangeError(`slots must be a whole number from 1 to ${slotsMax}, not ${this.slots}`);
    }
  }

  get id(): string {
    return this.options.id;
  }

  /** The attempts in hand, as `task_id#attempt`. */
  held(): readonly string[] {
    return this.memory.held;
  }

  /** Registers and begins to take work; resolves when the agent is registered. */
  async start(): Promise<void> {
    if (this.granted !== undefined) return;
    await this.register();
    this.outbox = new ResultOutbox(
      this.deps,
      () => this.grant,
      (at) => {
        this.lastResultAt = at;
        this.beatSooner.now();
      },
    );
    this.loops.push(this.receiveLoop(), this.heartbeatLoop());
    this.deps.log.info('agent is ready', { agent_id: this.id, slots: this.slots });
  }

  /**
   * Takes no more work, lets handlers finish for `graceMs`, hands back what is left (its tasks run elsewhere without counting a retry),
   * sends the last results and says goodbye. `deregister` removes the agent and its inbox for good.
   */
  async stop({ graceMs = graceMsDefault, deregister = false }: { graceMs?: number; deregister?: boolean } = {}) {
    if (this.granted === undefined || this.stopping.signal.aborted) return;
    this.stopping.abort();
    this.slotFreed.now();
    for (const one of this.waiting.clear()) this.handBack(one);
    if (this.running.size > 0) {
      await this.beat(true);
      const finished = new AbortController();
      void Promise.all([...this.running.values()].map((attempt) => attempt.settled)).then(() => finished.abort());
      await this.deps.clock.sleep(graceMs, finished.signal);
      const left = [...this.running.values()];
      for (const attempt of left) attempt.interrupt('stopping', 'the agent stops');
      await Promise.all(left.map((attempt) => attempt.result));
    }
    await this.outbox?.drain();
    this.running.clear();
    this.stopped.abort();
    this.beatSooner.now();
    await this.beat(true);
    await Promise.all(this.loops);
    if (deregister) await this.deps.api.deregister(this.id);
    this.deps.log.info('agent has stopped', { agent_id: this.id });
  }

  private get grant(): AgentGrant {
    if (this.granted === undefined) throw new Error('the agent is not registered; call start() first');
    return this.granted;
  }

  private async register(): Promise<void> {
    this.granted = await this.deps.api.register({
      agent_id: this.id,
      type: this.options.type,
      capabilities: [...this.options.capabilities],
      capacity: this.slots,
      ...this.options.traits,
      ...(this.options.work.batch === undefined ? {} : { batch: this.options.work.batch }),
    });
    this.lastBeatAt = this.deps.clock.now();
    this.promisedMs = this.granted.idle_heartbeat_interval_ms;
    await beginWatch(this.deps, this.id, this.options.watching ?? {});
  }

  private async receiveLoop(): Promise<void> {
    const { clock, log, sqs } = this.deps;
    const signal = this.stopping.signal;
    for (let failures = 0; !signal.aborted;) {
      if (this.busy >= this.slots) await clock.sleep(fullPauseMs, this.slotFreed.signal);
      if (this.isStopping()) return;
      try {
        // All that is there: whatever lies in the inbox has its slot here, and no other agent waits for it.
        const max = sqsBatchSizeMax;
        const messages = await sqs.receive(this.grant.inbox_url, { max, waitSeconds: pollSeconds, signal });
        failures = 0;
        this.take(messages);
      } catch (error) {
        if (this.isStopping()) return;
        failures += 1;
        log.warn('the inbox could not be read', { agent_id: this.id, failures, reason: String(error) });
        await clock.sleep(Math.min(firstPauseMs * 2 ** failures, pauseMsMax), signal);
        if (failures >= failedPollsMax && !this.isStopping()) {
          await this.register().catch((reason: unknown) => {
            log.warn('registering anew failed', { agent_id: this.id, reason: String(reason) });
          });
        }
      }
    }
  }

  /** Read through a method: the flag changes while the loop waits. */
  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private take(messages: readonly ReceivedMessage[]): void {
    if (messages.length === 0) return;
    // Nothing is deleted: the inbox hides a message for longer than it keeps it. The row is the truth, and an unfinished lease is found by the pulse.
    for (const { body } of messages) {
      const message = readMessage(body);
      if (message === undefined)
        this.deps.log.warn('a message of the inbox was not understood', { body: body.slice(0, 200) });
      else if (message.kind === 'cancel') this.cancel(message);
      else if (message.kind === 'preempt') this.makeWay(message);
      else if (message.kind === 'changed') void passOn(this.deps, message, this.options.watching ?? {});
      else this.accept(message.kind === 'batch' ? message.tasks : [message]);
    }
  }

  private accept(assignments: readonly Assignment[]): void {
    const fresh = assignments.filter(({ task_id, attempt }) => this.memory.see(task_id, attempt));
    if (fresh.length === 0) return;
    for (const { task_id, attempt } of fresh) {
      this.memory.hold(leaseName(task_id, attempt), this.deps.clock.now());
      for (const other of this.running.values()) {
        if (other.assignment.task_id === task_id)
          other.interrupt('cancelled', 'a newer attempt of the task was started');
      }
    }
    // An agent that is not (or no more) registered for batches runs one after the other.
    const jobs = this.options.work.batch === undefined ? fresh.map((each) => [each]) : [fresh];
    for (const job of jobs) {
      if (this.isStopping()) for (const each of job) this.handBack(each);
      else if (this.busy < this.slots) this.begin(job);
      else this.waiting.push(job);
    }
    this.beatSooner.now();
  }

  /** Runs what one slot is for: a task, or a batch. */
  private begin(job: readonly Assignment[]): void {
    const { work } = this.options;
    const call = work.batch === undefined ? undefined : openBatchCall(work.handler, job.length);
    const attempts = job.map((assignment) => {
      if (work.batch === undefined || call === undefined) return this.attempt(assignment, work.handler as Handler);
      const member = call.member();
      const attempt = this.attempt(assignment, member.handler);
      void attempt.settled.then(member.without);
      return attempt;
    });
    this.busy += 1;
    void Promise.all(attempts.map(({ settled }) => settled)).then(() => {
      this.busy -= 1;
      const next = this.waiting.next();
      if (next !== undefined) this.begin(next);
      this.slotFreed.now();
    });
  }

  private attempt(assignment: Assignment, handler: Handler): Attempt {
    const { onProgress } = this.options;
    const attempt = new Attempt({
      deps: this.deps,
      grant: this.grant,
      assignment,
      handler,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    this.running.set(attempt.lease, attempt);
    void attempt.settled.then(() => this.running.delete(attempt.lease));
    void attempt.result.then((result) => {
      if (result === undefined) this.memory.dropped(attempt.lease);
      else {
        this.memory.ended(attempt.lease, this.deps.clock.now());
        this.outbox?.add(result, attempt.until, this.memory.isEmpty);
      }
    });
    return attempt;
  }

  private cancel({ task_id, attempt, reason, until }: Cancellation): void {
    const lease = leaseName(task_id, attempt);
    // Whoever was taken for dead gets no work until it is heard of again.
    if (takenForDead.has(reason)) void this.beat(false);
    const running = this.running.get(lease);
    if (running !== undefined) {
      if (until === undefined) running.interrupt('cancelled', reason);
      else void running.windDown(reason, Date.parse(until));
      return;
    }
    const one = this.waiting.take(lease);
    // A cancellation may overtake its assignment: remembering the attempt refuses it when it comes.
    if (one === undefined) this.memory.see(task_id, attempt);
    // It has not begun: handed back it ends at once, although it had time.
    else if (until !== undefined) this.handBack(one);
    else this.memory.dropped(lease);
  }

  /** What has not begun is handed back at once; what has ended, or never came, needs nothing: the hold tells the dispatcher. */
  private makeWay({ task_id, attempt, reason }: Preemption): void {
    const lease = leaseName(task_id, attempt);
    void this.running.get(lease)?.makeWay(reason);
    const one = this.waiting.take(lease);
    if (one !== undefined) this.handBack(one, { preempted: true });
  }

  private handBack({ task_id, attempt, until }: Assignment, how: { readonly preempted?: boolean } = {}): void {
    this.memory.ended(leaseName(task_id, attempt), this.deps.clock.now());
    this.outbox?.add({ task_id, attempt, outcome: 'released', ...how }, Date.parse(until), this.memory.isEmpty);
  }

  private async heartbeatLoop(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      const { clock } = this.deps;
      const due = heartbeatDueAt(
        {
          lastBeatAt: this.lastBeatAt,
          promisedMs: this.promisedMs,
          lastResultAt: this.lastResultAt,
          ...this.memory.reporting(),
        },
        this.grant,
      );
      const now = clock.now();
      if (due > now) await clock.sleep(due - now, this.beatSooner.signal);
      else await this.beat(false);
    }
  }

  private async beat(leaving: boolean): Promise<void> {
    const { clock, log, sqs } = this.deps;
    const held = this.memory.held;
    const holding = this.memory.toReport(clock.now());
    const { pool, agent_id, heartbeat_interval_ms, idle_heartbeat_interval_ms, heartbeats_url } = this.grant;
    const interval_ms = held.length > 0 ? heartbeat_interval_ms : idle_heartbeat_interval_ms;
    // Noted before it is sent: a failed heartbeat is repeated one interval later, not at once.
    this.lastBeatAt = clock.now();
    this.promisedMs = interval_ms;
    const body = JSON.stringify({ pool, agent_id, holding, interval_ms, ...(leaving ? { leaving } : {}) });
    try {
      const refused = await sqs.send(heartbeats_url, [{ body }]);
      if (refused.length === 0) this.memory.reported(held);
    } catch (error) {
      log.warn('a heartbeat could not be sent', { agent_id, reason: String(error) });
    }
  }
}

function readMessage(body: string): InboxMessage | undefined {
  try {
    const parsed = inboxMessage.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
