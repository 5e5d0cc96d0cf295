import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ContextCalls } from '../../../src/sdk/client/context-calls.ts';
import { CadreError } from '../../../src/contracts/errors.ts';
import { contextStage } from '../../unit/context/stage.ts';

/** A change of one of a few documents; one that is refused is no change. */
const change = fc.record({
  what: fc.constantFrom('create', 'put', 'append', 'delete', 'hold', 'wait'),
  context_id: fc.constantFrom('p', 'p/a', 'p/b', 'p/b/c', 'pq', 'q'),
  n: fc.integer({ min: 0, max: 3 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** The documents of a stage as their readers see them, by the real store. */
function world() {
  const { call, clock } = contextStage();
  const version = async (context_id: string) => (await call('history', { context_id })).items[0]?.version ?? 1;
  const doing = async ({ what, context_id, n }: Change): Promise<unknown> => {
    clock.now += 1;
    switch (what) {
      case 'create':
        return call('create', { context_id, context_type: 'knowledge', data: { n, log: [] }, tags: [`t${String(n)}`] });
      case 'put':
        return call('put', { context_id, expected_version: await version(context_id), data: { n, log: [] } });
      case 'append':
        return call('append', { context_id, pointer: '/log', items: [n] });
      case 'delete':
        return call('delete', { context_id, expected_version: await version(context_id) });
      case 'hold':
        return call('hold', { context_id, reason: 'why' });
      case 'wait':
        clock.now += n * 3_000;
        return undefined;
    }
  };
  const act = async (changes: readonly Change[]) => {
    for (const each of changes)
      await doing(each).catch((error: unknown) => {
        if (!(error instanceof CadreError)) throw error;
      });
  };
  const shown = async () => {
    const { items } = await call('list', { limit: 100 });
    const ids = items.map(({ context_id }) => context_id);
    const found = ids.length === 0 ? [] : (await call('batch', { context_ids: ids })).items;
    return new Map(
      found.flatMap((item) => (item.ok ? [[item.value.context_id, [item.value.data, item.value.tags]] as const] : [])),
    );
  };
  const rewind = async (newer: 'keep' | 'delete', limit: number): ReturnType<ContextCalls['rewind']> => {
    const items: Awaited<ReturnType<ContextCalls['rewind']>>['items'] = [];
    let cursor: string | undefined;
    do {
      const page = await call('rewind', { name: 's', newer, limit, ...(cursor === undefined ? {} : { cursor }) });
      items.push(...page.items);
      ({ cursor } = page);
      clock.now += 1_000;
    } while (cursor !== undefined);
    return { items };
  };
  return { act, shown, rewind, call, clock };
}

describe('a rewind to a snapshot', () => {
  it('leaves the place as it was, all else as it is, and nothing to do', async () => {
    const changes = fc.array(change, { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(changes, changes, fc.integer({ min: 1, max: 9 }), async (before, after, limit) => {
        const { act, shown, rewind, call, clock } = world();
        await act(before);
        const then = await shown();
        await call('snapshot', { name: 's', under: 'p' });
        await act(after);
        clock.now += 1;
        const now = await shown();
        const { items } = await rewind('delete', limit);
        expect(new Set(items.map(({ context_id }) => context_id)).size).toBe(items.length);
        const isInside = ([id]: readonly [string, unknown]) => id === 'p' || id.startsWith('p/');
        const expected = [...[...then].filter(isInside), ...[...now].filter((entry) => !isInside(entry))];
        expect(await shown()).toEqual(new Map(expected));
        expect((await rewind('delete', limit)).items).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
