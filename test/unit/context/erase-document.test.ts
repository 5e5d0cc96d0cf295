import { describe, expect, it } from '@jest/globals';
import { historyRoot } from '../../../src/context/core/merkle.ts';
import { flushedEntries } from '../../../src/context/core/search/compaction.ts';
import { indexDocuments } from '../../../src/context/usecases/search/index-documents.ts';
import { sweepNamespace, wakeSweeps } from '../../../src/context/usecases/lifecycle/sweep-namespace.ts';
import { settleMs } from '../../../src/contracts/limits.ts';
import { contextStage } from './stage.ts';

const id = { context_id: 'people/alice' };
const secret = 'zebra';
const reason = 'she asked for it';

/** A document with every kind of trace: versions, a body in the bucket, a conflict, an append, edges, entries of the index. */
async function stageWithTraces({ large = false } = {}) {
  const stage = contextStage();
  const { call, deps, cloud } = stage;
  let seed = 7;
  const noise = Array.from({ length: large ? 60_000 : 60 }, () =>
    ((seed = (seed * 48_271) % 2_147_483_647) + 1e9).toString(36),
  );
  await call('create', { ...id, context_type: 'knowledge', data: { secret, log: [] }, tags: [secret] });
  await call('put', { ...id, expected_version: 1, data: { secret, noise, log: [] } });
  await call('append', { ...id, pointer: '/log', items: [secret] });
  await call('put', { ...id, expected_version: 1, data: { secret: `${secret}!`, log: 1 }, on_conflict: 'merge' });
  await call('create', { context_id: 'people/alice/child', context_type: 'knowledge', data: { noise } });
  await call('create', {
    ...{ context_id: 'other', context_type: 'knowledge', data: { body: 'about a horse' } },
    relations: [{ type: 'about', to: id.context_id }],
  });
  const index = (...ids: string[]) => indexDocuments(deps, 'default', ids);
  await index(id.context_id, 'other', 'people/alice/child');
  const sweep = () => sweepNamespace(deps, 'default');
  /** Everything stored, as text. */
  const everything = async () => {
    const objects = cloud.s3.keys('bucket').map(async (key) => {
      const { Body } = await cloud.clients.s3.send(
        new (await import('@aws-sdk/client-s3')).GetObjectCommand({ Bucket: 'bucket', Key: key }),
      );
      return `${key} ${Buffer.from(await Body!.transformToByteArray()).toString('latin1')}`;
    });
    const rows = cloud.dynamodb
      .items('contexts')
      .map((row) =>
        JSON.stringify(row, (_key, value: unknown) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
        ),
      );
    return [...rows, ...(await Promise.all(objects))].join('\n');
  };
  return { ...stage, index, sweep, everything };
}

