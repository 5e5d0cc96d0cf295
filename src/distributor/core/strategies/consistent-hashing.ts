import { workflowOf } from '../../../contracts/ids.ts';
import type { ReadyTask } from '../../../contracts/rows.ts';
import type { StrategySettings } from '../../../contracts/distributor/strategy.ts';
import { hashOf, shareOf } from './hash.ts';
import type { Candidate, Strategy } from './strategy.ts';

type KeyName = Extract<StrategySettings, { use: 'consistent_hashing' | 'affinity' }>['by'];

/** The text whose tasks belong together. */
export function stickyKey(task: ReadyTask, by: KeyName): string {
  const workflow = workflowOf(task.task_id)?.workflow_id;
  const own = task.distribution_rules?.affinity_key;
  switch (by) {
    case 'affinity_key':
      return own ?? '';
    case 'task_type':
      return task.task_type;
    case 'workflow':
      return workflow ?? '';
    case 'task_id':
      return task.task_id;
    case undefined:
      return own ?? workflow ?? task.task_type;
  }
}

/**
 * Rendezvous hashing: every agent draws a number for the key and the highest wins, so that an agent which joins or leaves moves only its own keys (Thaler and
 * Ravishankar 1996).
 */
export function rendezvous(key: string): (candidate: Candidate) => number {
  const hash = hashOf(key);
  return ({ agent }) => shareOf(hashOf(agent.agent_id), hash);
}

/** The same key to the same agent; when that is full, to the key's next one. */
export const consistentHashing: Strategy<'consistent_hashing'> = (task, _candidates, { settings }) => {
  const key = stickyKey(task, settings.by);
  return { ...(settings.by === 'task_id' ? {} : { key: `consistent_hashing ${key}` }), score: rendezvous(key) };
};
