import { describe, expect, it } from '@jest/globals';
import type { ContextRequest } from '../../../src/contracts/context/operations.ts';
import { vectorWritersMax } from '../../../src/contracts/limits.ts';
import { offlineEdits, type OfflineState } from '../../../src/sdk/contexts/offline-edits.ts';
import { contextStage } from './stage.ts';

const id = { context_id: 'd' };
type Request = ContextRequest<'sync'>;

async function syncStage() {
  const stage = contextStage();
  const { call } = stage;
  await call('create', { ...id, context_type: 'knowledge', data: { n: 0 }, merge: [{ path: '/n', policy: 'sum' }] });
  const sync = (writer: string, vector: Request['edits'][number]['vector'], n: number, more: Partial<Request> = {}) => {
    const operation_id = `${writer}-${String(vector[writer])}`;
    const edits = [{ operation_id, vector, base: { n: n - 1 }, data: { n } }];
    return call('sync', { ...id, writer, base_version: 1, edits, ...more });
  };
  return { ...stage, sync };
}

describe('the edits of a writer that was away', () => {
  it('are taken as they are while nobody else wrote, and merged once somebody did', async () => {
    const { call, sync } = await syncStage();
    expect(await sync('ann', { ann: 1 }, 1)).toMatchObject({ items: [{ outcome: 'written', version: 2 }] });
    // It has not heard of its first edit's version, and yet knows all that is stored.
    expect(await sync('ann', { ann: 2 }, 2)).toMatchObject({ items: [{ outcome: 'written', version: 3 }] });
    expect(await sync('ben', { ben: 1 }, 1)).toMatchObject({ items: [{ outcome: 'merged', version: 4 }] });
    // One that knew the edits of both overrules them.
    const knowing = await sync('cyd', { cyd: 1, ann: 2, ben: 1 }, 10);
    expect(knowing).toMatchObject({ items: [{ outcome: 'written' }], document: { data: { n: 10 } } });
    await call('patch', { ...id, merge_patch: { other: true } });
    const late = await sync('cyd', { cyd: 2, ann: 2, ben: 1 }, 11, { base_version: 5 });
    expect(late).toMatchObject({ items: [{ outcome: 'merged' }], document: { data: { n: 11, other: true } } });
  });

  it('wait for those that they build on, their own and others', async () => {
    const { call, sync } = await syncStage();
    expect(await sync('ann', { ann: 2 }, 2)).toMatchObject({ outcome: 'early', items: [], missing: { ann: 1 } });
    expect(await sync('ben', { ben: 1, ann: 1 }, 2)).toMatchObject({ outcome: 'early', missing: { ann: 1 } });
    expect((await call('history', id)).items).toHaveLength(1);
    await sync('ann', { ann: 1 }, 1);
    expect(await sync('ben', { ben: 1, ann: 1 }, 2)).toMatchObject({ items: [{ outcome: 'written' }] });
    expect(await sync('ben', { ben: 1, ann: 1 }, 2)).toMatchObject({ items: [{ outcome: 'repeated', version: 3 }] });
  });

  it('are kept with both sides when they cannot be merged, and what follows them lands', async () => {
    const { call } = await syncStage();
    await call('patch', { ...id, merge_patch: { title: 'online' } });
    const [base, first, second] = [{ n: 0 }, { n: 0, title: 'away' }, { n: 5, title: 'away' }];
    const edits = [
      { operation_id: 'e1', vector: { ann: 1 }, base, data: first },
      { operation_id: 'e2', vector: { ann: 2 }, data: second },
    ];
    const answer = await call('sync', { ...id, writer: 'ann', base_version: 1, edits });
    expect(answer.items.map(({ outcome, version }) => [outcome, version])).toEqual([
      ['conflict', 3],
      ['merged', 4],
    ]);
    expect(answer.document.data).toEqual({ n: 5, title: 'online' });
    expect((await call('conflicts', id)).items).toMatchObject([{ conflict_id: 'e1', data: first }]);
  });

  it('are refused under a number that another edit has, or in another order, with nothing written', async () => {
    const { call, sync } = await syncStage();
    await sync('ann', { ann: 1 }, 1);
    const other = [{ operation_id: 'other', vector: { ann: 1 }, base: {}, data: {} }];
    const request = { ...id, writer: 'ann', base_version: 1 };
    await expect(call('sync', { ...request, edits: other })).rejects.toMatchObject({ code: 'version-conflict' });
    const edits = [
      { operation_id: 'a', vector: { ann: 2 }, data: {} },
      { operation_id: 'b', vector: { ann: 4 }, data: {} },
    ];
    await expect(call('sync', { ...request, edits })).rejects.toMatchObject({
      faults: [{ path: 'edits[0].base' }, { path: 'edits[1].vector' }],
    });
    expect((await call('history', id)).items).toHaveLength(2);
  });

  it('hide and keep what the writer may not see', async () => {
    const { call, as } = await syncStage();
    await call('patch', { ...id, merge_patch: { secret: 7 } });
    const all = ['read' as const, 'write' as const, 'delete' as const, 'admin' as const];
    const rules = [
      { to: ['alice'], actions: all },
      { to: ['bob'], actions: ['read' as const, 'write' as const], mask: ['/secret'] },
    ];
    await call('guard', { policy: { rules }, expected_revision: 0 });
    const bob = offlineEdits({ get: (r) => as('bob')('get', r), sync: (r) => as('bob')('sync', r) }, { writer: 'bob' });
    expect(await bob.take(id)).toEqual({ n: 0 });
    bob.edit(id, () => ({ n: 1, secret: 'guessed' }));
    await bob.sync();
    expect(bob.read(id)).toEqual({ n: 1 });
    expect(await call('get', id)).toMatchObject({ document: { data: { n: 1, secret: 7 } } });
  });

  it('come from a bounded number of writers, of which the ones heard of last are remembered', async () => {
    const { call, sync } = await syncStage();
    const early = offlineEdits({ get: (r) => call('get', r), sync: (r) => call('sync', r) }, { writer: 'early' });
    await early.take(id);
    early.edit(id, () => ({ n: 1 }));
    const before = early.state();
    await early.sync();
    for (let n = 0; n < vectorWritersMax; n += 1) {
      const writer = `w${String(n)}`;
      await sync(writer, { [writer]: 1 }, 1);
    }
    const { document } = await sync('w0', { w0: 1 }, 1);
    expect(Object.keys(document.vector?.writers ?? {})).toHaveLength(vectorWritersMax);
    expect(document.vector?.writers).not.toHaveProperty('early');
    // It is forgotten, and has lost the answer to its first edit: the number is new, the edit is not.
    const again = offlineEdits({ get: (r) => call('get', r), sync: (r) => call('sync', r) }, before);
    again.edit(id, (data) => ({ n: (data as { n: number }).n + 1 }));
    const answers = await again.sync();
    expect(answers.flatMap(({ items }) => items.map(({ outcome }) => outcome))).toEqual(['repeated', 'merged']);
    expect(again.read(id)).toEqual({ n: vectorWritersMax + 2 });
  });
});

describe('the queue of offline edits', () => {
  it('sends more edits than one call takes, and goes on from its state after a restart', async () => {
    const { call } = await syncStage();
    const contexts: Parameters<typeof offlineEdits>[0] = { get: (r) => call('get', r), sync: (r) => call('sync', r) };
    const first = offlineEdits(contexts, { writer: 'ann' });
    await first.take(id);
    for (let n = 1; n <= 30; n += 1) first.edit(id, () => ({ n }));
    const second = offlineEdits(contexts, JSON.parse(JSON.stringify(first.state())) as OfflineState);
    await call('patch', { ...id, merge_patch: { n: 100 } });
    await second.sync();
    expect(second.read(id)).toEqual({ n: 130 });
    expect(second.state().documents).toMatchObject([{ edits: [], vector: { ann: 30 } }]);
    expect(() => second.read({ context_id: 'other' })).toThrow('other was not taken along');
  });
});
