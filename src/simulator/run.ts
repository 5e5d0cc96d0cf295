import type { TaskRow } from '../contracts/rows.ts';
import { holdKey, holdOf } from '../distributor/core/agents/hold.ts';
import { newestToken } from '../distributor/core/tasks/runs.ts';
import type { SimulatedAgent, Slot } from './crew.ts';
import type { Meter } from './measures.ts';
import type { Handout } from './scheduling.ts';

/** An attempt that was handed out. */
export interface Run {
  readonly agent: SimulatedAgent;
  readonly attempt: number;
  readonly slot: Slot;
  /** The agent's life in which it was handed out; -1: it was down. */
  readonly life: number;
  /** Handed out, at work, or ended and on its way to be settled. */
  stage: 'sent' | 'working' | 'ended';
}

/** A task between its acceptance and its end. It has a second run while it is hedged. */
export interface Live {
  row: TaskRow;
  runs: readonly Run[];
}

/** The task when one of its runs is over without a result: it goes on with the other one, or waits for another attempt. */
export function without({ row, runs }: Live, run: Run): Live {
  const [other] = runs.filter((each) => each !== run);
  const newest = newestToken(row);
  const { hedge_at: _when, ...rest } = row;
  if (other === undefined) return { row: { ...rest, status: 'Queued', attempt: newest, hedges: 0 }, runs: [] };
  const { attempt, agent } = other;
  return { row: { ...rest, attempt, assigned_agent: agent.row.agent_id, hedges: newest - attempt }, runs: [other] };
}

/** The slot of a run: the one of its batch, or a free one. It arrives when the first of it does. */
function slotOf({ batch }: Handout, { row, batches }: SimulatedAgent, arrivesAt: () => number): Slot {
  const known = batch === undefined ? undefined : batches.get(batch);
  if (known !== undefined && known.held > 0) return known;
  const slot = { durations: [], arrivesAt: arrivesAt(), held: 0, working: 0 };
  row.occupied += 1;
  if (batch !== undefined) {
    batches.clear();
    batches.set(batch, slot);
    row.batches = batch;
  }
  return slot;
}

/** What a run needs to begin besides its hand-out: the agent, its token, its working time (ms at speed 1), when it is decided (epoch ms) and when it arrives (ms of the run). */
interface Beginning {
  readonly agent: SimulatedAgent;
  readonly attempt: number;
  readonly duration_ms: number;
  readonly at: number;
  readonly arrivesAt: () => number;
}

/** Gives a run a slot of its agent. */
export function reserve(
  handout: Handout,
  { agent, attempt, duration_ms, at, arrivesAt }: Beginning,
  { levels }: Meter,
): Run {
  const { task, next_turn } = handout;
  const slot = slotOf(handout, agent, arrivesAt);
  if (slot.held === 0 && agent.present) levels.held += 1;
  slot.held += 1;
  slot.durations.push(duration_ms);
  agent.row.holds[holdKey(task.task_id, attempt)] = holdOf(handout, at);
  if (next_turn !== undefined) agent.row.next_turn = next_turn;
  return { agent, attempt, slot, life: agent.down ? -1 : agent.life, stage: 'sent' };
}

/** How long a run works at its agent (ms): of a batch its longest task, and of the others the share that the group says they add. */
export function workingTime({ agent: { group }, slot: { durations } }: Run): number {
  const [only = 0, ...others] = durations;
  if (others.length === 0) return only / group.speed;
  const longest = Math.max(...durations);
  const sum = durations.reduce((all, each) => all + each, 0);
  return (longest + (group.batch?.added_time ?? 1) * (sum - longest)) / group.speed;
}

/** Lets a run begin; false: its agent has failed since it was sent, or it was stopped. */
export function begin(run: Run, { levels }: Meter): boolean {
  const { agent, slot } = run;
  if (run.life !== agent.life || run.stage !== 'sent') return false;
  run.stage = 'working';
  slot.working += 1;
  if (slot.working > 1) return true;
  agent.running += 1;
  if (agent.present) levels.working += 1;
  return true;
}

/** Ends a run at its agent. */
export function stop(run: Run, { levels }: Meter): void {
  const { agent, slot } = run;
  if (run.life === agent.life && run.stage === 'working') {
    slot.working -= 1;
    if (slot.working === 0) {
      agent.running -= 1;
      if (agent.present) levels.working -= 1;
    }
  }
  run.stage = 'ended';
}

/** Frees the slot of a run, unless others of its batch hold it. */
export function release(task_id: string, { agent, attempt, slot }: Run, { levels }: Meter): void {
  delete agent.row.holds[holdKey(task_id, attempt)];
  slot.held -= 1;
  if (slot.held > 0) return;
  agent.row.occupied -= 1;
  if (agent.present) levels.held -= 1;
}