describe('an erasure', () => {
  it.each([false, true])(
    'takes the document out of the lineage of tasks, those of an archived one too (%s)',
    async (isArchived) => {
      const { call, clock, deps, cloud } = contextStage();
      const origin = (task_id: string) => ({ origin: { task_id } });
      const retention = isArchived ? { retention: { archive_after_days: 1 } } : {};
      await call('create', { ...id, context_type: 'knowledge', data: {}, ...retention, ...origin('t1') });
      await call('put', { ...id, expected_version: 1, data: { n: 1 }, ...origin('t2') });
      await call('create', { context_id: 'other', context_type: 'knowledge', data: {}, ...origin('t2') });
      const reads = [
        { context_id: id.context_id, version: 1 },
        { context_id: 'other', version: 1 },
      ];
      await call('record', { task_id: 't3', reads });
      clock.now += 2 * 24 * 3_600_000;
      await sweepNamespace(deps, 'default');
      await call('erase', { ...id, reason });
      await sweepNamespace(deps, 'default');
      const lineage = cloud.dynamodb.items('contexts').filter(({ pk }) => String(pk).startsWith('TASK#'));
      expect(lineage.map(({ pk, sk }) => `${String(pk)} ${String(sk)}`).sort()).toEqual([
        'TASK#default#t2 W#other#000000000001',
        'TASK#default#t3 R#other#000000000001',
      ]);
    },
  );

  it('leaves a tombstone with who, when, why and a proof, and nothing of what was', async () => {
    const { call, clock, sweep, everything, cloud } = await stageWithTraces({ large: true });
    expect(cloud.s3.keys('bucket').filter((key) => key.startsWith('documents/'))).toHaveLength(3);
    const kept = (await call('history', id)).items.toReversed();
    expect(await everything()).toContain(secret);
    const { head } = await call('erase', { ...id, reason });
    expect(head).toMatchObject({ version: 4, deleted: true, updated_by: 'alice', tags: [], erasure: { versions: 3 } });
    await expect(call('get', id)).rejects.toMatchObject({ code: 'not-found' });
    await sweep();
    expect(await everything()).not.toContain(secret);
    expect((await call('history', id)).items).toMatchObject([{ kind: 'erase', reason, erasure: { versions: 3 } }]);
    clock.now += settleMs;
    await sweep();
    const [tombstone] = (await call('history', id)).items;
    expect(tombstone!.erasure).toMatchObject({ done_at: new Date(clock.now).toISOString() });
    const { hash } = (await import('../../../src/platform/aws/runtime.ts')).machineSources;
    expect(historyRoot(kept, hash)).toBe(tombstone!.erasure!.root);
    expect(historyRoot([{ ...kept[0]!, hash: 'another' }, ...kept.slice(1)], hash)).not.toBe(tombstone!.erasure!.root);
    const rows = cloud.dynamodb.items('contexts').filter(({ pk }) => pk === 'DOC#default#people/alice');
    expect(cloud.s3.keys('bucket')).toMatchObject([expect.stringContaining('people/alice/child/')]);
    expect(rows.map(({ sk }) => sk)).toEqual(['HEAD', 'IN#about#other', 'V#000000000004']);
    expect(await call('get', { context_id: 'people/alice/child' })).toMatchObject({ unchanged: false });
  });

  it('takes its words out of old segments too, and leaves the others in them', async () => {
    const { call, clock, sweep, index, everything } = await stageWithTraces();
    for (let number = 0; number < flushedEntries; number += 1)
      await call('create', { context_id: `many/${number}`, context_type: 'knowledge', data: { body: 'horse' } });
    await index(...Array.from({ length: flushedEntries }, (_, number) => `many/${number}`));
    expect(await everything()).toMatch(/index\/default\/[^]*zebra/);
    await call('erase', { ...id, reason });
    await index(id.context_id);
    for (let look = 0; look < 3; look += 1) {
      await sweep();
      clock.now += settleMs;
    }
    expect((await call('history', id)).items[0]!.erasure!.done_at).toBeDefined();
    expect(await everything()).not.toContain(secret);
    expect((await call('search', { text: 'horse', mode: 'text', under: 'other' })).items).toHaveLength(1);
    expect((await call('search', { text: 'horse', mode: 'text', under: 'many/7' })).items).toHaveLength(1);
  });

  it('also removes what a change left behind that had begun before it', async () => {
    const { call, clock, sweep, deps, everything } = await stageWithTraces();
    await call('erase', { ...id, reason });
    await sweep();
    await deps.documents.keepConflict({
      ...{ namespace: 'default', ...id, conflict_id: 'late', at: '2026-11-23T10:00:00.000Z', by: 'bob' },
      ...{ base_version: 1, version: 3, data: secret, conflicts: [] },
    });
    clock.now += settleMs;
    await sweep();
    expect((await call('history', id)).items[0]!.erasure!.done_at).toBeUndefined();
    clock.now += settleMs;
    await sweep();
    expect((await call('history', id)).items[0]!.erasure!.done_at).toBeDefined();
    expect(await everything()).not.toContain(secret);
  });

  it('goes on after a crash at any of its calls', async () => {
    for (let crash = 1; ; crash += 1) {
      const stage = await stageWithTraces();
      const { call, clock, deps, everything } = stage;
      let calls = 0;
      const dying = <T extends object>(port: T): T =>
        new Proxy(port, {
          get: (target, name) => {
            const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
            return async (...args: unknown[]) => {
              calls += 1;
              if (calls === crash) throw new Error('crash');
              return method(...args);
            };
          },
        });
      const crashing = { ...deps, documents: dying(deps.documents), sweeps: dying(deps.sweeps) };
      await call('erase', { ...id, reason });
      const first = await sweepNamespace(crashing, 'default').catch((error: unknown) => error);
      for (let look = 0; look < 3; look += 1) {
        clock.now += settleMs;
        if ((await wakeSweeps(deps, ['default'])) > 0) await sweepNamespace(deps, 'default');
      }
      expect((await call('history', id)).items[0]!.erasure!.done_at).toBeDefined();
      expect(await everything()).not.toContain(secret);
      if (!(first instanceof Error)) break;
    }
  });

  it('is refused under a legal hold, to whoever is no admin, and while it is under way to every other change', async () => {
    const { call, as, clock, sweep } = await stageWithTraces();
    await call('hold', { ...id, reason: 'a lawsuit' });
    await expect(call('erase', { ...id, reason })).rejects.toMatchObject({ code: 'legal-hold', path: 'context_id' });
    await call('release', { ...id, reason: 'it was settled' });
    await expect(call('release', { ...id, reason: 'again' })).rejects.toMatchObject({ code: 'not-found' });
    expect((await call('history', id)).items.slice(0, 2)).toMatchObject([
      { kind: 'settings', reason: 'it was settled', by: 'alice' },
      { kind: 'settings', reason: 'a lawsuit' },
    ]);
    const rules = [{ to: ['bob'], actions: ['read' as const, 'write' as const, 'delete' as const] }];
    const { head } = await call('put', { ...id, expected_version: 5, data: {}, access_policy: { rules } });
    expect(head.version).toBe(6);
    await expect(as('bob')('erase', { ...id, reason })).rejects.toMatchObject({ code: 'forbidden' });
    await call('erase', { ...id, reason });
    expect(await call('erase', { ...id, reason })).toMatchObject({ outcome: 'repeated', head: { version: 7 } });
    const again = { ...id, context_type: 'knowledge', data: {} };
    await expect(call('create', again)).rejects.toMatchObject({ code: 'being-erased' });
    await expect(call('hold', { ...id, reason })).rejects.toMatchObject({ code: 'being-erased' });
    await sweep();
    clock.now += settleMs;
    await sweep();
    expect(await call('create', again)).toMatchObject({ head: { version: 8, created_version: 8 } });
    await call('erase', { ...id, reason: 'once more' });
    await sweep();
    expect((await call('history', id)).items.map(({ kind, reason: why }) => [kind, why])).toEqual([
      ['erase', 'once more'],
      ['erase', reason],
    ]);
  });

  it('keeps a hold through deletion and creation anew', async () => {
    const { call } = await stageWithTraces();
    await call('hold', { ...id, reason: 'a lawsuit' });
    await call('delete', { ...id, expected_version: 4 });
    await expect(call('erase', { ...id, reason })).rejects.toMatchObject({ code: 'legal-hold' });
    await call('create', { ...id, context_type: 'knowledge', data: {} });
    await expect(call('erase', { ...id, reason })).rejects.toMatchObject({ code: 'legal-hold' });
  });
});

