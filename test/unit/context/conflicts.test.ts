import { describe, expect, it } from '@jest/globals';
import { sweepNamespace } from '../../../src/context/usecases/lifecycle/sweep-namespace.ts';
import { pruneDelayMs, settleMs } from '../../../src/contracts/limits.ts';
import { contextStage } from './stage.ts';

const id = { context_id: 'd' };
const dayMs = 24 * 3_600_000;

/** A list of random numbers that hardly packs: about `kilobytes` of JSON. */
function noise(seed: number, kilobytes: number): number[] {
  let last = seed;
  return Array.from({ length: kilobytes * 90 }, () => (last = (last * 48_271) % 2_147_483_647));
}

/** A document that two writers changed wholly from version 1, with the later one's change kept as a conflict. */
async function stageWithConflict(kilobytes: number, over: object = {}) {
  const stage = contextStage();
  const { call } = stage;
  await call('create', { ...id, context_type: 'knowledge', data: { list: noise(1, kilobytes) }, ...over });
  await call('put', { ...id, expected_version: 1, data: { list: [...noise(2, kilobytes), 2] } });
  const theirs = { list: [...noise(3, kilobytes), 3, 3] };
  const kept = await call('put', {
    ...{ ...id, expected_version: 1, data: theirs, on_conflict: 'merge', operation_id: 'late' },
  });
  expect(kept).toMatchObject({ outcome: 'conflict', conflict_id: 'late' });
  return { ...stage, theirs, objects: () => stage.cloud.s3.keys('bucket').filter((key) => key.includes('conflict')) };
}

describe('a conflict', () => {
  it.each([1, 20, 300])('is kept whole, of documents of %i KB', async (kilobytes) => {
    const { call, theirs } = await stageWithConflict(kilobytes);
    const { items } = await call('conflicts', id);
    expect(items).toMatchObject([{ conflict_id: 'late', base_version: 1, version: 2 }]);
    expect(items[0]!.data).toEqual(theirs);
    expect(items[0]!.conflicts[0]!.base).toEqual(noise(1, kilobytes));
  });

  it('of a large document does not hold up what a writer did offline', async () => {
    const { call } = await stageWithConflict(300);
    const edits = [
      { operation_id: 'e1', vector: { ann: 1 }, base: { list: noise(1, 300) }, data: { list: [...noise(4, 300), 4] } },
      { operation_id: 'e2', vector: { ann: 2 }, data: { list: [1] } },
    ];
    const { items } = await call('sync', { ...id, writer: 'ann', base_version: 1, edits });
    expect(items.map(({ outcome }) => outcome)).toEqual(['conflict', 'conflict']);
  });

  it('is exported with the data of its subject', async () => {
    const { call, theirs } = await stageWithConflict(300, { subject: 'ann' });
    await call('create', { context_id: 'e', context_type: 'knowledge', data: { n: 1 }, subject: 'ann' });
    const items: object[] = [];
    let cursor: string | undefined;
    do {
      const page = await call('export', { subject: 'ann', ...(cursor === undefined ? {} : { cursor }) });
      items.push(...page.items);
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(items).toHaveLength(4);
    expect(items[2]).toMatchObject({ ...id, conflict_id: 'late', data: theirs });
    expect(items[3]).toMatchObject({ context_id: 'e', version: 1 });
  });

  it('goes with its document', async () => {
    const { call, deps, clock, objects, cloud } = await stageWithConflict(300);
    expect(objects()).toHaveLength(1);
    await call('erase', { ...id, reason: 'r' });
    await sweepNamespace(deps, 'default');
    clock.now += settleMs;
    await sweepNamespace(deps, 'default');
    expect(cloud.s3.keys('bucket')).toEqual([]);
    expect(cloud.dynamodb.items('contexts').filter(({ sk }) => String(sk).startsWith('CONFLICT#'))).toEqual([]);
  });

  it('goes with the versions that it is about, by the retention', async () => {
    const { call, deps, clock, objects } = await stageWithConflict(300, { retention: { versions_max: 2 } });
    await call('put', { ...id, expected_version: 2, data: { n: 3 } });
    clock.now += pruneDelayMs;
    await sweepNamespace(deps, 'default');
    expect((await call('conflicts', id)).items).toHaveLength(1);
    await call('put', { ...id, expected_version: 3, data: { n: 4 } });
    clock.now += pruneDelayMs;
    await sweepNamespace(deps, 'default');
    expect((await call('history', id)).items.map(({ version }) => version)).toEqual([4, 3]);
    expect((await call('conflicts', id)).items).toEqual([]);
    expect(objects()).toEqual([]);
  });
});

describe('an export', () => {
  it('has every version of an archived document', async () => {
    const { call, clock, deps } = contextStage();
    await call('create', {
      ...{ ...id, context_type: 'knowledge', data: { n: 1 }, subject: 'ann', retention: { archive_after_days: 1 } },
    });
    await call('put', { ...id, expected_version: 1, data: { n: 2 } });
    clock.now += dayMs;
    await sweepNamespace(deps, 'default');
    await call('hold', { ...id, reason: 'a lawsuit' });
    const { items } = await call('export', { subject: 'ann' });
    expect(items.map((item) => 'kind' in item && [item.version, item.kind, item.data])).toEqual([
      [3, 'settings', undefined],
      [2, 'put', { n: 2 }],
      [1, 'create', { n: 1 }],
    ]);
  });
});
