import { describe, expect, it } from '@jest/globals';
import type { ContextRequest } from '../../../src/contracts/context/operations.ts';
import { flushedEntries } from '../../../src/context/core/search/compaction.ts';
import { indexDocuments } from '../../../src/context/usecases/search/index-documents.ts';
import { contextStage } from './stage.ts';

type Create = ContextRequest<'create'>;

/** Documents that are written and, unless said otherwise, indexed. */
async function stageWith(documents: readonly Partial<Create>[], { indexed = true } = {}) {
  const stage = contextStage();
  for (const document of documents) {
    await stage.call('create', { context_id: 'a', context_type: 'knowledge', data: {}, ...document });
  }
  const ids = documents.map(({ context_id = 'a' }) => context_id);
  const index = (...more: string[]) => indexDocuments(stage.deps, 'default', more.length > 0 ? more : ids);
  if (indexed) await index();
  const find = async (text: string, more: object = {}, as = 'alice') =>
    (await stage.as(as)('search', { text, mode: 'text', ...more })).items;
  return {
    ...stage,
    index,
    find,
    ids: async (...args: Parameters<typeof find>) => (await find(...args)).map(({ context_id }) => context_id),
  };
}

const lease = {
  context_id: 'project/alpha/leases',
  data: { title: 'Lease expiry', body: 'A lease ends after nine seconds.' },
};
const queue = {
  context_id: 'project/beta/queues',
  context_type: 'decision_log',
  data: { body: 'We use a queue.' },
  tags: ['aws'],
};

describe('a search of documents', () => {
  it('finds by words in the data, the id and the tags, best first, with an excerpt', async () => {
    const { find, ids } = await stageWith([lease, queue]);
    expect(await ids('leases')).toEqual(['project/alpha/leases']);
    expect(await ids('beta')).toEqual(['project/beta/queues']);
    expect(await ids('aws')).toEqual(['project/beta/queues']);
    const [hit] = await find('seconds');
    expect(hit).toMatchObject({ context_id: 'project/alpha/leases', version: 1, text_rank: 1 });
    expect(hit!.excerpt).toContain('nine seconds');
  });

  it('finds by likeness what shares no whole word', async () => {
    const { ids } = await stageWith([lease, queue]);
    expect((await ids('leasing expires', { mode: 'vector' }))[0]).toBe('project/alpha/leases');
    expect((await ids('queueing', { mode: 'hybrid' }))[0]).toBe('project/beta/queues');
  });

  it('keeps to type, tags, place and time', async () => {
    const { ids } = await stageWith([lease, queue]);
    const text = 'lease queue';
    expect(await ids(text, { types: ['decision_log'] })).toEqual(['project/beta/queues']);
    expect(await ids(text, { tags: ['aws'] })).toEqual(['project/beta/queues']);
    expect(await ids(text, { under: 'project/alpha' })).toEqual(['project/alpha/leases']);
    expect(await ids(text, { under: 'project/al' })).toEqual([]);
    expect(await ids(text, { from: '2026-11-23T10:00:01.000Z' })).toEqual([]);
    expect(await ids(text, { to: '2026-11-23T10:00:01.000Z' })).toHaveLength(2);
  });

  it('shows a document as it is now, though the index is behind, and none that is deleted', async () => {
    const { call, ids } = await stageWith([lease, queue]);
    await call('put', { context_id: lease.context_id, expected_version: 1, data: { body: 'Nothing but a lease.' } });
    await call('delete', { context_id: queue.context_id, expected_version: 1 });
    expect(await ids('seconds')).toEqual([]);
    expect(await ids('lease')).toEqual([lease.context_id]);
    expect(await ids('queue')).toEqual([]);
  });

  it('finds what every hint of was lost, once nobody has looked for a minute', async () => {
    const { clock, call, ids } = await stageWith([lease, queue], { indexed: false });
    expect(await ids('lease')).toEqual([lease.context_id]);
    await call('create', { context_id: 'late', context_type: 'knowledge', data: { body: 'a late lease' } });
    expect(await ids('late')).toEqual([]);
    clock.now += 61_000;
    expect(await ids('late')).toEqual(['late']);
  });

  it('catches up with everything, however much was missed', async () => {
    const stage = contextStage();
    for (let number = 0; number < 2 * flushedEntries; number += 1) {
      stage.clock.now += 100;
      await stage.call('create', { context_id: `many/${number}`, context_type: 'knowledge', data: { body: 'lease' } });
    }
    stage.clock.now += 120_000;
    const { indexed } = await indexDocuments(stage.deps, 'default', ['many/0']);
    expect(indexed).toBeGreaterThanOrEqual(2 * flushedEntries);
    const index = await (await stage.deps.indexes()).index.load('default');
    expect(index.manifest.segments.length).toBeGreaterThan(0);
    const { items } = await stage.call('search', { text: 'lease', under: 'many/511', mode: 'text' });
    expect(items).toHaveLength(1);
  });

  it('comes beyond a millisecond in which more was written than it looks at at once', async () => {
    const stage = contextStage();
    const write = (context_id: string) =>
      stage.call('create', { context_id, context_type: 'knowledge', data: { body: 'lease' } });
    for (let number = 0; number < 450; number += 1) await write(`many/${number}`);
    stage.clock.now += 1;
    await write('after');
    stage.clock.now += 120_000;
    expect((await indexDocuments(stage.deps, 'default', ['many/0'])).indexed).toBeGreaterThanOrEqual(451);
    for (const under of ['many/449', 'after'])
      expect((await stage.call('search', { text: 'lease', under, mode: 'text' })).items).toHaveLength(1);
  });
});

