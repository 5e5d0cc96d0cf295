import type { Escalation } from '../../src/contracts/distributor/task.ts';

type Item = Readonly<Record<string, unknown>>;
type Check = (holds: boolean, at: number, promise: string, detail: () => string) => void;

const levels = ['critical', 'high', 'medium', 'low'];
/** How far a function's clock may be ahead (ms). */
const clockSkewMsMax = 250;

/** Level and due of a task that stands in the ready order. */
function placeOf(row: Item | undefined) {
  if (row === undefined || !String(row['gsi1pk']).startsWith('READY')) return undefined;
  const [level, due] = String(row['gsi1sk']).split('#');
  return { level: levels[Number(level)], due };
}

const submitted = (row: Item) => [row['escalated_from'] ?? row['priority'], row['deadline']].join();

/** A level rises by the task's own rule and not too early, the entry stands where the row says, and when it is due stays. */
export function createEscalationOracle(check: Check) {
  return (before: Item | undefined, after: Item, at: number): void => {
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
    if (was === undefined || place === undefined || submitted(before as Item) !== submitted(after)) return;
    const isStill = was.due === place.due;
    check(isStill, at, 'DueStays', () => `${id} was due ${String(was.due)}, and is ${String(place.due)}`);
  };
}
