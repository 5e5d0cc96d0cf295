import type { PoolRows, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import { heldCount } from '../agents/hold.ts';
import { openSlots } from '../agents/open-slots.ts';
import type { reaches } from '../policy/reach.ts';
import type { Routing } from '../policy/routing.ts';
import type { Candidate } from '../strategies/strategy.ts';
import { type Limited, limitTitles } from './limiter.ts';

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
 * When the task starts at the latest, as things stand: RFC 3339, or undefined when reservations may keep all slots from it. Once it is due, nothing that comes later gets in front
 * of it but what reservations keep slots for, so while it waits all other open slots that could run it work on what was due before or on what was running; that work, at the
 * longest that time-outs allow, divided by these slots is the longest wait. It holds as long as those agents and reservations stay, no attempt is repeated, and nothing holds back the task or
 * what stands before it (`noBoundBecause`).
 */
export function startsBy({ due, timeout_ms, before, candidates, kept = 0, now }: Waiting): string | undefined {
  const slots = candidates.reduce((sum, { agent }) => sum + openSlots(agent), 0) - kept;
  if (slots <= 0) return undefined;
  const at = Math.max(now, Date.parse(due));
  const holds = candidates.flatMap(({ agent }) => Object.values(agent.holds));
  // What runs when the task comes due is not known before: at worst every slot has just begun with the longest attempt that is known.
  const longest = Math.max(
    timeout_ms,
    ...before.map((task) => task.timeout_ms),
    ...holds.map((hold) => hold.until - hold.at),
  );
  const all = candidates.reduce((sum, { agent }) => sum + Math.max(openSlots(agent), heldCount(agent)), 0);
  const running = at > now ? all * longest : holds.reduce((sum, hold) => sum + Math.max(0, hold.until - at), 0);
  const queued = before.reduce((sum, task) => sum + task.timeout_ms, 0);
  return new Date(at + Math.ceil((running + queued) / slots)).toISOString();
}

const waitsForItsOwn = ({ chain }: Routing): boolean =>
  chain.some((each) => each.use === 'affinity' && each.wait_ms > 0);

/** What may hold a task back although one of its agents is free: a limit, the budget of its workflow, or its strategy. */
function holdOn(task: Limited, route: RouteRow, routing: Routing, policy: PoolRows['policy']): string | undefined {
  const [limit] = limitTitles(task, route, policy);
  if (limit !== undefined) return `${limit} may hold it back`;
  if (route.budgeted === true) return 'the budget of its workflow may hold it back';
  return waitsForItsOwn(routing) ? 'its strategy may let it wait for its own agent' : undefined;
}

/**
 * Why no bound can be told of a task, as people are told; undefined: nothing may hold it back, and nothing hides it. A dispatch reads the head of a route: what stands there and may be held back, or
 * may not have an agent that the task may have, would keep it from being seen. `before` are the tasks of its own route that stand before it.
 */
export function noBoundBecause(
  task: ReadyTask,
  route: RouteRow,
  before: readonly ReadyTask[],
  { reach, policy }: { readonly reach: ReturnType<typeof reaches>; readonly policy: PoolRows['policy'] },
): string | undefined {
  const own = reach(task, route);
  if (own.members.length === 0) return 'no agent that could run it is available';
  const held = holdOn(task, route, own.routing, policy);
  if (held !== undefined) return held;
  const hiding = before.find((each) => {
    const { routing, members } = reach(each, route);
    if (holdOn(each, route, routing, policy) !== undefined) return true;
    return members !== own.members && !own.members.every((member) => members.includes(member));
  });
  return hiding === undefined ? undefined : `${hiding.task_id}, which stands before it, may be held back and hide it`;
}
