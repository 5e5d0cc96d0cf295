import { describe, expect, it } from '@jest/globals';
import { settleMs } from '../../../src/contracts/limits.ts';
import { hashedEmbedder } from '../../../src/context/core/search/hashed-embedding.ts';
import type { IndexDeps, SearchDeps } from '../../../src/context/index-ports.ts';
import { droppedMs } from '../../../src/context/usecases/search/compact-index.ts';
import { indexDocuments } from '../../../src/context/usecases/search/index-documents.ts';
import { runContextOperation } from '../../../src/context/usecases/operations.ts';
import { sweepNamespace } from '../../../src/context/usecases/lifecycle/sweep-namespace.ts';
import { contextStage } from './stage.ts';

const namespace = 'default';
/** More than a build takes in at one step. */
const many = 320;

/** A stage with documents `d/<number>` that have the word `n<number>`, indexed. */
async function stageWith(documents: number) {
  const stage = contextStage();
  const ids = Array.from({ length: documents }, (_, at) => `d/${at}`);
  for (const [at, context_id] of ids.entries())
    await stage.call('create', { context_id, context_type: 'knowledge', data: { body: `lease n${at}` } });
  await indexDocuments(stage.deps, namespace, ids);
  const found = async (text: string) => {
    const { items } = await stage.call('search', { text, mode: 'text', limit: 50 });
    return items.map(({ context_id }) => context_id);
  };
  const write = async (context_id: string, body: string, expected_version: number) => {
    await stage.call('put', { context_id, data: { body }, expected_version });
    await indexDocuments(stage.deps, namespace, [context_id]);
  };
  return { ...stage, found, write, sweep: (deps: SearchDeps = stage.deps) => sweepNamespace(deps, namespace) };
}

/** The same dependencies with an index whose methods that change something do something before and after. */
async function watched(
  deps: SearchDeps,
  around: (method: string, moment: 'before' | 'after', args: readonly unknown[]) => Promise<void> | void,
): Promise<SearchDeps> {
  const own = await deps.indexes();
  const watch = <T extends object>(target: T, methods: readonly string[]): T =>
    new Proxy(target, {
      get: (object, name) => {
        const method = Reflect.get(object, name) as (...args: unknown[]) => unknown;
        if (!methods.includes(String(name))) return method;
        return async (...args: unknown[]) => {
          await around(String(name), 'before', args);
          const answer = await method.apply(object, args);
          await around(String(name), 'after', args);
          return answer;
        };
      },
    });
  const index: IndexDeps = {
    ...own,
    index: watch(own.index, ['replace', 'switchTo', 'drop']),
    segments: watch(own.segments, ['put']),
  };
  return { ...deps, indexes: async () => index };
}

