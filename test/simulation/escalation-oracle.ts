import { pulseIntervalMs, watchdogLookMs } from '../../src/contracts/limits.ts';
import type { Escalation } from '../../src/contracts/distributor/task.ts';
import type { Check, Item } from './oracle.ts';

const levels = ['critical', 'high', 'medium', 'low'];
/** How far a function's clock may be ahead (ms). */
const clockSkewMsMax = 250;
/** How long an entry may stay unseen by a pulse that reads the lagging index, with the skew of its clock (ms). */
const visibleAfterMs = 2_500;
/** How late a step may be after the last fault: a pulse's period and the watchdog's next look, should all ticks have been lost (ms). */
const lateMsMax = pulseIntervalMs + watchdogLookMs + visibleAfterMs;

/** Level and due of a task that stands in the ready order. */
function placeOf(row: Item | undefined) {
  if (row === undefined || !String(row['gsi1pk']).startsWith('READY')) return undefined;
  const [level, due] = String(row['gsi1sk']).split('#');
  return { level: levels[Number(level)], due };
}

const submitted = (row: Item) => [row['escalated_from'] ?? row['priority'], row['deadline']].join();

/** What the oracle looks up besides a commit's own rows. */
interface View {
  peek(pk: string, sk: string): Item | undefined;
  /** When the last fault struck. */
  lastFaultAt(): number;
  /** The tasks that stand in the ready order, by partition, with the times since when. */
  readonly ready: ReadonlyMap<string, ReadonlyMap<string, { readonly since: number }>>;
}

/** The first step that a task has before it, told apart from the code under test. A deadline that had passed before it came hurries nothing. */
function nextStep(row: Item): { readonly priority: string; readonly at: number } | undefined {
  const { deadline, created_at, priority, escalation = [] } = row as { escalation?: readonly Escalation[] } & Item;
  if (typeof deadline !== 'string' || deadline <= String(created_at)) return undefined;
  const isAbove = (step: Escalation): boolean => levels.indexOf(step.priority) < levels.indexOf(String(priority));
  const next = escalation.find(isAbove);
  return next && { priority: next.priority, at: Date.parse(deadline) - next.within_ms };
}

/** A level rises by the task's own rule, not too early, with the first whole pulse after its time, and soon after the last fault; the entry stands where the row says, and when it is due stays. */
export function createEscalationOracle(check: Check, { peek, lastFaultAt, ready }: View) {
  const onTask = (before: Item | undefined, after: Item, at: number): void => {
    const id = String(after['task_id']);
    const { priority, escalated_from } = after;
    const place = placeOf(after);
    check(place === undefined || place.level === priority, at, 'LevelFitsRow', () => `${id} is ${String(priority)}`);
    if (escalated_from !== undefined && priority !== before?.['priority']) {
      const steps = (after['escalation'] ?? []) as readonly Escalation[];
      const within = steps.find((step) => step.priority === priority)?.within_ms ?? -Infinity;
      const early = Date.parse(String(after['deadline'])) - within - at;
      check(early <= clockSkewMsMax, at, 'EscalatesByRule', () => `${id} ${early} ms too early`);
    }
    const was = placeOf(before);
    const missed = was && nextStep(before as Item);
    if (missed !== undefined) {
      const { since = at } = ready.get(String(before?.['gsi1pk']))?.get(id) ?? {};
      const late = at - Math.max(missed.at, since, lastFaultAt());
      check(late <= lateMsMax, at, 'EscalatesInTime', () => `${id} is to be ${missed.priority} ${late} ms too late`);
    }
    if (was === undefined || place === undefined || submitted(before as Item) !== submitted(after)) return;
    const isStill = was.due === place.due;
    check(isStill, at, 'DueStays', () => `${id} was due ${String(was.due)}, and is ${String(place.due)}`);
  };
  /** A pulse that began at this time came to its end, and no call of it failed: whatever waited for longer stands where its rule puts it. */
  const onPulse = (began: number, at: number): void => {
    const seen = began - visibleAfterMs;
    for (const [id, { since }] of [...ready.values()].flatMap((lane) => [...lane])) {
      const row = peek(`TASK#${id}`, 'TASK');
      if (since > seen || row === undefined) continue;
      const next = nextStep(row);
      const isRaised = next === undefined || next.at > seen;
      check(isRaised, at, 'EscalatesByPulse', () => `${id} is ${String(row['priority'])}, not ${next?.priority ?? ''}`);
    }
  };
  return { onTask, onPulse };
}
