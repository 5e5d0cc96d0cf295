import { describe, expect, it } from '@jest/globals';
import { sweepNamespace } from '../../../src/context/usecases/lifecycle/sweep-namespace.ts';
import type { ContextRequest } from '../../../src/contracts/context/operations.ts';
import type { RewoundDocument } from '../../../src/contracts/context/snapshots.ts';
import { changeSettleMs, deletedRetentionMs, pinnedLookMs, settleMs } from '../../../src/contracts/limits.ts';
import { contextStage } from './stage.ts';

const dayMs = 24 * 3_600_000;

/** Documents at a snapshot, and the calls that lead on from there. */
async function snapshotStage() {
  const stage = contextStage();
  const { call, clock } = stage;
  for (const context_id of ['p/a', 'p/b', 'p/c', 'q'])
    await call('create', { context_id, context_type: 'knowledge', data: { of: context_id }, tags: ['t'] });
  clock.now += 1_000;
  await call('snapshot', { name: 's', under: 'p' });
  clock.now += 1_000;
  /** All pages of a rewind, with time that goes on as it does between calls. */
  const rewind = async (more: Partial<ContextRequest<'rewind'>> = {}, as = call): Promise<RewoundDocument[]> => {
    const items: RewoundDocument[] = [];
    let cursor: string | undefined;
    do {
      const page = await as('rewind', { name: 's', ...more, ...(cursor === undefined ? {} : { cursor }) });
      items.push(...page.items);
      ({ cursor } = page);
      clock.now += 1_000;
    } while (cursor !== undefined);
    return items.sort((one, other) => (one.context_id < other.context_id ? -1 : 1));
  };
  const data = async (context_id: string) => {
    const answer = await call('get', { context_id }).catch(() => undefined);
    return answer === undefined || answer.unchanged ? undefined : answer.document.data;
  };
  return { ...stage, rewind, data };
}

