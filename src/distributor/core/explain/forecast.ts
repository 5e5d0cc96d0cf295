import type { TaskForecast } from '../../../contracts/distributor/forecast.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import { type Duration, durationsOf, type Durations, endedBy, estimated, timeOf } from '../agents/durations.ts';
import { heapOf } from '../ready/heap.ts';
import { heldSlots } from '../agents/hold.ts';
import { levelOf } from '../ready/ready-order.ts';
import { hashOf, shareOf } from '../strategies/hash.ts';

/** A task that starts before the one in question, and the share of the slots open to it that the other one may use too: as likely it takes one of those. */
export interface Ahead {
  readonly task_type: string;
  readonly share: number;
}

/** A forecast, whose task its asker knows. */
export type Forecast = Omit<TaskForecast, 'task_id'>;

/** What a forecast is made of. */
export interface ForecastView {
  readonly now: number;
  readonly task_type: string;
  /** RFC 3339. */
  readonly deadline?: string | undefined;
  /** What its submitter expects, in seconds: taken where nothing is known of its type. */
  readonly estimated_duration?: number | undefined;
  /** All agents of the pool: their figures tell durations. */
  readonly agents: readonly AgentRow[];
  /** Those that can run it. */
  readonly able: readonly AgentRow[];
  /** In the order in which they start. */
  readonly before: readonly Ahead[];
  /** More stand before it than were read. */
  readonly more: boolean;
  /** Share of the slots that work which comes later and goes first will take (`overtaking`). */
  readonly overtaking: number;
}

/** What comes later and goes first at most doubles a wait: a burst of it that is under way would else look as if it never ended. */
const overtakingMax = 0.5;

/**
 * The share of its slots that a task of this order will lose to higher levels while it waits: what they have of them now, since by Little's law that is how much of
 * it comes.
 */
export function overtaking(able: readonly AgentRow[], order: string): number {
  const level = levelOf(order);
  const slots = able.reduce((sum, { capacity }) => sum + capacity, 0);
  const higher = able.flatMap(({ holds }) => Object.values(holds)).filter((hold) => levelOf(hold.order ?? '0') < level);
  return slots === 0 ? 0 : Math.min(overtakingMax, higher.length / slots);
}

/** Futures that are played through. More: finer chances, and more time. */
const futuresMax = 100;
/** Futures that are played through however large the backlog. */
const futuresMin = 20;
/** Steps that all futures may take together, so that a large backlog does not hold up the API. */
const stepsMax = 100_000;
/** What lies between two tasks on a slot: result, decision, assignment. */
const handoverMs = 200;
/** The chance to which `agents_needed` brings it. */
const acceptedMiss = 0.05;
/** Agents more than which nobody is told to add. */
const addedAgentsMax = 1_000;

/** An attempt that is under way, as far as its row tells. */
interface Running {
  readonly at: number;
  readonly until: number;
  readonly duration: Duration | undefined;
  /** The share of attempts that would have ended by now. */
  readonly passed: number;
  readonly dice: number;
}

function runningOn(view: ForecastView, durations: Durations): readonly Running[] {
  return view.able.flatMap((agent) => {
    const duration = durations.inHand(agent);
    return heldSlots(agent).map(([key, { at, until }]) => {
      const passed = duration === undefined ? 0 : endedBy(duration, view.now - at);
      return { at, until, duration, passed, dice: hashOf(key) };
    });
  });
}

/** When it ends in one future: what has lasted for long is expected to last on accordingly, and no longer than its time-out. */
function endOf({ at, until, duration, passed, dice }: Running, now: number, future: number): number {
  if (duration === undefined) return Math.max(now, until);
  return Math.max(now, Math.min(until, at + timeOf(duration, passed + (1 - passed) * shareOf(future, dice))));
}