describe('the timer of the sweeps', () => {
  it('is there before what is due, wakes one sweep, and ends when nothing is due', async () => {
    const { call, clock, deps, cloud, events, sweep } = await stageWithTraces();
    const timer = () => cloud.dynamodb.items('cadre')[0];
    await call('erase', { ...id, reason });
    expect(timer()).toMatchObject({
      pk: 'CONTEXTS#default',
      gsi1pk: 'TIMER#default',
      gsi1sk: '2026-11-23T10:00:00.000Z',
    });
    expect(await deps.timers.due('default', '2026-11-23T10:00:00.000Z', 5)).toMatchObject([
      { kind: 'sweep', id: 'default' },
    ]);
    expect(await wakeSweeps(deps, ['default'])).toBe(1);
    expect(await wakeSweeps(deps, ['default'])).toBe(0);
    expect(events.filter(({ type }) => type === 'ContextsDue')).toHaveLength(2);
    await sweep();
    expect(timer()?.['gsi1sk']).toBe(new Date(clock.now + settleMs).toISOString());
    clock.now += settleMs;
    await sweep();
    expect(timer()).not.toHaveProperty('gsi1sk');
  });

  it('keeps a time that somebody armed while a sweep was under way', async () => {
    const { sweeps } = contextStage().deps;
    await sweeps.arm('n', '2026-11-23T12:00:00.000Z');
    const armed = await sweeps.armed('n');
    await sweeps.arm('n', '2026-11-23T11:00:00.000Z');
    await sweeps.arm('n', '2026-11-23T13:00:00.000Z');
    await sweeps.settle('n', armed, undefined);
    expect(await sweeps.postpone('n', '2026-11-23T11:00:00.000Z', '2026-11-23T11:05:00.000Z')).toBe(true);
  });
});
