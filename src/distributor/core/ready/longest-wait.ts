import type { ReadyTask } from '../../../contracts/rows.ts';
import type { Candidate } from '../strategies/strategy.ts';

/** What a waiting task's bound depends on: when it is due, what is due before it and may use the same agents, and those agents. */
export interface Waiting {
  readonly due: string;
  readonly timeout_ms: number;
  readonly before: readonly Pick<ReadyTask, 'timeout_ms'>[];
  readonly candidates: readonly Candidate[];
  /** Slots that reservations keep from it. @default 0 */
  readonly kept?: number;
  readonly now: number;
}

/**
 * When the task starts at the latest, as things stand: RFC 3339, or undefined when no agent could run it, or reservations may keep all slots from it. Once it is due, nothing that comes later gets in front
 * of it but what reservations keep slots for, so while it waits all other slots that could run it work on what was due before or on what was running; that work, at the
 * longest that time-outs allow, divided by these slots is the longest wait. It holds as long as those agents and reservations stay and no attempt is repeated.
 */
export function startsBy({ due, timeout_ms, before, candidates, kept = 0, now }: Waiting): string | undefined {
  const all = candidates.reduce((sum, { agent }) => sum + agent.capacity, 0);
  const slots = all - kept;
  if (slots <= 0) return undefined;
  const at = Math.max(now, Date.parse(due));
  const holds = candidates.flatMap(({ agent }) => Object.values(agent.holds));
  // What runs when the task comes due is not known before: at worst every slot has just begun with the longest attempt that is known.
  const longest = Math.max(
    timeout_ms,
    ...before.map((task) => task.timeout_ms),
    ...holds.map((hold) => hold.until - hold.at),
  );
  const running = at > now ? all * longest : holds.reduce((sum, hold) => sum + Math.max(0, hold.until - at), 0);
  const queued = before.reduce((sum, task) => sum + task.timeout_ms, 0);
  return new Date(at + Math.ceil((running + queued) / slots)).toISOString();
}
