import { describe, expect, it } from '@jest/globals';
import { lineageMermaid } from '../../../src/cli/commands/contexts/context-lineage.ts';
import type { HandlerContext } from '../../../src/sdk/agent/handler.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';
import { tracedContexts } from '../../../src/sdk/contexts/traced-contexts.ts';
import { drivenContexts } from '../../support/driven-contexts.ts';

type Contexts = HandlerContext['contexts'];
const knowledge = { context_type: 'knowledge', data: {} };
const task = (task_id: string, task_type: string) => ({
  ...{ task_id, task_type, priority: 'low' as const, required_capabilities: [task_type], payload: null },
});

/** Facts, a report that a task makes of them, and a summary that the next task makes of the report. */
async function stage() {
  const cloud = createTestCloud();
  const contexts = drivenContexts(cloud);
  const steps: Readonly<Record<string, (contexts: Contexts) => Promise<unknown>>> = {
    report: async (own) => {
      await own.get({ context_id: 'facts' });
      return own.create({ context_id: 'report', ...knowledge });
    },
    summary: async (own) => {
      await own.batch({ context_ids: ['report', 'ghost'] });
      await own.create({ context_id: 'summary', ...knowledge });
      return own.append({ context_id: 'summary', pointer: '/log', items: [1] });
    },
    reader: (own) => own.assemble({ text: 'anything', pinned: ['facts'], depth: 0 }),
    failing: async (own) => {
      await own.get({ context_id: 'facts', version: 1 });
      throw new Error('no');
    },
  };
  for (const [name, step] of Object.entries(steps))
    await cloud.addAgent({ id: name, capabilities: [name], handler: (_task, ctx) => step(ctx.contexts) });
  await contexts.create({ context_id: 'facts', ...knowledge });
  const run = async (name: string) => {
    await cloud.submit(task(`run-${name}`, name));
    return cloud.wait(`run-${name}`);
  };
  return { cloud, contexts, run };
}

const wrote = (name: string, context_id: string, version = 1) => ({
  task_id: `run-${name}`,
  action: 'wrote',
  context_id,
  version,
});
const read = (name: string, context_id: string, version = 1) => ({
  task_id: `run-${name}`,
  action: 'read',
  context_id,
  version,
});

describe('lineage', () => {
  it('tells what a version was made of and what depends on it, through tasks that ended in any way', async () => {
    const { contexts, run } = await stage();
    for (const name of ['reader', 'report', 'summary', 'failing']) await run(name);
    const facts = await contexts.lineage({ context_id: 'facts' });
    expect(facts).toMatchObject({ context_id: 'facts', version: 1, upstream: [], cut: false });
    expect(facts.downstream).toHaveLength(7);
    expect(facts.downstream).toEqual(
      expect.arrayContaining([
        read('failing', 'facts'),
        read('reader', 'facts'),
        read('report', 'facts'),
        wrote('report', 'report'),
        read('summary', 'report'),
        wrote('summary', 'summary'),
        wrote('summary', 'summary', 2),
      ]),
    );
    const summary = await contexts.lineage({ context_id: 'summary', version: 2 });
    expect(summary.downstream).toEqual([]);
    expect(summary.upstream).toEqual([
      wrote('summary', 'summary', 2),
      read('summary', 'report'),
      wrote('report', 'report'),
      read('report', 'facts'),
    ]);
    const near = await contexts.lineage({ context_id: 'facts', depth: 1 });
    expect(near.downstream).not.toContainEqual(read('summary', 'report'));
    const [version] = (await contexts.history({ context_id: 'report' })).items;
    expect(version?.origin).toEqual({ task_id: 'run-report' });
  });

  it('knows the workflow of a task', async () => {
    const create = async (request: object) => request;
    const { contexts } = tracedContexts({ create } as unknown as Contexts, 'delivery-7:check:2:inner');
    expect(await contexts.create({ context_id: 'a', ...knowledge })).toMatchObject({
      origin: { task_id: 'delivery-7:check:2:inner', workflow_id: 'delivery-7' },
    });
  });

  it('has what a search and a comparison gave, and says how much it does not remember', async () => {
    const recorded: object[] = [];
    const calls = {
      search: async () => ({ items: [{ context_id: 'found', version: 3 }], cut: false }),
      diff: async () => ({ from: 1, to: 2, patch: [] }),
      get: async ({ version }: { version: number }) => ({
        unchanged: false,
        document: { context_id: 'many', version },
      }),
      record: async ({ reads }: { reads: object[] }) => void recorded.push(...reads),
    };
    const { contexts, flush } = tracedContexts(calls as unknown as Contexts, 'run-1');
    await contexts.search({ text: 'anything' });
    await contexts.diff({ context_id: 'compared', from: 1 });
    expect(await flush()).toEqual({ dropped: 0 });
    expect(recorded).toEqual([
      { context_id: 'found', version: 3 },
      { context_id: 'compared', version: 1 },
      { context_id: 'compared', version: 2 },
    ]);
    for (let version = 1; version <= 1_002; version += 1) await contexts.get({ context_id: 'many', version });
    await contexts.get({ context_id: 'many', version: 1 });
    expect(await flush()).toEqual({ dropped: 2 });
    expect(recorded).toHaveLength(1_003);
  });

  it('is of one version: another one that nobody has read affects nobody', async () => {
    const { contexts, run } = await stage();
    await run('report');
    await contexts.put({ context_id: 'facts', expected_version: 1, data: { better: true } });
    expect((await contexts.lineage({ context_id: 'facts' })).downstream).toEqual([]);
    expect((await contexts.lineage({ context_id: 'facts', version: 1 })).downstream).toHaveLength(2);
    await expect(contexts.lineage({ context_id: 'facts', version: 3 })).rejects.toMatchObject({ code: 'not-found' });
    await contexts.delete({ context_id: 'facts', expected_version: 2 });
    expect((await contexts.lineage({ context_id: 'facts', version: 1 })).downstream).toHaveLength(2);
  });

  it('shows and records nothing of documents that the caller may not read', async () => {
    const { contexts, run } = await stage();
    await run('report');
    const rules = [
      { to: ['user'], actions: ['read' as const, 'admin' as const] },
      { to: ['somebody'], actions: ['read' as const, 'write' as const] },
    ];
    await contexts.put({
      ...{ context_id: 'report', expected_version: 1, data: {} },
      access_policy: { inherit: false, rules: [{ to: ['nobody'], actions: ['read'] }] },
    });
    await contexts.guard({ expected_revision: 0, policy: { rules } });
    const { downstream } = await contexts.lineage({ context_id: 'facts', version: 1 });
    expect(downstream).toEqual([read('report', 'facts')]);
    const reads = [
      { context_id: 'report', version: 2 },
      { context_id: 'ghost', version: 1 },
      { context_id: 'facts', version: 1 },
    ];
    expect(await contexts.record({ task_id: 'other', reads })).toEqual({ recorded: 1 });
  });

  it('is drawn from what was read into tasks, and out of them to what was written', async () => {
    const { contexts, run } = await stage();
    await run('report');
    expect(lineageMermaid(await contexts.lineage({ context_id: 'facts' }))).toBe(
      [
        'flowchart LR',
        '  d0["facts@1"]',
        '  d1["report@1"]',
        '  t0(["run-report"])',
        '  d0 --> t0',
        '  t0 --> d1',
        '  style d0 stroke-width:4px',
      ].join('\n'),
    );
  });
});
