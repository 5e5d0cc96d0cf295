import FlatQueue from 'flatqueue';
import { hedgeLookMs, preemptAfterMs, pulseIntervalMs } from '../contracts/limits.ts';
import type { ReadyTask, TaskRow } from '../contracts/rows.ts';
import type { Preemption } from '../distributor/core/dispatch/preempt.ts';
import { routeRow } from '../distributor/core/ready/route.ts';
import { parseHoldKey } from '../distributor/core/agents/hold.ts';
import { escalated, nextEscalation } from '../distributor/core/tasks/escalation.ts';
import { settle } from '../distributor/core/tasks/settle.ts';
import type { Latencies } from './aws-model.ts';
import { createCrew, go, roomOf, type SimulatedAgent, succeed } from './crew.ts';
import { createDelays, type Delays } from './delays.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import * as events from './events.ts';
import type { Fleet } from './fleet.ts';
import { createMeter } from './measures.ts';
import { createMembership } from './membership.ts';
import { begin, type Live, release, reserve, type Run, stop, without, workingTime } from './run.ts';
import type { Handout, Scheduling } from './scheduling.ts';
import { acceptedRow, indexOf, readyTaskOf, startMs, timeText } from './simulated-task.ts';
import type { Work } from './work.ts';

/** Everything that one run is made of. */
export interface Scenario {
  readonly seed: number;
  /** In the order of their times. */
  readonly work: readonly Work[];
  readonly fleet: Fleet;
  readonly latencies: Latencies;
  /** Tasks may be hedged. @default false */
  readonly hedged?: boolean;
  /** Makes the scheduling over the rows of the agents that have joined; `room` counts the tasks that they could be given. */
  readonly scheduling: (crew: readonly SimulatedAgent['row'][], room: () => number) => Scheduling;
}

/** A run in which nothing has happened to a task for so long is over: what still waits can never run. */
const silenceMsMax = 7 * 24 * 3_600_000;

/**
 * Runs a scenario in virtual time: the scheduling is production's, the cloud around it a heap of events. Afterwards the fields tell what happened; arrays are
 * by task in the order of `work`, times are ms from the beginning of the run.
 */
export class Simulation {
  /** When each task began to work for the first time; NaN: never. */
  readonly startedAt: Float64Array;
  /** When its result was there; NaN: it failed, or never ended. */
  readonly endedAt: Float64Array;
  /** The number of the agent that ended it; -1: none. */
  readonly agentOf: Int32Array;
  readonly agents: readonly SimulatedAgent[];
  readonly meter = createMeter();
  rounds = 0;
  violations = 0;
  /** Attempts that made way for a critical task. */
  preemptions = 0;
  /** Second runs of tasks. */
  hedges = 0;
  endMs = 0;

  readonly #scenario: Scenario;
  readonly #scheduling: Scheduling;
  readonly #crew: SimulatedAgent['row'][] = [];
  readonly #byId: ReadonlyMap<string, SimulatedAgent>;
  readonly #events = new FlatQueue();
  readonly #live = new Map<number, Live>();
  readonly #delays: Delays;
  readonly #dispatcher: Dispatcher;
  readonly #membership: ReturnType<typeof createMembership>;
  #now = 0;
  #arrivals = 0;
  #open: number;

  constructor(scenario: Scenario) {
    const { work, fleet, seed } = scenario;
    this.#scenario = scenario;
    this.#open = work.length;
    this.startedAt = new Float64Array(work.length).fill(Number.NaN);
    this.endedAt = new Float64Array(work.length).fill(Number.NaN);
    this.agentOf = new Int32Array(work.length).fill(-1);
    this.agents = createCrew(fleet, startMs);
    this.#byId = new Map(this.agents.map((agent) => [agent.row.agent_id, agent]));
    this.#delays = createDelays(scenario.latencies, seed);
    this.#dispatcher = createDispatcher(this.#delays, () => this.#crew.length);
    this.#membership = createMembership({
      ...{ seed, timeText, crew: this.#crew, meter: this.meter, now: () => this.#now },
      at: (time, subject, turn, kind) => {
        this.#at(time, subject, turn, kind);
      },
      onRoom: () => {
        if (this.#scheduling.waiting() > 0) this.#hint();
      },
      onLost: (agent) => {
        this.#takeBack(agent);
      },
    });
    this.#scheduling = scenario.scheduling(this.#crew, () => roomOf(this.agents));
    for (const agent of this.agents) this.#at(agent.group.joins_at_ms, agent.number, 0, events.joined);
  }

