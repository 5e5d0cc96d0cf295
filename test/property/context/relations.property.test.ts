import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CadreError } from '../../../src/contracts/errors.ts';
import { contextStage } from '../../unit/context/stage.ts';

const ids = ['a', 'b', 'c', 'd'] as const;
const types = ['part_of', 'supersedes', 'knows'] as const;
const relations = fc.uniqueArray(fc.record({ type: fc.constantFrom(...types), to: fc.constantFrom(...ids) }), {
  maxLength: 3,
  selector: ({ type, to }) => `${type} ${to}`,
});
const write = fc.record({ id: fc.constantFrom(...ids), relations });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ operation: fc.constant('write' as const), writes: fc.tuple(write) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      operation: fc.constant('write' as const),
      writes: fc.uniqueArray(write, { minLength: 2, maxLength: 3, selector: ({ id }) => id }),
    }),
  },
  fc.record({ operation: fc.constant('delete' as const), id: fc.constantFrom(...ids) }),
  fc.record({ operation: fc.constant('restore' as const), id: fc.constantFrom(...ids) }),
);

type Graph = ReadonlyMap<string, readonly { readonly type: string; readonly to: string }[]>;

/** The documents that are on a circle of a type which may have none. */
function onCircle(graph: Graph): readonly string[] {
  const reaches = (type: string, from: string, goal: string, seen = new Set<string>()): boolean =>
    (graph.get(from) ?? []).some(
      (edge) =>
        edge.type === type &&
        (edge.to === goal || (!seen.has(edge.to) && reaches(type, edge.to, goal, seen.add(edge.to)))),
    );
  return ids.filter((id) => types.some((type) => type !== 'knows' && reaches(type, id, id)));
}

describe('relations of types that may not come back to where they began', () => {
  it('are refused exactly when the documents would be on a circle, alone or in a transaction', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const { call } = contextStage();
        /** What is there, the newest version of each, and what a restoration brings back. */
        const graph = new Map<string, readonly { type: string; to: string }[]>();
        const versions = new Map<string, number>();
        const lastLive = new Map<string, { version: number; relations: readonly { type: string; to: string }[] }>();
        for (const each of steps) {
          const after = new Map(graph);
          let work: Promise<unknown>;
          let written: readonly string[];
          if (each.operation === 'write') {
            const operations = each.writes.map(({ id, relations: list }) => ({
              ...{ context_id: id, data: {}, relations: list },
              ...(graph.has(id)
                ? { operation: 'put' as const, expected_version: versions.get(id) ?? 0 }
                : { operation: 'create' as const, context_type: 'knowledge' }),
            }));
            for (const { id, relations: list } of each.writes) after.set(id, list);
            written = each.writes.map(({ id }) => id);
            work = call('transaction', { operations });
          } else {
            const expected_version = versions.get(each.id) ?? 0;
            const last = lastLive.get(each.id);
            written = [each.id];
            if ((each.operation === 'delete') !== graph.has(each.id) || last === undefined) continue;
            if (each.operation === 'delete') after.delete(each.id);
            else after.set(each.id, last.relations);
            const request = { context_id: each.id, expected_version };
            work =
              each.operation === 'delete'
                ? call('delete', request)
                : call('restore', { ...request, version: last.version });
          }
          const outcome = await work.then(
            () => 'written',
            (error: unknown) => (error as CadreError).code,
          );
          expect(outcome).toBe(onCircle(after).length > 0 ? 'cyclic-relation' : 'written');
          if (outcome !== 'written') continue;
          graph.clear();
          for (const [id, list] of after) graph.set(id, list);
          for (const id of written) {
            versions.set(id, (versions.get(id) ?? 0) + 1);
            const list = graph.get(id);
            if (list !== undefined) lastLive.set(id, { version: versions.get(id) ?? 0, relations: list });
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