describe('a search and the policy', () => {
  const secret = (mask?: string[]) => ({
    context_id: 'salaries',
    data: { title: 'Salaries of the team', hidden: 'zebra amounts and giraffe bonuses' },
    access_policy: {
      rules: [{ to: ['bob'], actions: ['read' as const], ...(mask === undefined ? {} : { mask }) }],
    },
  });

  it('finds nothing for whoever may not read it', async () => {
    const { ids } = await stageWith([secret()]);
    for (const mode of ['text', 'vector', 'hybrid'])
      expect(await ids('salaries team', { mode }, 'mallory')).toEqual([]);
    expect(await ids('zebra', {}, 'bob')).toEqual(['salaries']);
  });

  it('finds what may be read behind many better hits that may not, and says where it stopped looking', async () => {
    const stage = contextStage();
    const rules = (...to: string[]) => ({ rules: [{ to, actions: ['read' as const] }] });
    const ids = Array.from({ length: 700 }, (_, at) => `secret/${at}`);
    for (const context_id of ids) {
      stage.clock.now += 1;
      const access_policy = rules('alice');
      await stage.call('create', { context_id, context_type: 'knowledge', data: { body: 'lease' }, access_policy });
    }
    const data = { body: `lease ${'of many other words '.repeat(20)}` };
    const open = { context_id: 'open', context_type: 'knowledge', data, access_policy: rules('bob') };
    await stage.call('create', open);
    await indexDocuments(stage.deps, 'default', [...ids, 'open']);
    const ask = (more: object = {}) => stage.as('bob')('search', { text: 'lease', mode: 'text', ...more });
    const { items, cut } = await ask();
    expect(items.map(({ context_id }) => context_id)).toEqual(['open']);
    expect(cut).toBe(false);
    expect(await ask({ under: 'secret' })).toEqual({ items: [], cut: false });
  });

  it('finds nothing by a word that is masked for the caller, and shows none', async () => {
    const { ids, find } = await stageWith([secret(['/hidden']), lease]);
    expect(await ids('zebra', {}, 'alice')).toEqual(['salaries']);
    expect(await ids('zebra', {}, 'bob')).toEqual([]);
    expect(await ids('giraffe bonuses', {}, 'bob')).toEqual([]);
    const [hit] = await find('salaries', {}, 'bob');
    expect(hit!.context_id).toBe('salaries');
    expect(JSON.stringify(hit)).not.toMatch(/zebra|giraffe|hidden/);
  });

  it('ranks a masked document by what its reader sees', async () => {
    const others = Array.from({ length: 40 }, (_, at) => ({
      context_id: `zoo/${at}`,
      data: { body: `zebra number ${at} in the zoo` },
    }));
    const { ids } = await stageWith([secret(['/hidden']), ...others]);
    for (const mode of ['vector', 'hybrid']) {
      const hidden = 'zebra amounts and giraffe bonuses';
      expect((await ids(hidden, { mode }, 'alice'))[0]).toBe('salaries');
      expect(await ids(hidden, { mode }, 'bob')).not.toContain('salaries');
      expect((await ids('salaries of the team', { mode }, 'bob'))[0]).toBe('salaries');
    }
  });
});
