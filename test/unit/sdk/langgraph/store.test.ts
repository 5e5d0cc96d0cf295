import { describe, expect, it } from '@jest/globals';
import { CadreStore } from '../../../../src/sdk/langgraph.ts';
import { createTestCloud } from '../../../../src/sdk/test-cloud/test-cloud.ts';
import { drivenContexts } from '../../../support/driven-contexts.ts';

function stage() {
  const cloud = createTestCloud();
  const contexts = drivenContexts(cloud);
  return { cloud, contexts, store: new CadreStore(contexts) };
}

const valuesOf = (items: readonly { readonly value: unknown }[]) => items.map(({ value }) => value);

describe('the LangGraph store on documents', () => {
  it('gives back what was put last, with the times of its creation and its change', async () => {
    const { cloud, store } = stage();
    await store.put(['users', 'ann'], 'likes', { food: 'figs' });
    const first = await store.get(['users', 'ann'], 'likes');
    await cloud.skip(1_000);
    await store.put(['users', 'ann'], 'likes', { food: 'dates' });
    const item = await store.get(['users', 'ann'], 'likes');
    expect(item).toMatchObject({ namespace: ['users', 'ann'], key: 'likes', value: { food: 'dates' } });
    expect(item?.createdAt).toEqual(first?.createdAt);
    expect(item?.updatedAt.getTime()).toBeGreaterThan(item?.createdAt.getTime() ?? 0);
  });

  it('keeps names apart that no document id could have', async () => {
    const { store } = stage();
    const names = ['a/b', 'a_2Fb', 'a b', '_', '0_', '0_5F', '', '-', 'é', 'É', '..', '漢'];
    for (const name of names) await store.put(['odd'], name, { name });
    for (const name of names) expect((await store.get(['odd'], name))?.value).toEqual({ name });
    expect(await store.search(['odd'], { limit: 100 })).toHaveLength(names.length);
  });

  it('deletes, and has nothing to say about deleting what is not there', async () => {
    const { store } = stage();
    await store.put(['a'], 'b', { x: 1 });
    await store.delete(['a'], 'b');
    await store.delete(['a'], 'b');
    expect(await store.get(['a'], 'b')).toBeNull();
    await store.put(['a'], 'b', { x: 2 });
    expect(valuesOf(await store.search(['a']))).toEqual([{ x: 2 }]);
  });

  it('filters by fields and operators, page by page, and only below the prefix', async () => {
    const { store } = stage();
    for (const age of [10, 20, 30, 40]) await store.put(['people', 'team'], `p${age}`, { age, kind: 'human' });
    await store.put(['people'], 'team', { age: 99, kind: 'human' });
    const search = async (filter: object, page: object = {}) =>
      valuesOf(await store.search(['people', 'team'], { filter, ...page })).map(
        (value) => (value as { age: number }).age,
      );
    expect(await search({ age: { $gte: 20, $lt: 40 } })).toEqual([20, 30]);
    expect(await search({ kind: 'human' }, { offset: 1, limit: 2 })).toEqual([20, 30]);
    expect(await search({ age: { $in: [10, 40] }, kind: { $ne: 'robot' } })).toEqual([10, 40]);
    expect(await search({ kind: 'robot' })).toEqual([]);
    expect(await store.search(['people', 'tea'])).toEqual([]);
  });

  it('ranks by the words of a question', async () => {
    const { cloud, store } = stage();
    await store.put(['notes'], 'one', { text: 'a lease expires after its heartbeats end' });
    await store.put(['notes'], 'two', { text: 'figs are sweet' });
    await cloud.skip(5_000);
    const [best] = await store.search(['notes'], { query: 'why do leases expire' });
    expect(best?.key).toBe('one');
    expect(best?.score).toBeGreaterThan(0);
  });

  it('lists namespaces by prefix, suffix and depth', async () => {
    const { store } = stage();
    for (const namespace of [
      ['a', 'x', 'v1'],
      ['a', 'y', 'v1'],
      ['b', 'x', 'v2'],
    ])
      await store.put(namespace, 'k', {});
    expect(await store.listNamespaces({ prefix: ['a'] })).toEqual([
      ['a', 'x', 'v1'],
      ['a', 'y', 'v1'],
    ]);
    expect(await store.listNamespaces({ prefix: ['*', 'x'] })).toEqual([
      ['a', 'x', 'v1'],
      ['b', 'x', 'v2'],
    ]);
    expect(await store.listNamespaces({ suffix: ['v1'], maxDepth: 1 })).toEqual([['a']]);
    expect(await store.listNamespaces({ limit: 1, offset: 2 })).toEqual([['b', 'x', 'v2']]);
  });
});