/** What all futures have in common. */
function futuresOf(view: ForecastView, durations: Durations, own: Duration) {
  const { now, able, before } = view;
  const running = runningOn(view, durations);
  const slots = able.reduce((sum, { capacity }) => sum + capacity, 0);
  const idle = Math.max(0, slots - running.length);
  const types = new Map<string, Duration>();
  for (const { task_type } of before) types.set(task_type, durations.of(task_type)?.duration ?? own);
  const count = Math.max(futuresMin, Math.min(futuresMax, Math.floor(stepsMax / (slots + before.length + 1))));
  /** When the task starts in one future, with so many slots more; Infinity: nobody can run it. */
  const start = (future: number, moreSlots: number): number => {
    const dice = hashOf(`future ${future}`);
    const ends = running.map((each) => ({ at: endOf(each, now, dice) }));
    const slot = (): { at: number } => ({ at: now });
    const free = heapOf(
      [...ends, ...Array.from({ length: idle + moreSlots }, slot)],
      (one, other) => one.at < other.at,
    );
    for (const [index, { task_type, share }] of before.entries()) {
      const next = free.peek();
      if (next === undefined) return Infinity;
      if (share < 1 && shareOf(dice, 2 * index) >= share) continue;
      next.at += handoverMs + timeOf(types.get(task_type) ?? own, shareOf(dice, 2 * index + 1));
      free.sinkTop();
    }
    const isFree = (free.peek()?.at ?? Infinity) - now;
    return now + isFree / (1 - view.overtaking) + handoverMs;
  };
  return (moreSlots: number): readonly number[] =>
    Array.from({ length: count }, (_, future) => start(future, moreSlots));
}

const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;
const share = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * 1_000) / 1_000;

/** The fewest agents more that make the miss unlikely; chances only fall with more of them. */
function agentsNeeded(missWith: (agents: number) => number): number | undefined {
  if (missWith(0) <= acceptedMiss) return 0;
  let high = 1;
  while (missWith(high) > acceptedMiss) {
    high *= 2;
    if (high > addedAgentsMax) return undefined;
  }
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (missWith(middle) > acceptedMiss) low = middle;
    else high = middle;
  }
  return high;
}

function spanOf(sorted: readonly number[]): { p50: string; p95: string } | undefined {
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Infinity;
  if (!Number.isFinite(at(0.95))) return undefined;
  return { p50: new Date(at(0.5)).toISOString(), p95: new Date(at(0.95)).toISOString() };
}

/**
 * When a task will start and end, and how likely it misses its deadline, with the agents there are and with more. The tasks before it are played through on the slots
 * of those agents in many futures, in each of which durations are drawn from what is known of their types; the chance that its own duration is too long is then exact.
 * What is drawn is made of the future's number, so that the same situation gets the same answer, and more agents never look worse.
 */
export function forecast(view: ForecastView): Forecast {
  const { now, able, before, more, deadline, task_type, estimated_duration } = view;
  const slots = able.reduce((sum, { capacity }) => sum + capacity, 0);
  const facts = { agents: able.length, slots, before: { tasks: before.length, more } };
  const durations = durationsOf(view.agents);
  const known = durations.of(task_type);
  const isGuess = known?.from !== 'type' && estimated_duration !== undefined;
  const own = isGuess ? estimated(estimated_duration * 1_000) : known?.duration;
  if (own === undefined) return { ...facts, durations_from: 'nothing' };
  const capacity = Math.max(1, Math.round(able.length === 0 ? 1 : slots / able.length));
  const startsOf = futuresOf(view, durations, own);
  const startsWith = (agents: number) => startsOf(agents * capacity);
  const due = deadline === undefined ? undefined : Date.parse(deadline);
  const missOf = (times: readonly number[], by: number) => mean(times.map((start) => 1 - endedBy(own, by - start)));
  const asIs = startsWith(0);
  const oneMore = due === undefined ? [] : startsWith(1);
  const starting = spanOf(asIs.toSorted((one, other) => one - other));
  const ending = spanOf(
    asIs
      .map((start, future) => start + timeOf(own, shareOf(hashOf(`end ${future}`), 0)))
      .sort((one, other) => one - other),
  );
  const times = {
    ...(starting === undefined ? {} : { starts_at: starting }),
    ...(ending === undefined ? {} : { ends_at: ending }),
  };
  const from = { ...facts, ...times, durations_from: isGuess ? 'estimate' : (known?.from ?? 'nothing') } as const;
  if (due === undefined) return from;
  // Even who starts at once may come too late.
  const isHopeless = missOf([now + handoverMs], due) > acceptedMiss;
  const missWith = (agents: number) => missOf([asIs, oneMore][agents] ?? startsWith(agents), due);
  const needed = isHopeless ? undefined : agentsNeeded(missWith);
  return {
    ...from,
    miss: share(missWith(0)),
    miss_with_one_more: share(missWith(1)),
    ...(needed === undefined ? {} : { agents_needed: needed }),
  };
}
