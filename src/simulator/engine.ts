import FlatQueue from 'flatqueue';
import { preemptAfterMs, pulseIntervalMs } from '../contracts/limits.ts';
import type { TaskRow } from '../contracts/rows.ts';
import { holdOf } from '../distributor/core/agents/hold.ts';
import type { Preemption } from '../distributor/core/dispatch/preempt.ts';
import { routeRow } from '../distributor/core/ready/route.ts';
import { holdKey, parseHoldKey } from '../distributor/core/agents/hold.ts';
import { settle } from '../distributor/core/tasks/settle.ts';
import type { Latencies, Latency } from './aws-model.ts';
import { createCrew, go, type SimulatedAgent, succeed } from './crew.ts';
import {
  accepted,
  begun,
  handedBack,
  interrupted,
  isTurn,
  joined,
  looked,
  packed,
  settled,
  unpacked,
  worked,
} from './events.ts';
import type { Fleet } from './fleet.ts';
import { createMeter } from './measures.ts';
import { createMembership } from './membership.ts';
import { createRandom } from './random.ts';
import type { Handout, Scheduling } from './scheduling.ts';
import { sendingTimes } from './sending.ts';
import { acceptedRow, indexOf, type Live, readyTaskOf, startMs, timeText } from './simulated-task.ts';
import type { Work } from './work.ts';

/** Everything that one run is made of. */
export interface Scenario {
  readonly seed: number;
  /** In the order of their times. */
  readonly work: readonly Work[];
  readonly fleet: Fleet;
  readonly latencies: Latencies;
  /** Makes the scheduling over the rows of the agents that have joined; `freeSlots` counts what they show as free. */
  readonly scheduling: (crew: readonly SimulatedAgent['row'][], freeSlots: () => number) => Scheduling;
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
  endMs = 0;

  readonly #scenario: Scenario;
  readonly #scheduling: Scheduling;
  readonly #crew: SimulatedAgent['row'][] = [];
  readonly #byId: ReadonlyMap<string, SimulatedAgent>;
  readonly #events = new FlatQueue();
  readonly #live = new Map<number, Live>();
  readonly #chance: ReturnType<typeof createRandom>;
  readonly #membership: ReturnType<typeof createMembership>;
  #now = 0;
  #arrivals = 0;
  #open: number;
  #decideAt = Infinity;
  #dispatcherFreeAt = 0;
  /** When a rate limit opens again: then the pool is looked at. */
  #opensAt = Infinity;

  constructor(scenario: Scenario) {
    const { work, fleet, seed } = scenario;
    this.#scenario = scenario;
    this.#open = work.length;
    this.startedAt = new Float64Array(work.length).fill(Number.NaN);
    this.endedAt = new Float64Array(work.length).fill(Number.NaN);
    this.agentOf = new Int32Array(work.length).fill(-1);
    this.agents = createCrew(fleet, startMs);
    this.#byId = new Map(this.agents.map((agent) => [agent.row.agent_id, agent]));
    this.#chance = createRandom(seed, 'latencies');
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
    this.#scheduling = scenario.scheduling(this.#crew, () => this.#freeSlots());
    for (const agent of this.agents) this.#at(agent.group.joins_at_ms, agent.number, 0, joined);
  }

  /** Until every task has ended, or nothing can happen to those that have not. */
  run(): this {
    const { work } = this.#scenario;
    let lastProgress = 0;
    while (this.#open > 0) {
      const eventAt = this.#events.peekValue() ?? Infinity;
      const arrivalAt = work[this.#arrivals]?.at ?? Infinity;
      // Decisions come last: a round sees everything that happened until its moment.
      const next = Math.min(arrivalAt, eventAt, this.#decideAt, this.#opensAt);
      if (next === Infinity || next - lastProgress > silenceMsMax) break;
      this.#now = next;
      this.meter.advance(next);
      const before = this.#open + this.#arrivals;
      if (arrivalAt === next) this.#submit();
      else if (eventAt === next) this.#happen(this.#events.pop() ?? 0);
      else if (this.#decideAt === next) this.#decide();
      else {
        this.#opensAt = Infinity;
        this.#hint();
      }
      if (this.#open + this.#arrivals !== before || this.meter.levels.working > 0) lastProgress = next;
    }
    this.endMs = this.#now;
    for (const agent of this.agents) if (agent.present) go(agent, this.#now);
    return this;
  }

  #at(time: number, subject: number, turn: number, kind: number): void {
    this.#events.push(packed(subject, turn, kind), time);
  }

  #draw({ median, p99 }: Latency): number {
    return median === 0 ? 0 : this.#chance.logNormal(median, p99);
  }

  #freeSlots(): number {
    return this.agents.reduce((sum, { row }) => sum + row.capacity - row.occupied, 0);
  }

  #happen(event: number): void {
    const { kind, turn, subject } = unpacked(event);
    if (kind >= joined) {
      const agent = this.agents[subject];
      if (agent !== undefined) this.#membership(agent, kind, turn);
      return;
    }
    if (kind === accepted) {
      this.#accept(subject);
      return;
    }
    const live = this.#live.get(subject);
    if (kind === looked) {
      this.#look(subject, live);
      return;
    }
    // An event of an attempt that was lost and given out again.
    if (live?.agent === undefined || !isTurn(live.row.attempt, turn)) return;
    if (kind === begun) this.#begin(subject, live, live.agent);
    else if (kind === worked) this.#work(subject, live, live.agent);
    else if (kind === interrupted) this.#interrupt(subject, live, live.agent);
    else if (kind === handedBack) this.#takeHandedBack(live, live.agent);
    else this.#settle(subject, live, live.agent);
  }

  #submit(): void {
    this.meter.levels.waiting += 1;
    this.#at(this.#now + this.#draw(this.#scenario.latencies.accept), this.#arrivals, 0, accepted);
    this.#arrivals += 1;
  }

