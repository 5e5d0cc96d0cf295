import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openFleet } from '../../../src/distributor/core/agents/fleet.ts';
import { heapOf } from '../../../src/distributor/core/ready/heap.ts';
import { bestOf } from '../../../src/distributor/core/strategies/ranking.ts';
import { plainSettings, rank } from '../../../src/distributor/core/strategies/registry.ts';
import { agentRow, readyTask, route, startMs } from '../../unit/distributor/rows.ts';

const agents = fc
  .array(fc.record({ capacity: fc.integer({ min: 1, max: 4 }), busy: fc.integer({ min: 0, max: 5 }) }), {
    maxLength: 8,
  })
  .map((list) =>
    list.map((each, at) => agentRow({ agent_id: `a${at}`, capabilities: at % 2 === 0 ? ['x'] : [], ...each })),
  );

describe('a heap', () => {
  it('gives its entries in their order, whatever was pushed in between', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.array(fc.integer()), (first, later) => {
        const heap = heapOf(first, (one, other) => one < other);
        for (const each of later) heap.push(each);
        const shown = Array.from({ length: heap.size }, () => heap.pop());
        expect(shown).toEqual([...first, ...later].sort((one, other) => one - other));
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });

  it('lets a changed top find its place', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.nat(), (values, more) => {
        const heap = heapOf(
          values.map((value) => ({ value })),
          (one, other) => one.value < other.value,
        );
        heap.peek()!.value += more;
        heap.sinkTop();
        const shown = Array.from({ length: values.length }, () => heap.pop()!.value);
        const [least = 0, ...rest] = [...values].sort((one, other) => one - other);
        expect(shown).toEqual([least + more, ...rest].sort((one, other) => one - other));
      }),
    );
  });
});

describe('the least loaded of a set', () => {
  it('is always an agent with the greatest share of free slots, also when another set has taken some of them', () => {
    fc.assert(
      fc.property(agents, fc.array(fc.boolean(), { maxLength: 40 }), (all, turns) => {
        const fleet = openFleet(all, startMs);
        const sets = [fleet.candidatesOf(route()), fleet.candidatesOf(route(['x']))];
        for (const turn of turns) {
          const set = sets[Number(turn)]!;
          const shares = set.all.map(({ agent, free }) => free / agent.capacity);
          const ranking = rank(plainSettings('least_loaded'), readyTask(), set, { now: startMs, route: route() });
          const chosen = bestOf(set, ranking);
          expect(chosen === undefined ? 0 : chosen.free / chosen.agent.capacity).toBe(Math.max(0, ...shares));
          chosen?.take();
        }
      }),
      { numRuns: 300 },
    );
  });
});