  /** Until every task has ended, or nothing can happen to those that have not. */
  run(): this {
    const { work } = this.#scenario;
    let lastProgress = 0;
    while (this.#open > 0) {
      const eventAt = this.#events.peekValue() ?? Infinity;
      const arrivalAt = work[this.#arrivals]?.at ?? Infinity;
      // Decisions come last: a round sees everything that happened until its moment.
      const next = Math.min(arrivalAt, eventAt, this.#dispatcher.nextAt());
      if (next === Infinity || next - lastProgress > silenceMsMax) break;
      this.#now = next;
      this.meter.advance(next);
      const before = this.#open + this.#arrivals;
      if (arrivalAt === next) this.#submit();
      else if (eventAt === next) this.#happen(this.#events.pop() ?? 0);
      else if (this.#dispatcher.isDeciding(next)) this.#decide();
      else this.#hint();
      if (this.#open + this.#arrivals !== before || this.meter.levels.working > 0) lastProgress = next;
    }
    this.endMs = this.#now;
    for (const agent of this.agents) if (agent.present) go(agent, this.#now);
    return this;
  }

  #at(time: number, subject: number, turn: number, kind: number): void {
    this.#events.push(events.packed(subject, turn, kind), time);
  }

  #happen(event: number): void {
    const { kind, turn, subject } = events.unpacked(event);
    if (kind >= events.joined) {
      const agent = this.agents[subject];
      if (agent !== undefined) this.#membership(agent, kind, turn);
      return;
    }
    if (kind === events.accepted) {
      this.#accept(subject);
      return;
    }
    const live = this.#live.get(subject);
    const run = live?.runs.find(({ attempt }) => events.isTurn(attempt, turn));
    if (kind === events.looked) this.#look(subject, live);
    else if (kind === events.escalating) this.#escalate(subject, live);
    // An event of an attempt that was lost, or that came second.
    else if (live === undefined || run === undefined) return;
    else if (kind === events.begun) this.#begin(subject, run);
    else if (kind === events.worked) this.#work(subject, run);
    else if (kind === events.interrupted) this.#interrupt(subject, run);
    else if (kind === events.handedBack) this.#takeHandedBack(live, run);
    else if (kind === events.outlived) this.#hedge(subject, live);
    else this.#settle(subject, live, run);
  }

  #submit(): void {
    this.meter.levels.waiting += 1;
    this.#at(this.#now + this.#delays.accept(), this.#arrivals, 0, events.accepted);
    this.#arrivals += 1;
  }

  #accept(index: number): void {
    const work = this.#scenario.work[index] as Work;
    const row = acceptedRow(index, work, this.#now, {
      hedged: this.#scenario.hedged === true,
      standingOf: (submitter) => this.#scheduling.standingOf?.(submitter) ?? {},
    });
    this.#live.set(index, { row, runs: [] });
    if (work.priority === 'critical')
      this.#at(this.#now + preemptAfterMs + pulseIntervalMs / 2, index, 0, events.looked);
    this.#awaitEscalation(index, row);
    this.#ready(row);
  }