  #accept(index: number): void {
    const work = this.#scenario.work[index] as Work;
    const row = acceptedRow(index, work, this.#now);
    this.#live.set(index, { row, life: 0 });
    if (work.priority === 'critical') this.#at(this.#now + preemptAfterMs + pulseIntervalMs / 2, index, 0, looked);
    this.#ready(row);
  }

  /** Shows a task in the ready index and tells the dispatcher. */
  #ready(row: TaskRow): void {
    this.#scheduling.insert(readyTaskOf(row), routeRow(row.pool, row));
    this.#hint();
  }

  /** A dispatcher works at a time: a hint that comes while one does waits in the queue. */
  #hint(): void {
    if (this.#decideAt < Infinity) return;
    const { hint, nextHint } = this.#scenario.latencies;
    const sent = this.#now + this.#draw(hint);
    const start = this.#dispatcherFreeAt > sent ? this.#dispatcherFreeAt + this.#draw(nextHint) : sent;
    this.#decideAt = start + this.#readMs();
  }

  #readMs(): number {
    const { read, readPer100Agents } = this.#scenario.latencies;
    return this.#draw(read) + (readPer100Agents * this.#crew.length) / 100;
  }

  #decide(): void {
    const { latencies } = this.#scenario;
    const decision = this.#scheduling.decide(startMs + this.#now);
    const { handouts, cut, violations, opens_at, preemptions = [], shared } = decision;
    if (opens_at !== undefined) this.#opensAt = opens_at - startMs;
    this.rounds += 1;
    for (const preemption of preemptions) this.#askToMakeWay(preemption);
    this.violations += violations;
    this.#dispatcherFreeAt = this.#now;
    if (handouts.length > 0) {
      const { own, ofTask } = sendingTimes(this.#now, shared, latencies, this.#draw.bind(this));
      for (const handout of handouts) this.#handOut(handout, ofTask(handout.task.task_id));
      this.#dispatcherFreeAt = own + this.#draw(latencies.send);
    }
    this.#decideAt = cut ? this.#dispatcherFreeAt + this.#readMs() : Infinity;
  }

  #handOut(handout: Handout, sentAt: number): void {
    const { task, agent: row, next_turn } = handout;
    const index = indexOf(task.task_id);
    const live = this.#live.get(index);
    const agent = this.#byId.get(row.agent_id);
    if (live === undefined || agent === undefined) throw new Error(`${task.task_id} is not there`);
    const attempt = task.attempt + 1;
    const at = startMs + this.#now;
    live.row = { ...live.row, status: 'Processing', attempt, assigned_agent: row.agent_id };
    live.agent = agent;
    live.life = agent.down ? -1 : agent.life;
    live.stage = 'sent';
    agent.row.holds[holdKey(task.task_id, attempt)] = holdOf(handout, at);
    agent.row.occupied += 1;
    if (next_turn !== undefined) agent.row.next_turn = next_turn;
    this.meter.levels.waiting -= 1;
    if (agent.present) this.meter.levels.held += 1;
    const { send, inbox } = this.#scenario.latencies;
    this.#at(sentAt + this.#draw(send) + this.#draw(inbox), index, attempt, begun);
  }

  #begin(index: number, live: Live, agent: SimulatedAgent): void {
    if (live.life !== agent.life || live.stage !== 'sent') return;
    live.stage = 'working';
    if (Number.isNaN(this.startedAt[index])) this.startedAt[index] = this.#now;
    agent.running += 1;
    if (agent.present) this.meter.levels.working += 1;
    this.#at(this.#now + this.#durationOf(index, agent), index, live.row.attempt, worked);
  }

  #durationOf(index: number, agent: SimulatedAgent): number {
    return (this.#scenario.work[index]?.duration_ms ?? 0) / agent.group.speed;
  }

  #work(index: number, live: Live, agent: SimulatedAgent): void {
    if (live.life !== agent.life || live.stage !== 'working') return;
    live.stage = 'ended';
    agent.running -= 1;
    agent.workedMs += this.#durationOf(index, agent);
    if (agent.present) this.meter.levels.working -= 1;
    const { result, settle: apply } = this.#scenario.latencies;
    this.#at(this.#now + this.#draw(result) + this.#draw(apply), index, live.row.attempt, settled);
  }

  #settle(index: number, live: Live, agent: SimulatedAgent): void {
    this.endedAt[index] = this.#now;
    this.agentOf[index] = agent.number;
    succeed(agent, this.#durationOf(index, agent));
    this.#release(live, agent);
    this.#end(index);
    if (this.#scheduling.waiting() > 0) this.#hint();
  }

  /** What the pulse does while a critical task waits: a look every few seconds, so that others make way. */
  #look(index: number, live: Live | undefined): void {
    if (live?.row.status !== 'Queued') return;
    this.#hint();
    this.#at(this.#now + pulseIntervalMs, index, 0, looked);
  }

  #askToMakeWay({ agent: row, key }: Preemption): void {
    const hold = row.holds[key];
    const agent = this.#byId.get(row.agent_id);
    if (hold === undefined || agent === undefined) return;
    agent.row.holds[key] = { ...hold, preempted_at: startMs + this.#now };
    const { task_id, attempt } = parseHoldKey(key);
    const { send, inbox } = this.#scenario.latencies;
    this.#at(this.#now + this.#draw(send) + this.#draw(inbox), indexOf(task_id), attempt, interrupted);
  }

  /** The agent ends the attempt, whose work is lost: no checkpoint is assumed. */
  #interrupt(index: number, live: Live, agent: SimulatedAgent): void {
    if (live.life !== agent.life || live.stage === 'ended') return;
    if (live.stage === 'working') {
      agent.running -= 1;
      if (agent.present) this.meter.levels.working -= 1;
    }
    live.stage = 'ended';
    const { result, settle: apply } = this.#scenario.latencies;
    this.#at(this.#now + this.#draw(result) + this.#draw(apply), index, live.row.attempt, handedBack);
  }

  /** What apply-results does with an attempt that made way: its task goes back to its place. */
  #takeHandedBack(live: Live, agent: SimulatedAgent): void {
    const { row } = live;
    const ended = { outcome: 'released', attempt: row.attempt, agent_id: agent.row.agent_id, preempted: true } as const;
    const { change } = settle(row, ended, { now: startMs + this.#now, random: 0 });
    this.#release(live, agent);
    this.preemptions += 1;
    this.meter.levels.waiting += 1;
    const resume = change.patch.resume ?? undefined;
    live.row = { ...row, status: 'Queued', ...(resume === undefined ? {} : { resume }) };
    this.#ready(live.row);
  }

  #end(index: number): void {
    this.#live.delete(index);
    this.#open -= 1;
  }

  #release({ row }: Live, agent: SimulatedAgent): void {
    delete agent.row.holds[holdKey(row.task_id, row.attempt)];
    agent.row.occupied -= 1;
    if (agent.present) this.meter.levels.held -= 1;
  }

  /** What the pulse does when it finds an agent silent: settles what it held in an earlier life, and frees the slots. */
  #takeBack(agent: SimulatedAgent): void {
    const now = startMs + this.#now;
    for (const key of Object.keys(agent.row.holds)) {
      const { task_id, attempt } = parseHoldKey(key);
      const index = indexOf(task_id);
      const live = this.#live.get(index);
      if (live === undefined || live.life === agent.life) continue;
      const ended = { outcome: 'failed', attempt, agent_id: agent.row.agent_id, cause: 'lease-lost' } as const;
      const { kind, change } = settle(live.row, ended, { now, random: 0 });
      this.#release(live, agent);
      agent.row.failed += 1;
      if (kind !== 'retry') {
        this.#end(index);
        continue;
      }
      live.row = { ...live.row, status: 'Queued', retry_count: Number(change.patch.retry_count) };
      this.meter.levels.waiting += 1;
      this.#ready(live.row);
    }
  }
}
