import { describe, expect, it } from '@jest/globals';
import { contextStage } from './stage.ts';

const dayMs = 24 * 3_600_000;
const admin = { to: ['alice'], actions: ['read' as const, 'write' as const, 'delete' as const, 'admin' as const] };

/** A refusal on each of some days, at noon. */
async function auditStage(days: readonly number[]) {
  const stage = contextStage();
  const { call, as, clock } = stage;
  await call('guard', { policy: { rules: [admin] }, expected_revision: 0 });
  const start = Date.parse('2026-01-01T12:00:00.000Z');
  const at = (day: number) => new Date(start + day * dayMs).toISOString();
  for (const day of days) {
    clock.now = start + day * dayMs;
    await as('bob')('get', { context_id: `d/${String(day)}` }).catch(() => undefined);
  }
  /** All pages of a range. */
  const listed = async (request: Parameters<typeof call<'audit'>>[1]) => {
    const ids: (string | undefined)[] = [];
    let pages = 0;
    let cursor: string | undefined;
    do {
      const page = await call('audit', { ...request, ...(cursor === undefined ? {} : { cursor }) });
      ids.push(...page.items.map(({ context_id }) => context_id));
      ({ cursor } = page);
      pages += 1;
      clock.now += dayMs;
    } while (cursor !== undefined);
    return { ids, pages };
  };
  return { ...stage, at, listed };
}

describe('what the audit is told', () => {
  const alice = { rules: [admin] };
  const document = (context_id: string) => ({ context_id, context_type: 'knowledge', data: { title: 'one' } });
  type Call = ReturnType<typeof contextStage>['call'];
  const told = async (call: Call) =>
    (await call('audit', {})).items.map(({ action, context_id, version, documents }) =>
      [action, ...(documents ?? [{ context_id, version }]).map((each) => `${each.context_id}@${each.version}`)].join(
        ' ',
      ),
    );

  it('is each read with the documents that it gave, where the policy says each', async () => {
    const { call, as } = contextStage();
    for (const context_id of ['p/a', 'p/b']) await call('create', document(context_id));
    await call('put', { context_id: 'p/a', expected_version: 1, data: { title: 'two' } });
    await call('guard', { policy: { ...alice, audit_reads_one_in: 1 }, expected_revision: 0 });
    await call('get', { context_id: 'p/a' });
    await call('get', { context_id: 'p/a', known_version: 2 });
    await call('get', { context_id: 'p/a', version: 1 });
    await call('diff', { context_id: 'p/a', from: 1, to: 2 });
    await call('batch', { context_ids: ['p/a', 'p/ghost', 'p/b'], known_versions: { 'p/a': 2 } });
    await call('search', { text: 'one', mode: 'text' });
    await call('assemble', { text: 'nothing', pinned: ['p/b'], depth: 0 });
    await call('list', {});
    await as('bob')('get', { context_id: 'p/a' }).catch(() => undefined);
    expect((await told(call)).sort()).toEqual([
      'assemble p/b@1 p/a@2',
      'batch p/a@2 p/b@1',
      'diff p/a@2',
      'get p/a@1',
      'get p/a@2',
      'get p/a@2',
      'get p/a@undefined',
      'search p/b@1',
    ]);
    expect((await call('audit', { under: 'p/b' })).items).toHaveLength(3);
  });

  it('is each read that a write gave because it came late', async () => {
    const { call } = contextStage();
    await call('create', document('a'));
    await call('put', { context_id: 'a', expected_version: 1, data: { title: 'two' } });
    await call('guard', { policy: { ...alice, audit_reads_one_in: 1 }, expected_revision: 0 });
    const late = { context_id: 'a', expected_version: 1, data: { title: 'three' } };
    await call('put', late);
    await call('put', { ...late, on_conflict: 'merge' });
    await call('patch', { context_id: 'a', expected_version: 1, merge_patch: { title: 'four' } });
    await call('put', { ...late, expected_version: 2 });
    const edits = [{ operation_id: 'e1', vector: { ann: 1 }, base: { title: 'three' }, data: { title: 'five' } }];
    await call('sync', { context_id: 'a', writer: 'ann', base_version: 3, edits });
    expect((await told(call)).sort()).toEqual(['patch a@2', 'put a@2', 'put a@2', 'sync a@4']);
  });

  it('is each document of a batch that was refused, beside what was given', async () => {
    const { call, as } = contextStage();
    for (const context_id of ['p/a', 'p/b', 'q/a', 'q/b', 'r']) await call('create', document(context_id));
    const rules = [...alice.rules, { under: 'p', to: ['bob'], actions: ['read' as const] }];
    await call('guard', { policy: { ...alice, rules, audit_reads_one_in: 1 }, expected_revision: 0 });
    const context_ids = ['q/a', 'p/a', 'p/none', 'p/b', 'q/b'];
    await as('bob')('batch', { context_ids, known_versions: { 'p/a': 1, 'q/b': 1 } });
    await as('bob')('batch', { context_ids: ['r'] });
    const { items } = await call('audit', { principal: 'bob' });
    expect(items.map(({ outcome, context_id, documents }) => [outcome, documents ?? context_id])).toEqual(
      expect.arrayContaining([
        [
          'allowed',
          [
            { context_id: 'p/a', version: 1 },
            { context_id: 'p/b', version: 1 },
          ],
        ],
        ['refused', [{ context_id: 'q/a' }, { context_id: 'q/b' }]],
        ['refused', 'r'],
      ]),
    );
    expect(items).toHaveLength(3);
  });

  it('is each write that happened, where the policy wants them, and they stay when the document is erased', async () => {
    const { call } = contextStage();
    await call('create', document('p/before'));
    await call('guard', { policy: { ...alice, audit_writes: true }, expected_revision: 0 });
    await call('create', document('p/a'));
    await call('put', { context_id: 'p/a', expected_version: 1, data: {} });
    await call('put', { context_id: 'p/a', expected_version: 1, data: {} });
    const puts = ['p/a', 'p/before'].map((context_id, at) => ({
      ...{ operation: 'put' as const, context_id, expected_version: 2 - at, data: {} },
    }));
    await call('transaction', { operations: puts });
    await call('transaction', { operations: puts });
    await call('sync', {
      ...{ context_id: 'p/a', writer: 'w', base_version: 3 },
      edits: [{ operation_id: 'e1', vector: { w: 1 }, base: {}, data: { a: 1 } }],
    });
    await call('get', { context_id: 'p/a' });
    await call('erase', { context_id: 'p/a', reason: 'over' });
    expect((await told(call)).sort()).toEqual([
      'create p/a@1',
      'erase p/a@5',
      'put p/a@2',
      'sync p/a@4',
      'transaction p/a@3 p/before@2',
    ]);
  });

  it('is what a rewind brought back, and nothing of one that only shows it', async () => {
    const { call, clock } = contextStage();
    await call('create', document('p/a'));
    await call('snapshot', { name: 's' });
    await call('guard', { policy: { ...alice, audit_writes: true }, expected_revision: 0 });
    clock.now += 60_000;
    await call('append', { context_id: 'p/a', pointer: '/log', items: [1] });
    clock.now += 60_000;
    for (const dry_run of [true, false]) await call('rewind', { name: 's', dry_run });
    expect(await told(call)).toEqual(['rewind p/a@3', 'append p/a@2']);
    const { items } = await call('history', { context_id: 'p/a' });
    expect(items[0]?.version).toBe(3);
  });
});