  /** What the pulse does as the deadline of a task comes nearer: it stands higher, if it still waits. */
  #escalate(index: number, live: Live | undefined): void {
    if (live === undefined) return;
    const { row } = live;
    const next = { ...row, ...escalated(row, startMs + this.#now) };
    if (row.status === 'Queued' && next.priority !== row.priority) {
      live.row = next;
      this.#scheduling.move?.(this.#shown(row), this.#shown(next));
      this.#hint();
    }
    this.#awaitEscalation(index, next);
  }

  /** A tick comes within the second in which a timer is due. */
  #awaitEscalation(index: number, row: TaskRow): void {
    const next = nextEscalation(row);
    if (next !== undefined) this.#at(Date.parse(next.at) - startMs + 500, index, 0, events.escalating);
  }

  #shown(row: TaskRow): ReadyTask {
    return readyTaskOf(row, this.#scenario.work[indexOf(row.task_id)] ?? {});
  }

  /** Shows a task in the ready index and tells the dispatcher. */
  #ready(row: TaskRow): void {
    this.#scheduling.insert(this.#shown(row), routeRow(row.pool, row));
    this.#hint();
  }

  #hint(): void {
    this.#dispatcher.hint(this.#now);
  }

  #decide(): void {
    const decision = this.#scheduling.decide(startMs + this.#now);
    const { handouts, violations, preemptions = [] } = decision;
    this.rounds += 1;
    for (const preemption of preemptions) this.#askToMakeWay(preemption);
    this.violations += violations;
    const sentAt = this.#dispatcher.goOn(this.#now, decision);
    for (const handout of handouts) this.#handOut(handout, sentAt(handout.task.task_id));
  }

  #handOut(handout: Handout, sentAt: number): void {
    const { task, agent, hedge_at } = handout;
    const live = this.#live.get(indexOf(task.task_id));
    if (live === undefined) throw new Error(`${task.task_id} is not there`);
    const attempt = task.attempt + 1;
    live.row = { ...live.row, status: 'Processing', attempt, assigned_agent: agent.agent_id, hedges: 0 };
    live.runs = [this.#send(handout, attempt, sentAt)];
    this.meter.levels.waiting -= 1;
    // The pulse looks every few seconds.
    const dueAt = Date.parse(hedge_at ?? '') - startMs + pulseIntervalMs / 2;
    if (hedge_at !== undefined) this.#at(dueAt, indexOf(task.task_id), attempt, events.outlived);
  }

  /** Reserves a slot for a run and sends it. */
  #send(handout: Handout, attempt: number, sentAt: number): Run {
    const { task, agent: row } = handout;
    const agent = this.#byId.get(row.agent_id);
    if (agent === undefined) throw new Error(`${row.agent_id} is not there`);
    const index = indexOf(task.task_id);
    const { duration_ms = 0 } = this.#scenario.work[index] ?? {};
    const arrivesAt = () => sentAt + this.#delays.toAgent();
    const run = reserve(handout, { agent, attempt, duration_ms, arrivesAt, at: startMs + this.#now }, this.meter);
    this.#at(run.slot.arrivesAt, index, attempt, events.begun);
    return run;
  }

  /** What the pulse does with a task that runs long: another agent with nothing to do runs it too, or it is looked at again later. */
  #hedge(index: number, live: Live): void {
    const { row, runs } = live;
    if (runs.length > 1) return;
    const second = this.#scheduling.hedge?.(row, startMs + this.#now);
    if (second === undefined) {
      this.#at(this.#now + hedgeLookMs, index, row.attempt, events.outlived);
      return;
    }
    this.hedges += 1;
    live.row = { ...row, hedges: second.attempt - row.attempt };
    live.runs = [...runs, this.#send(second, second.attempt, this.#now + this.#delays.claim())];
  }

  #begin(index: number, run: Run): void {
    if (!begin(run, this.meter)) return;
    if (Number.isNaN(this.startedAt[index])) this.startedAt[index] = this.#now;
    this.#at(this.#now + workingTime(run), index, run.attempt, events.worked);
  }

  #work(index: number, run: Run): void {
    const { agent } = run;
    if (run.life !== agent.life || run.stage !== 'working') return;
    stop(run, this.meter);
    if (run.slot.working === 0) agent.workedMs += workingTime(run);
    this.#tell(index, run, events.settled);
  }

  /** Its agent reports how a run ended. */
  #tell(index: number, run: Run, kind: number): void {
    this.#at(this.#now + this.#delays.settle(), index, run.attempt, kind);
  }

  #settle(index: number, live: Live, run: Run): void {
    const { agent } = run;
    this.endedAt[index] = this.#now;
    this.agentOf[index] = agent.number;
    succeed(agent, workingTime(run));
    // The other run, if there is one, came too late.
    for (const each of live.runs) {
      stop(each, this.meter);
      release(live.row.task_id, each, this.meter);
    }
    this.#end(index);
    if (this.#scheduling.waiting() > 0) this.#hint();
  }

  /** What the pulse does while a critical task waits: a look every few seconds, so that others make way. */
  #look(index: number, live: Live | undefined): void {
    if (live?.row.status !== 'Queued') return;
    this.#hint();
    this.#at(this.#now + pulseIntervalMs, index, 0, events.looked);
  }

  #askToMakeWay({ agent: row, key }: Preemption): void {
    const hold = row.holds[key];
    const agent = this.#byId.get(row.agent_id);
    if (hold === undefined || agent === undefined) return;
    agent.row.holds[key] = { ...hold, preempted_at: startMs + this.#now };
    const { task_id, attempt } = parseHoldKey(key);
    this.#at(this.#now + this.#delays.toAgent(), indexOf(task_id), attempt, events.interrupted);
  }

  /** The agent ends the attempt, whose work is lost: no checkpoint is assumed. */
  #interrupt(index: number, run: Run): void {
    if (run.life !== run.agent.life || run.stage === 'ended') return;
    stop(run, this.meter);
    this.#tell(index, run, events.handedBack);
  }

  /** What apply-results does with an attempt that made way: its task goes back to its place, unless another run of it goes on. */
  #takeHandedBack(live: Live, run: Run): void {
    const { agent, attempt } = run;
    const ended = { outcome: 'released', attempt, agent_id: agent.row.agent_id, preempted: true } as const;
    const { change } = settle(live.row, ended, { now: startMs + this.#now, random: 0 });
    release(live.row.task_id, run, this.meter);
    this.preemptions += 1;
    const resume = change.patch.resume ?? undefined;
    this.#goOn(live, run, resume === undefined ? {} : { resume });
  }

  /** Goes on without a run that came to nothing: the other one has the task now, or it waits again. */
  #goOn(live: Live, run: Run, patch: Partial<TaskRow>): void {
    Object.assign(live, without(live, run));
    if (live.runs.length > 0) return;
    live.row = { ...live.row, ...patch, ...escalated(live.row, startMs + this.#now) };
    this.meter.levels.waiting += 1;
    this.#ready(live.row);
  }

  #end(index: number): void {
    this.#live.delete(index);
    this.#open -= 1;
  }

  /** What the pulse does when it finds an agent silent: settles what it held in an earlier life, and frees the slots. */
  #takeBack(agent: SimulatedAgent): void {
    const now = startMs + this.#now;
    for (const key of Object.keys(agent.row.holds)) {
      const { task_id, attempt } = parseHoldKey(key);
      const index = indexOf(task_id);
      const live = this.#live.get(index);
      const run = live?.runs.find((each) => each.attempt === attempt && each.agent === agent);
      if (live === undefined || run === undefined || run.life === agent.life) continue;
      const ended = { outcome: 'failed', attempt, agent_id: agent.row.agent_id, cause: 'lease-lost' } as const;
      const { kind, change } = settle(live.row, ended, { now, random: 0 });
      release(live.row.task_id, run, this.meter);
      agent.row.failed += 1;
      if (kind !== 'retry' && live.runs.length === 1) {
        this.#end(index);
        continue;
      }
      this.#goOn(live, run, { retry_count: Number(change.patch.retry_count) });
    }
  }
}