describe('an index that is made anew', () => {
  it('takes in the words that documents have after the migration of their type', async () => {
    const { call, clock, deps, found, sweep } = await stageWith(1);
    const schema = { type: 'object' };
    await call('define', { context_type: 'ticket', schema, expected_version: 0 });
    await call('create', { context_id: 't', context_type: 'ticket', data: { done: true } });
    await indexDocuments(deps, namespace, ['t']);
    await call('define', { context_type: 'ticket', schema, expected_version: 1, migration: '{ "state": "closed" }' });
    await sweep();
    expect(await found('closed')).toEqual([]);
    clock.now += settleMs;
    await sweep();
    expect(await found('closed')).toEqual(['t']);
    expect(await found('n0')).toEqual(['d/0']);
  });

  it('is not begun by a schema that leaves the data as it is', async () => {
    const { call } = await stageWith(1);
    for (const expected_version of [0, 1])
      await call('define', { context_type: 'ticket', schema: { type: 'object' }, expected_version });
    expect((await call('index', {})).build).toBeUndefined();
  });

  it('has what is written and deleted while it is made, and is not asked before it is whole', async () => {
    const { call, deps, found, write, sweep } = await stageWith(many);
    expect(await call('reindex', {})).toMatchObject({ generation: 1, build: { generation: 2, documents: 0 } });
    let segments = 0;
    const during = await watched(deps, async (method, moment) => {
      if (method !== 'put' || moment === 'after') return;
      segments += 1;
      const [changed, deleted] = segments === 1 ? [0, 1] : [many - 1, many - 2];
      await write(`d/${changed}`, `changed c${segments}`, 1);
      await call('delete', { context_id: `d/${deleted}`, expected_version: 1 });
      await indexDocuments(deps, namespace, [`d/${deleted}`]);
      expect(await found(`c${segments}`)).toEqual([`d/${changed}`]);
      expect(await found('n200')).toEqual(['d/200']);
      expect((await call('index', {})).generation).toBe(1);
    });
    await sweep(during);
    expect(segments).toBe(2);
    expect(await call('index', {})).toMatchObject({ generation: 2 });
    expect(await found('c1')).toEqual(['d/0']);
    expect(await found('c2')).toEqual([`d/${many - 1}`]);
    expect(await found('n0')).toEqual([]);
    expect(await found('n1')).toEqual([]);
    expect(await found(`n${many - 2}`)).toEqual([]);
    expect(await found('n200')).toEqual(['d/200']);
  });

  it('goes on after a crash before and after any of its writes, finds each document once, and leaves nothing behind', async () => {
    const { call, clock, cloud, deps, found, sweep } = await stageWith(many);
    await call('reindex', {});
    const crashed = new Set<string>();
    const isDropped = () => [...crashed].some((point) => point.startsWith('["after","drop"'));
    const dying = await watched(deps, (method, moment, [name, what]) => {
      const { revision } = (method === 'replace' ? what : {}) as { readonly revision?: number };
      const point = JSON.stringify([moment, method, name, revision]);
      if (crashed.has(point)) return;
      crashed.add(point);
      throw new Error(point);
    });
    for (let attempt = 0; !isDropped(); attempt += 1) {
      expect(attempt).toBeLessThan(40);
      await expect(sweep(dying)).rejects.toThrow();
      expect(await found('n7')).toEqual(['d/7']);
      expect(await found(`n${many - 1}`)).toEqual([`d/${many - 1}`]);
      clock.now += droppedMs + 1_000;
    }
    const points = [...crashed].map((point) => (JSON.parse(point) as string[]).slice(0, 2).join(' '));
    expect([...new Set(points)].sort()).toEqual(
      ['after', 'before'].flatMap((moment) =>
        ['drop', 'put', 'replace', 'switchTo'].map((each) => `${moment} ${each}`),
      ),
    );
    clock.now += droppedMs + 2_000;
    await sweep();
    const { index } = await deps.indexes();
    const { retired, manifest } = await index.load(namespace);
    expect(retired).toEqual([]);
    expect(cloud.s3.keys('bucket').filter((key) => key.startsWith('index/'))).toEqual(
      manifest.segments.map(({ key }) => key),
    );
    expect((await call('index', {})).build).toBeUndefined();
  });

  it('is made once when two go on with it at the same time', async () => {
    const { call, found, sweep } = await stageWith(20);
    await call('reindex', {});
    await Promise.allSettled([sweep(), sweep()]);
    await sweep();
    expect(await call('index', {})).toMatchObject({ generation: 2, documents: 20 });
    expect(await found('n7')).toEqual(['d/7']);
  });

  it('begins anew when a type changes while it is made, and so has the words after that migration', async () => {
    const { call, clock, deps, found, sweep } = await stageWith(1);
    const schema = { type: 'object' };
    await call('define', { context_type: 'ticket', schema, expected_version: 0 });
    await call('create', { context_id: 't', context_type: 'ticket', data: {} });
    await indexDocuments(deps, namespace, ['t']);
    await call('reindex', {});
    const during = await watched(deps, async (method, moment) => {
      if (
        method === 'switchTo' &&
        moment === 'before' &&
        (await call('type', { context_type: 'ticket' })).items.length === 1
      )
        await call('define', {
          context_type: 'ticket',
          schema,
          expected_version: 1,
          migration: '{ "state": "closed" }',
        });
    });
    await sweep(during);
    expect(await call('index', {})).toMatchObject({ generation: 1, build: { generation: 3 } });
    clock.now += settleMs;
    await sweep();
    expect(await found('closed')).toEqual(['t']);
    expect(await call('index', {})).toMatchObject({ generation: 3 });
  });

  it('is begun by the first write under another embedder, and the old one is asked by the old one until then', async () => {
    const { call, deps, sweep, found } = await stageWith(3);
    const own = await deps.indexes();
    const other = { model: 'other', embed: async (texts: readonly string[]) => texts.map(() => Float32Array.of(1, 0)) };
    const of = (model: string) => [hashedEmbedder, other].find((embedder) => embedder.model === model);
    const index: IndexDeps = { ...own, embedders: { model: other.model, of } };
    const changed: SearchDeps = { ...deps, indexes: async () => index };
    const alike = async () => {
      const caller = { principal: 'alice', correlation_id: 'story' };
      const request = JSON.stringify({ text: 'lease n2', mode: 'vector', limit: 1 });
      return (await runContextOperation(changed, caller, 'search', request)) as { items: { context_id: string }[] };
    };
    await indexDocuments(changed, namespace, ['d/0']);
    expect(await call('index', {})).toMatchObject({ model: hashedEmbedder.model, build: { model: 'other' } });
    expect((await alike()).items).toMatchObject([{ context_id: 'd/2' }]);
    await sweep(changed);
    expect(await call('index', {})).toMatchObject({ model: 'other' });
    expect((await alike()).items).toMatchObject([{ context_id: 'd/0' }]);
    expect(await found('n2')).toEqual(['d/2']);
  });

  it('goes on though a document cannot be tended, which is tried again later', async () => {
    const stage = await stageWith(3);
    const { clock, deps, call } = stage;
    await call('delete', { context_id: 'd/2', expected_version: 1 });
    clock.now += 400 * 86_400_000;
    await call('reindex', {});
    const failing: SearchDeps = {
      ...deps,
      documents: { ...deps.documents, commit: () => Promise.reject(new Error('throttled')) },
    };
    await expect(sweepNamespace(failing, namespace)).rejects.toThrow('1 documents could not be tended');
    expect(await call('index', {})).toMatchObject({ generation: 2 });
    await sweepNamespace(deps, namespace);
    const [head] = await deps.documents.heads([{ namespace, context_id: 'd/2' }]);
    expect(head?.erasure).toBeDefined();
  });

  it('may be asked for by admins only, and needs an index to begin with', async () => {
    const stage = contextStage();
    expect(await stage.call('reindex', {})).toEqual({
      namespace,
      generation: 1,
      set_aside: [],
      model: hashedEmbedder.model,
      documents: 0,
      segments: 0,
    });
    const rules = [{ to: ['alice'], actions: ['read' as const, 'admin' as const] }];
    await stage.call('guard', { policy: { rules }, expected_revision: 0 });
    await expect(stage.as('bob')('reindex', {})).rejects.toMatchObject({ code: 'forbidden' });
    await expect(stage.as('bob')('index', {})).rejects.toMatchObject({ code: 'forbidden' });
  });
});