describe('the audit of a range of time', () => {
  it('is listed newest first, both ends included, over days and pages', async () => {
    const { at, listed } = await auditStage([0, 1, 1.25, 2, 3]);
    const range = { from: at(1), to: at(2) };
    expect((await listed(range)).ids).toEqual(['d/2', 'd/1.25', 'd/1']);
    expect(await listed({ ...range, limit: 1 })).toMatchObject({ ids: ['d/2', 'd/1.25', 'd/1'] });
    expect((await listed({ ...range, under: 'd/1.25' })).ids).toEqual(['d/1.25']);
    expect((await listed({ ...range, principal: 'carol' })).ids).toEqual([]);
  });

  it('is that of the last day when nothing is said, whatever time passes between its pages', async () => {
    const { listed } = await auditStage([0, 9.5, 9.75, 10]);
    expect((await listed({ limit: 1 })).ids).toEqual(['d/10', 'd/9.75', 'd/9.5']);
  });

  it('goes through a year without entries in a few calls', async () => {
    const { at, listed } = await auditStage([0, 365]);
    const { ids, pages } = await listed({ from: at(0), to: at(365) });
    expect(ids).toEqual(['d/365', 'd/0']);
    expect(pages).toBeLessThan(20);
  });

  it('refuses a range that ends before it begins, and cursors of others', async () => {
    const { call, at } = await auditStage([]);
    await expect(call('audit', { from: at(1), to: at(0) })).rejects.toMatchObject({ path: 'from' });
    await expect(call('audit', { cursor: 'xyz' })).rejects.toMatchObject({ path: 'cursor' });
  });
});
