import { type Escalation, priorities, type Priority, type Task } from '../../src/contracts/distributor/task.ts';
import { escalationMsMin } from '../../src/contracts/limits.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import { epochMs } from '../../src/platform/twin/virtual-clock.ts';

/** Some tasks come due while they wait: then they stand before all others, or follow their policy. */
export function drawDeadline(random: Random, at: number): Pick<Task, 'deadline'> {
  return random.chance(0.4) ? { deadline: new Date(epochMs + at + random.below(15_000)).toISOString() } : {};
}

/** What becomes of some that still wait then. */
export function drawExpiry(random: Random): Pick<Task, 'on_expiry'> {
  const policies: NonNullable<Task['on_expiry']>[] = ['run', 'drop', 'dead_letter', { reroute: ['a'] }];
  return random.chance(0.5) ? { on_expiry: random.pick(policies) } : {};
}

/** Some tasks rise as their deadline comes nearer, in one step or two. */
export function drawEscalation(random: Random, own: Priority): Pick<Task, 'escalation'> {
  const above = priorities.slice(0, priorities.indexOf(own)).filter(() => random.chance(0.7));
  if (above.length === 0 || !random.chance(0.6)) return {};
  let within_ms = escalationMsMin;
  const steps = above.map((priority) => ({
    priority: priority as Escalation['priority'],
    within_ms: (within_ms += 1 + random.below(4_000)),
  }));
  return { escalation: steps.toReversed() };
}
