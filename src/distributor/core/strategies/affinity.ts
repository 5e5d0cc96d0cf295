import { rendezvous, stickyKey } from './consistent-hashing.ts';
import type { Candidate, Strategy } from './strategy.ts';

/**
 * The agent of the task's key, where its caches and checkpoints are: the rendezvous winner, full or not. Soft (`wait_ms` 0): when it is full, the key's next agent.
 * Hard: the task waits for it, but no longer than `wait_ms`; waiting for ever would hold up what stands behind it (Zaharia and others, Delay Scheduling, 2010).
 */
export const affinity: Strategy<'affinity'> = (task, { all }, { settings, now }) => {
  const key = stickyKey(task, settings.by);
  const score = rendezvous(key);
  if (now - Date.parse(task.queued_at) >= settings.wait_ms) return { key: `affinity ${key}`, score };
  let own: Candidate | undefined;
  for (const each of all) if (own === undefined || score(each) > score(own)) own = each;
  return { among: own === undefined ? [] : [own], score, waits: true };
};
