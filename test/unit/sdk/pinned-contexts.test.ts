import { describe, expect, it } from '@jest/globals';
import type { HandlerContext } from '../../../src/sdk/agent/handler.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';
import { drivenContexts } from '../../support/driven-contexts.ts';

const declared = { name: 'declared', task_type: 'declared', reads: [{ under: 'facts' }, { context_id: 'news' }] };
const asking = { name: 'asking', task_type: 'asking', depends_on: ['declared'] };

/** A run of two tasks over documents that have changed since. */
async function stage() {
  const cloud = createTestCloud();
  const contexts = drivenContexts(cloud);
  const put = async (context_id: string, text: string, expected_version: number) =>
    contexts.put({ context_id, data: { text }, expected_version });
  for (const context_id of ['facts', 'facts/a', 'news'])
    await contexts.create({ context_id, context_type: 'knowledge', data: { text: `${context_id}, first` } });
  const textOf = (data: unknown) => (data as { text: string }).text;
  const work = async (task_type: string, ctx: HandlerContext) => {
    if (task_type === 'looking') {
      const list = await ctx.contexts.list({ under: 'facts' });
      const { items } = await ctx.contexts.search({ text: 'second', under: 'facts' });
      const { text } = await ctx.contexts.assemble({ text: 'second', budget_tokens: 500 });
      return {
        list: list.items.map(({ context_id, version }) => `${context_id}@${version}`),
        search: items.map(({ version, excerpt }) => `${excerpt.split('text: ')[1]} @${version}`).toSorted(),
        told: ['facts/a, first', 'facts/a, second', 'news, second'].filter((each) => text.includes(each)),
      };
    }
    if (task_type === 'declared') return ctx.documents.map(({ data }) => textOf(data));
    const one = await ctx.contexts.get({ context_id: 'facts/a', known_version: 2 });
    const named = await ctx.contexts.get({ context_id: 'facts/a', version: 2 });
    const { items } = await ctx.contexts.batch({ context_ids: ['news', 'facts/a', 'ghost'] });
    return [one, named]
      .map((each) => textOf(!each.unchanged && each.document.data))
      .concat(items.map((each) => (each.ok ? textOf(each.value.data) : each.error.code)));
  };
  await cloud.addAgent({ id: 'a', handler: ({ task_type }, ctx) => work(task_type, ctx) });
  const handle = await cloud.drive(
    cloud.client.run({ name: 'x', nodes: [declared, asking] }, undefined, { workflow_id: 'first', namespace: 'acme' }),
  );
  await cloud.drive(handle.wait());
  await put('facts/a', 'facts/a, second', 1);
  await put('news', 'news, second', 1);
  const outputs = async (id: string) => {
    await cloud.drive(cloud.client.waitWorkflow(id));
    const outputOf = async (node: string) => (await cloud.drive(cloud.client.getTask(`${id}:${node}`))).output;
    return { declared: await outputOf('declared'), asking: await outputOf('asking') };
  };
  return { cloud, contexts, outputs };
}

describe('a rerun that pins versions of documents', () => {
  it('gives its tasks those versions, declared or read by their handlers, and all else as it is now', async () => {
    const { cloud, contexts, outputs } = await stage();
    const { client, drive } = cloud;
    const pinned = await drive(
      client.rerunWorkflow('first', {
        from: ['declared'],
        workflow_id: 'again',
        pins: [{ context_id: 'facts/a', version: 1 }],
      }),
    );
    expect(pinned).toMatchObject({
      namespace: 'acme',
      rerun_of: 'first',
      pins: [{ context_id: 'facts/a', version: 1 }],
    });
    expect(await outputs('again')).toEqual({
      declared: ['facts, first', 'facts/a, first', 'news, second'],
      asking: ['facts/a, first', 'facts/a, second', 'news, second', 'facts/a, first', 'not-found'],
    });
    const { downstream } = await contexts.lineage({ context_id: 'facts/a', version: 1 });
    expect(downstream).toContainEqual({
      ...{ task_id: 'again:asking', action: 'read' },
      ...{ context_id: 'facts/a', version: 1 },
    });
  });

  it('shows those versions in what looks through many documents, which finds them as they are now', async () => {
    const { cloud } = await stage();
    const { client, drive } = cloud;
    const looked = async (workflow_id: string, version: number) => {
      const reads = version === 2 ? [] : [{ pin: 'facts/a', version }];
      const nodes = [{ name: 'looking', task_type: 'looking', reads }];
      await drive((await drive(client.run({ name: 'y', nodes }, undefined, { workflow_id }))).wait());
      return (await drive(client.getTask(`${workflow_id}:looking`))).output;
    };
    expect(await looked('newest', 2)).toEqual({
      list: ['facts@1', 'facts/a@2'],
      search: ['facts, first @1', 'facts/a, second @2'],
      told: ['facts/a, second', 'news, second'],
    });
    expect(await looked('pinned', 1)).toEqual({
      list: ['facts@1', 'facts/a@1'],
      search: ['facts, first @1', 'facts/a, first @1'],
      told: ['facts/a, first', 'news, second'],
    });
    // The version was never there, so nothing stands in its place.
    expect(await looked('ghost', 9)).toEqual({
      list: ['facts@1'],
      search: ['facts, first @1'],
      told: ['news, second'],
    });
  });

  it('hands its versions on to a rerun of itself, which may name others', async () => {
    const { cloud, outputs } = await stage();
    const { client, drive } = cloud;
    const rerun = (of: string, workflow_id: string, pins?: { context_id: string; version: number }[]) =>
      drive(client.rerunWorkflow(of, { from: ['declared'], workflow_id, ...(pins && { pins }) }));
    await rerun('first', 'r1', [
      { context_id: 'facts/a', version: 1 },
      { context_id: 'news', version: 1 },
    ]);
    await outputs('r1');
    await rerun('r1', 'r2', [{ context_id: 'news', version: 2 }]);
    expect(await outputs('r2')).toMatchObject({ declared: ['facts, first', 'facts/a, first', 'news, second'] });
  });

  it('is refused with every version that is not there, and starts nothing', async () => {
    const { cloud } = await stage();
    const pins = [
      { context_id: 'facts/a', version: 1 },
      { context_id: 'facts/a', version: 9 },
      { context_id: 'ghost', version: 1 },
    ];
    const refused = cloud.drive(cloud.client.rerunWorkflow('first', { from: ['declared'], workflow_id: 'none', pins }));
    await expect(refused).rejects.toMatchObject({
      code: 'not-found',
      faults: [{ path: 'pins[1]' }, { path: 'pins[2]' }],
    });
    await expect(cloud.drive(cloud.client.getWorkflow('none'))).rejects.toMatchObject({ code: 'not-found' });
  });
});