describe('a snapshot of a subtree', () => {
  it('is one row, whatever it names, and a repeat takes no other moment', async () => {
    const { call, clock, cloud } = await snapshotStage();
    const rows = cloud.dynamodb.items('contexts').length;
    const first = await call('snapshot', { name: 'all' });
    clock.now += 1_000;
    expect(await call('snapshot', { name: 'all' })).toEqual({ ...first, outcome: 'repeated' });
    expect(cloud.dynamodb.items('contexts')).toHaveLength(rows + 1);
    expect((await call('snapshots', {})).items.map(({ name, under }) => [name, under])).toEqual([
      ['all', undefined],
      ['s', 'p'],
    ]);
    await expect(call('snapshot', { name: 'all', under: 'q' })).rejects.toMatchObject({ code: 'context-conflict' });
  });

  it('brings back what was changed and deleted, leaves the rest, and writes nothing when it is asked again', async () => {
    const { call, rewind, data, clock } = await snapshotStage();
    await call('put', { context_id: 'p/a', expected_version: 1, data: { of: 'nobody' }, tags: ['u'] });
    await call('append', { context_id: 'p/a', pointer: '/log', items: ['x'] });
    await call('delete', { context_id: 'p/b', expected_version: 1 });
    await call('put', { context_id: 'q', expected_version: 1, data: {} });
    await call('create', { context_id: 'p/new', context_type: 'knowledge', data: {} });
    clock.now += 1_000;
    const dry = await rewind({ dry_run: true });
    expect(dry).toEqual([
      { context_id: 'p/a', outcome: 'restored', version: 1, from: 3, patch: expect.any(Array) },
      { context_id: 'p/b', outcome: 'restored', version: 1, from: 2 },
      { context_id: 'p/new', outcome: 'kept', from: 1 },
    ]);
    expect((await call('history', { context_id: 'p/a' })).items).toHaveLength(3);
    expect(await rewind()).toEqual(dry.map(({ patch: _patch, ...rest }) => rest));
    expect([await data('p/a'), await data('p/b'), await data('q')]).toEqual([{ of: 'p/a' }, { of: 'p/b' }, {}]);
    expect((await call('list', { tags: ['t'], under: 'p' })).items).toHaveLength(3);
    expect(await rewind({ newer: 'delete' })).toEqual([{ context_id: 'p/new', outcome: 'deleted', from: 1 }]);
    expect(await rewind({ newer: 'delete' })).toEqual([]);
    expect((await call('history', { context_id: 'p/a' })).items).toHaveLength(4);
  });

  it('takes back what was written in the seconds before, and answers a repeated page alike', async () => {
    const { call, clock, data } = await snapshotStage();
    await call('put', { context_id: 'p/a', expected_version: 1, data: {} });
    const early = await call('rewind', { name: 's' });
    expect(early).toEqual({ items: [], cursor: expect.any(String) });
    clock.now += changeSettleMs;
    const request = { name: 's', cursor: String(early.cursor) };
    const answer = await call('rewind', request);
    expect(answer.items).toEqual([{ context_id: 'p/a', outcome: 'restored', version: 1, from: 2 }]);
    expect(await call('rewind', request)).toEqual(answer);
    expect(await data('p/a')).toEqual({ of: 'p/a' });
  });

  it('leaves alone what somebody changes after the rewind began, and what was erased', async () => {
    const { call, clock, data, rewind } = await snapshotStage();
    await call('put', { context_id: 'p/a', expected_version: 1, data: {} });
    await call('erase', { context_id: 'p/b', reason: 'why' });
    clock.now += 1;
    const { cursor = '' } = await call('rewind', { name: 's' });
    clock.now += 1;
    await call('put', { context_id: 'p/a', expected_version: 2, data: { later: true } });
    clock.now += changeSettleMs;
    expect(await rewind({ cursor })).toEqual([
      { context_id: 'p/a', outcome: 'overtaken', from: 3 },
      { context_id: 'p/b', outcome: 'erased', from: 2 },
    ]);
    expect(await data('p/a')).toEqual({ later: true });
  });

  it('is for admins of its place, and a document that refuses the caller refuses alone', async () => {
    const { call, as, rewind, clock } = await snapshotStage();
    const rules = [
      { to: ['alice', 'bob'], actions: ['read' as const, 'write' as const, 'delete' as const, 'admin' as const] },
      { to: ['carol'], under: 'p', actions: ['admin' as const] },
    ];
    await call('guard', { policy: { rules }, expected_revision: 0 });
    await as('bob')('put', { context_id: 'p/a', expected_version: 1, data: {} });
    clock.now += 1;
    await expect(as('dave')('rewind', { name: 's' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('carol')('snapshot', { name: 'mine', under: 'q' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(call('rewind', { name: 'ghost' })).rejects.toMatchObject({ code: 'not-found' });
    expect((await as('carol')('snapshots', {})).items).toHaveLength(1);
    expect(await rewind({}, as('carol'))).toMatchObject([
      { context_id: 'p/a', outcome: 'refused', error: { code: 'forbidden' } },
    ]);
  });

  it('keeps what it names from every retention until it is discarded, and not from an erasure', async () => {
    const { call, deps, clock, data, rewind } = await snapshotStage();
    await call('put', { context_id: 'p/a', expected_version: 1, data: { n: 2 }, retention: { versions_max: 1 } });
    await call('put', { context_id: 'p/a', expected_version: 2, data: { n: 3 } });
    await call('delete', { context_id: 'p/b', expected_version: 1 });
    await call('put', { context_id: 'p/c', expected_version: 1, data: {} });
    await call('put', { context_id: 'q', expected_version: 1, data: { n: 2 }, retention: { versions_max: 1 } });
    const days = async (count: number) => {
      for (let day = 0; day < count; day += 1) {
        clock.now += dayMs;
        await sweepNamespace(deps, 'default');
      }
    };
    await days(29);
    const versions = async (context_id: string) =>
      (await call('history', { context_id })).items.map(({ version }) => version);
    expect([await versions('p/a'), await versions('q')]).toEqual([[3, 2, 1], [2]]);
    expect((await rewind({ dry_run: true })).map(({ context_id }) => context_id)).toEqual(['p/a', 'p/b', 'p/c']);
    await call('erase', { context_id: 'p/c', reason: 'why' });
    await rewind();
    expect([await data('p/a'), await data('p/b'), await data('p/c')]).toEqual([
      { of: 'p/a' },
      { of: 'p/b' },
      undefined,
    ]);
    // It came back without the retention, which was set since.
    await call('put', { context_id: 'p/a', expected_version: 4, data: {}, retention: { versions_max: 1 } });
    await call('discard', { name: 's' });
    await days(2 + pinnedLookMs / dayMs);
    expect(await versions('p/a')).toEqual([5]);
  });

  it('keeps a deleted document beyond the time in which it could be restored', async () => {
    const { call, deps, clock, rewind, data } = await snapshotStage();
    await call('snapshot', { name: 'long', under: 'p', keep_days: 100 });
    clock.now += 1;
    await call('delete', { context_id: 'p/b', expected_version: 1 });
    clock.now += deletedRetentionMs + 2 * settleMs;
    await sweepNamespace(deps, 'default');
    await expect(call('rewind', { name: 's' })).rejects.toMatchObject({ code: 'not-found' });
    expect(await rewind({ name: 'long' })).toMatchObject([{ context_id: 'p/b', outcome: 'restored' }]);
    expect(await data('p/b')).toEqual({ of: 'p/b' });
  });

  it('brings documents back from the archive, and shows that without bringing them', async () => {
    const { call, deps, clock, rewind, data } = await snapshotStage();
    await call('put', { context_id: 'p/a', expected_version: 1, data: {}, retention: { archive_after_days: 1 } });
    clock.now += dayMs;
    await sweepNamespace(deps, 'default');
    const expected = [{ context_id: 'p/a', outcome: 'restored', version: 1, from: 2 }];
    expect(await rewind({ dry_run: true })).toEqual(expected);
    await expect(call('get', { context_id: 'p/a' })).rejects.toMatchObject({ code: 'archived' });
    expect(await rewind()).toEqual(expected);
    expect(await data('p/a')).toEqual({ of: 'p/a' });
  });
});
