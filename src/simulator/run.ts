import type { TaskRow } from '../contracts/rows.ts';
import { holdKey, holdOf } from '../distributor/core/agents/hold.ts';
import { newestToken } from '../distributor/core/tasks/runs.ts';
import type { SimulatedAgent } from './crew.ts';
import type { Meter } from './measures.ts';
import type { Handout } from './scheduling.ts';

/** An attempt that was handed out. */
export interface Run {
  readonly agent: SimulatedAgent;
  readonly attempt: number;
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

/** Gives a run a slot of its agent; `at` is epoch ms. */
export function reserve(handout: Handout, agent: SimulatedAgent, attempt: number, at: number, { levels }: Meter): Run {
  const { task, next_turn } = handout;
  agent.row.holds[holdKey(task.task_id, attempt)] = holdOf(handout, at);
  agent.row.occupied += 1;
  if (next_turn !== undefined) agent.row.next_turn = next_turn;
  if (agent.present) levels.held += 1;
  return { agent, attempt, life: agent.down ? -1 : agent.life, stage: 'sent' };
}

/** Lets a run begin; false: its agent has failed since it was sent, or it was stopped. */
export function begin(run: Run, { levels }: Meter): boolean {
  const { agent } = run;
  if (run.life !== agent.life || run.stage !== 'sent') return false;
  run.stage = 'working';
  agent.running += 1;
  if (agent.present) levels.working += 1;
  return true;
}

/** Ends a run at its agent. */
export function stop(run: Run, { levels }: Meter): void {
  const { agent } = run;
  if (run.life === agent.life && run.stage === 'working') {
    agent.running -= 1;
    if (agent.present) levels.working -= 1;
  }
  run.stage = 'ended';
}

/** Frees the slot of a run. */
export function release(task_id: string, { agent, attempt }: Run, { levels }: Meter): void {
  delete agent.row.holds[holdKey(task_id, attempt)];
  agent.row.occupied -= 1;
  if (agent.present) levels.held -= 1;
}
