import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { listSchedule, type TimedTask } from '../../support/list-scheduling.ts';

/** Graphs whose tasks depend on earlier ones. */
const graph = fc.array(fc.record({ ms: fc.integer({ min: 0, max: 100 }), on: fc.array(fc.nat(), { maxLength: 3 }) }), {
  minLength: 1,
  maxLength: 25,
});
const tasksOf = (nodes: readonly { readonly ms: number; readonly on: readonly number[] }[]): TimedTask[] =>
  nodes.map(({ ms, on }, index) => ({
    name: `t${index}`,
    ms,
    depends_on: index === 0 ? [] : on.map((each) => `t${each % index}`),
  }));

function longest(tasks: readonly TimedTask[]): number {
  const ends = new Map<string, number>();
  for (const { name, ms, depends_on } of tasks)
    ends.set(name, ms + Math.max(0, ...depends_on.map((each) => ends.get(each) ?? 0)));
  return Math.max(...ends.values());
}

describe('list scheduling', () => {
  it('takes at least the longest path and the work by the slots, and at most what Graham proved', () => {
    fc.assert(
      fc.property(graph, fc.integer({ min: 1, max: 8 }), (nodes, slots) => {
        const tasks = tasksOf(nodes);
        const work = tasks.reduce((sum, { ms }) => sum + ms, 0);
        const path = longest(tasks);
        const makespan = listSchedule(tasks, slots);
        expect(makespan).toBeGreaterThanOrEqual(Math.max(path, work / slots));
        expect(makespan).toBeLessThanOrEqual(work / slots + (1 - 1 / slots) * path + 1e-6);
      }),
    );
  });

  it('is the sum on one slot and the longest path on many', () => {
    fc.assert(
      fc.property(graph, (nodes) => {
        const tasks = tasksOf(nodes);
        expect(listSchedule(tasks, 1)).toBe(tasks.reduce((sum, { ms }) => sum + ms, 0));
        expect(listSchedule(tasks, tasks.length)).toBe(longest(tasks));
      }),
    );
  });
});
