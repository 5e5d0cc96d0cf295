import { startsBy } from '../../src/distributor/core/ready/longest-wait.ts';
import { dueOf } from '../../src/distributor/core/ready/ready-order.ts';
import type { Priority } from '../../src/contracts/distributor/task.ts';
import type { Simulation } from '../../src/simulator/engine.ts';
import type { Work } from '../../src/simulator/work.ts';

/** A task's wait against its bound, ms. */
export interface BoundedWait {
  readonly waitMs: number;
  readonly boundMs: number;
}

/** Acceptance and hand-over on the modelled cloud, within which an attempt's time-out is counted from. */
const handoverMs = 2_000;

/**
 * What the core's formula promised each task of a level when it came due, from what was due before it and had not begun, against what became of it. Time-outs are the
 * working times with the hand-over, the tightest that a user could set.
 */
export function boundedWaits(level: Priority, work: readonly Work[], run: Simulation): readonly BoundedWait[] {
  const candidates = run.agents.map(({ row }) => ({ agent: { ...row, holds: {} }, free: row.capacity }));
  const timeoutOf = ({ duration_ms }: Work): number => duration_ms + handoverMs;
  const longest = Math.max(...work.map(timeoutOf));
  const dues = work.map(({ at, priority }) => Date.parse(dueOf({ priority, created_at: new Date(at).toISOString() })));
  return work.flatMap(({ at, priority }, index) => {
    const [due = 0, startedAt = Number.NaN] = [dues[index], run.startedAt[index]];
    if (priority !== level || Number.isNaN(startedAt)) return [];
    const before = work.flatMap((other, each) =>
      each !== index && (dues[each] ?? 0) <= due && (run.startedAt[each] ?? 0) >= due
        ? [{ timeout_ms: timeoutOf(other) }]
        : [],
    );
    const bound = startsBy({ due: new Date(due).toISOString(), timeout_ms: longest, before, candidates, now: at });
    return [{ waitMs: startedAt - at, boundMs: Date.parse(bound ?? '') - at }];
  });
}
