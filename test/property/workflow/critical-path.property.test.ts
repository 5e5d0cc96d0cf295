import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Edges, forecast, inOrder, restAfter } from '../../../src/workflow/core/run/critical-path.ts';

const now = Date.UTC(2026, 0, 1);

/** Graphs whose edges go from lower to higher indexes, with an estimate for each node. */
const graph = fc.integer({ min: 1, max: 12 }).chain((size) =>
  fc
    .tuple(
      fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: size, maxLength: size }),
      fc.array(fc.array(fc.boolean(), { minLength: size, maxLength: size }), { minLength: size, maxLength: size }),
    )
    .map(([estimates, matrix]) => {
      const dependencies = matrix.map((row, index) => row.flatMap((on, from) => (on && from < index ? [from] : [])));
      const dependents = dependencies.map((_, from) =>
        dependencies.flatMap((list, index) => (list.includes(from) ? [index] : [])),
      );
      return { estimates, edges: { dependencies, dependents } satisfies Edges };
    }),
);

/** The longest way from a node to the end, its own time included, by trying all. */
function longest({ dependents }: Edges, estimates: readonly number[], from: number): number {
  return (
    estimates[from]! +
    Math.max(0, ...dependents[from]!.map((next) => longest({ dependencies: [], dependents }, estimates, next)))
  );
}

const timings = (estimates: readonly number[]) => estimates.map((estimate_ms) => ({ estimate_ms }));

describe('the critical path', () => {
  it('before anything runs is the longest way through the graph', () => {
    fc.assert(
      fc.property(graph, ({ estimates, edges }) => {
        const { finish, critical, slack, ends, starts } = forecast(edges, timings(estimates), now);
        const ways = estimates.map((_, index) => longest(edges, estimates, index));
        expect(finish - now).toBe(Math.max(...ways));
        expect(critical.reduce((sum, index) => sum + estimates[index]!, 0)).toBe(finish - now);
        for (const [at, index] of critical.entries()) {
          expect(slack[index]).toBe(0);
          if (at > 0) expect(edges.dependencies[index]).toContain(critical[at - 1]);
        }
        for (const [index, list] of edges.dependencies.entries())
          for (const from of list) expect(ends[from]).toBeLessThanOrEqual(starts[index]!);
      }),
    );
  });

  it('has all the slack there is: a node that takes so much longer delays nothing, and one moment more delays the end', () => {
    fc.assert(
      fc.property(graph, fc.nat(), ({ estimates, edges }, choice) => {
        const index = choice % estimates.length;
        const before = forecast(edges, timings(estimates), now);
        const slower = (more: number) => estimates.map((ms, at) => (at === index ? ms + more : ms));
        const spare = before.slack[index]!;
        expect(forecast(edges, timings(slower(spare)), now).finish).toBe(before.finish);
        expect(forecast(edges, timings(slower(spare + 1)), now).finish).toBe(before.finish + 1);
      }),
    );
  });

  it('leaves after each node what the longest way from it takes', () => {
    fc.assert(
      fc.property(graph, ({ estimates, edges }) => {
        const rest = restAfter(edges, estimates);
        expect(rest).toEqual(estimates.map((own, index) => longest(edges, estimates, index) - own));
      }),
    );
  });

  it('keeps what has happened, and never predicts an end before now', () => {
    fc.assert(
      fc.property(graph, fc.nat({ max: 12 }), fc.nat({ max: 3_000 }), ({ estimates, edges }, begun, elapsed) => {
        const done = estimates.map((estimate_ms, index) =>
          index < begun ? { estimate_ms, started_at: now - 10, ended_at: now - 5 } : { estimate_ms },
        );
        const late = now + elapsed;
        const { ends, starts, slack, finish } = forecast(edges, done, late);
        for (const [index, end] of ends.entries()) {
          if (index < begun) expect([starts[index], end, slack[index]]).toEqual([now - 10, now - 5, 0]);
          else expect(end).toBeGreaterThanOrEqual(late);
        }
        if (begun < estimates.length) expect(finish).toBeGreaterThanOrEqual(late);
      }),
    );
  });

  it('is computed for ten thousand nodes in a row without recursion', () => {
    const size = 10_000;
    const chain = Array.from({ length: size }, (_, index) => index);
    const edges = {
      dependencies: chain.map((index) => (index === 0 ? [] : [index - 1])),
      dependents: chain.map((index) => (index === size - 1 ? [] : [index + 1])),
    };
    expect(inOrder(edges)).toEqual(chain);
    expect(forecast(edges, timings(chain.map(() => 1)), now).finish).toBe(now + size);
  });
});
