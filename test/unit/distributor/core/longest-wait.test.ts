import { describe, expect, it } from '@jest/globals';
import { startsBy } from '../../../../src/distributor/core/ready/longest-wait.ts';
import { agentRow, iso, startMs } from '../rows.ts';

const minute = 60_000;
const task = { due: iso(startMs), timeout_ms: minute, before: [], now: startMs };
const candidate = (capacity: number, busy: number) => {
  const agent = agentRow({ agent_id: `a${capacity}${busy}`, capacity, busy });
  return { agent, free: capacity - busy };
};
const before = (count: number) => Array.from({ length: count }, () => ({ timeout_ms: minute }));

describe('the longest wait of a task that is due', () => {
  it.each([
    ['nothing, with free slots and nobody before it', [candidate(2, 0)], 0, 0],
    ['what runs, spread over all slots', [candidate(2, 2)], 0, 1],
    ['what was due before it as well', [candidate(2, 2)], 4, 3],
    ['less with more agents', [candidate(2, 2), candidate(6, 0)], 4, 0.75],
  ])('is %s', (_what, candidates, count, minutes) => {
    expect(startsBy({ ...task, before: before(count), candidates })).toBe(iso(startMs + minutes * minute));
  });

  it('counts from when it is due, and then every slot may just have begun with the longest attempt', () => {
    const due = iso(startMs + 10 * minute);
    const waiting = { ...task, due, before: [{ timeout_ms: 3 * minute }], candidates: [candidate(1, 0)] };
    expect(startsBy(waiting)).toBe(iso(startMs + 16 * minute));
  });

  it('counts only the slots that no reservation keeps from it', () => {
    const waiting = { ...task, before: before(4), candidates: [candidate(2, 2)] };
    expect(startsBy({ ...waiting, kept: 1 })).toBe(iso(startMs + 6 * minute));
    expect(startsBy({ ...waiting, kept: 2 })).toBeUndefined();
  });

  it('counts one slot of an agent that is degraded, and those that a warm-up has opened', () => {
    const one = (over: Parameters<typeof agentRow>[0]) => {
      const agent = agentRow({ capacity: 10, ...over });
      return startsBy({ ...task, before: before(4), candidates: [{ agent, free: 0 }] });
    };
    expect(one({ failed_in_a_row: 5, busy: 1 })).toBe(iso(startMs + 5 * minute));
    // What it runs beyond its one slot must end, too.
    expect(one({ failed_in_a_row: 5, busy: 3 })).toBe(iso(startMs + 7 * minute));
    expect(one({ warm_up: true, completed_since: 1 })).toBe(iso(startMs + 2 * minute));
  });

  it('is not known while nobody could run it', () => {
    expect(startsBy({ ...task, candidates: [] })).toBeUndefined();
  });
});
