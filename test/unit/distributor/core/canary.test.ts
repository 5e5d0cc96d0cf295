import { describe, expect, it } from '@jest/globals';
import type { CanarySettings, CanarySums } from '../../../../src/contracts/distributor/canary.ts';
import type { PolicyRow } from '../../../../src/contracts/rows.ts';
import {
  addedSums,
  canaryHoldOf,
  figuresOf,
  isCanaryTask,
  noSums,
  verdictOn,
} from '../../../../src/distributor/core/policy/canary.ts';
import { iso, readyTask, startMs } from '../rows.ts';

const policy = (over: Partial<CanarySettings> = {}): PolicyRow => ({
  ...{ pool: 'default', version: 2, document: {}, at: iso(startMs), by: 'me' },
  canary: { share: 0.2, watch: 'success', margin: 0.1, samples: 100, document: {}, ...over },
});
const side = (over: Partial<CanarySums['old']> = {}) => ({ ...noSums.old, ended: 100, completed: 90, ...over });

describe('the canary of a policy', () => {
  it('decides for its share of the tasks, the same ones every time, and for all of a smaller share in a larger one', () => {
    const ids = Array.from({ length: 20_000 }, (_, at) => `task-${at}`);
    const chosen = ids.filter((id) => isCanaryTask(policy(), id));
    expect(chosen.length / ids.length).toBeGreaterThan(0.19);
    expect(chosen.length / ids.length).toBeLessThan(0.21);
    expect(chosen.every((id) => isCanaryTask(policy({ share: 0.5 }), id))).toBe(true);
    expect(isCanaryTask({}, 'task-1')).toBe(false);
  });

  it('lets holds note their side, when the task was queued and is due', () => {
    const task = readyTask({ deadline: iso(startMs + 9) });
    expect(canaryHoldOf(policy({ share: 0.9 }), task)).toEqual({
      version: 2,
      side: 'new',
      queued: startMs,
      due: startMs + 9,
    });
    expect(canaryHoldOf(undefined, task)).toBeUndefined();
    const { canary: _none, ...plain } = policy();
    expect(canaryHoldOf(plain, task)).toBeUndefined();
  });

  it('adds up what ended on either side', () => {
    const hold = { version: 2, side: 'new', queued: startMs, due: startMs + 100 } as const;
    const sums = addedSums([
      { hold, started: startMs + 10, ended: startMs + 100, isCompleted: true },
      { hold, started: startMs + 30, ended: startMs + 101, isCompleted: true },
      { hold, started: startMs + 20, ended: startMs + 50, isCompleted: false },
      { hold: { ...hold, side: 'old' }, started: startMs, ended: startMs + 5, isCompleted: true },
    ]);
    expect(sums.new).toEqual({ ended: 3, completed: 2, wait_ms: 60, latency_ms: 201, dated: 3, met: 1 });
    expect(figuresOf(sums.new)).toEqual({
      ...{ ended: 3, dated: 3, success: 2 / 3, wait: 20, deadlines: 1 / 3, latency: 100.5 },
    });
    expect(figuresOf(noSums.old)).toEqual({ ended: 0, dated: 0 });
  });

  it('is judged by the watched figure, beyond its margin, and not before enough have ended on both sides', () => {
    const judge = (settings: Partial<CanarySettings>, sums: CanarySums) => verdictOn(policy(settings), sums)?.isWorse;
    expect(judge({}, { old: side(), new: side({ ended: 99, completed: 0 }) })).toBeUndefined();
    expect(judge({}, { old: side(), new: side({ completed: 80 }) })).toBe(false);
    expect(judge({}, { old: side(), new: side({ completed: 79 }) })).toBe(true);
    const dated = { dated: 100, met: 95 };
    expect(judge({ watch: 'deadlines' }, { old: side(dated), new: side() })).toBeUndefined();
    expect(judge({ watch: 'deadlines' }, { old: side(dated), new: side({ dated: 100, met: 80 }) })).toBe(true);
    expect(judge({ watch: 'wait' }, { old: side({ wait_ms: 1_000 }), new: side({ wait_ms: 1_100 }) })).toBe(false);
    expect(judge({ watch: 'wait' }, { old: side({ wait_ms: 1_000 }), new: side({ wait_ms: 1_101 }) })).toBe(true);
    const slow = { old: side({ completed: 100, latency_ms: 1_000 }), new: side({ completed: 100, latency_ms: 2_000 }) };
    expect(judge({ watch: 'latency' }, slow)).toBe(true);
    expect(verdictOn({}, slow)).toBeUndefined();
  });
});
