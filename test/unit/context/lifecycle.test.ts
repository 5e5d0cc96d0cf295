import { describe, expect, it } from '@jest/globals';
import { sweepNamespace, wakeSweeps } from '../../../src/context/usecases/lifecycle/sweep-namespace.ts';
import type { NamespacePolicy } from '../../../src/contracts/context/policy.ts';
import type { Json } from '../../../src/contracts/json.ts';
import { deletedRetentionMs, settleMs } from '../../../src/contracts/limits.ts';
import { contextStage } from './stage.ts';

const dayMs = 24 * 3_600_000;
const id = { context_id: 'log' };
const admin = { to: ['alice'], actions: ['read' as const, 'write' as const, 'delete' as const, 'admin' as const] };

/** A document with some versions, and time that passes as the timers say. */
async function stageWith(document: object = {}, versions = 1) {
  const stage = contextStage();
  const { call, deps, clock, cloud } = stage;
  await call('create', { ...id, context_type: 'knowledge', data: { n: 1 }, ...document });
  for (let n = 2; n <= versions; n += 1) await call('put', { ...id, expected_version: n - 1, data: { n } });
  const armedFor = () =>
    cloud.dynamodb
      .items('cadre')
      .map(({ gsi1sk }) => gsi1sk as string | undefined)
      .find((at) => at !== undefined);
  /** Lets time pass, sweeping whenever the timer wants it. Answers with how often that was. */
  const pass = async (ms: number) => {
    const until = clock.now + ms;
    let looks = 0;
    for (let at = armedFor(); at !== undefined && Date.parse(at) <= until; at = armedFor()) {
      clock.now = Math.max(clock.now, Date.parse(at));
      looks += await wakeSweeps(deps, ['default']);
      await sweepNamespace(deps, 'default');
      if (looks > 50) throw new Error('the timer never rests');
    }
    clock.now = until;
    return looks;
  };
  const guard = async (retention: NamespacePolicy['retention'], expected_revision = 0) =>
    call('guard', { policy: { rules: [admin], retention }, expected_revision });
  const kinds = async () => (await call('history', id)).items.map(({ kind }) => kind);
  return { ...stage, pass, guard, kinds, armedFor };
}

describe('the life of a document', () => {
  it('ends for good when its deletion can no longer be undone', async () => {
    const { call, pass, kinds } = await stageWith();
    await call('delete', { ...id, expected_version: 1 });
    await pass(deletedRetentionMs - 1);
    expect(await call('restore', { ...id, version: 1, expected_version: 2 })).toMatchObject({ outcome: 'written' });
    await pass(deletedRetentionMs);
    expect(await kinds()).toEqual(['restore', 'delete', 'create']);
    await call('delete', { ...id, expected_version: 3 });
    await pass(deletedRetentionMs + 2 * settleMs);
    expect(await kinds()).toEqual(['erase']);
    expect((await call('history', id)).items[0]).toMatchObject({ by: ':lifecycle', erasure: { versions: 4 } });
  });

  it('ends for good some time after its time to live', async () => {
    const { pass, kinds } = await stageWith({ ttl_ms: dayMs });
    await pass(dayMs + deletedRetentionMs - 1);
    expect(await kinds()).toEqual(['create']);
    await pass(1 + settleMs);
    expect(await kinds()).toEqual(['erase']);
  });

  it('follows its own retention before its type’s, and neither while it is held', async () => {
    const { call, pass, guard, kinds } = await stageWith({ retention: { keep_days: 2 } });
    await call('create', { context_id: 'other', context_type: 'knowledge', data: {} });
    await guard({ knowledge: { keep_days: 10 } });
    await call('hold', { ...id, reason: 'a lawsuit' });
    await pass(5 * dayMs);
    expect(await kinds()).toEqual(['settings', 'create']);
    await call('release', { ...id, reason: 'settled' });
    await pass(2 * dayMs);
    expect(await kinds()).toEqual(['erase']);
    expect(await call('get', { context_id: 'other' })).toMatchObject({ unchanged: false });
    await pass(3 * dayMs);
    await expect(call('get', { context_id: 'other' })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is not ended by a retention that was lifted before', async () => {
    const { pass, guard, kinds, armedFor } = await stageWith();
    await guard({ '*': { keep_days: 3 } });
    await pass(dayMs);
    expect(armedFor()).toBe('2026-11-26T10:00:00.000Z');
    await guard({}, 1);
    await pass(5 * dayMs);
    expect(await kinds()).toEqual(['create']);
    expect(armedFor()).toBeUndefined();
  });

  it('keeps so many versions, removed a day later, with their objects', async () => {
    const { call, pass, kinds, cloud, clock } = await stageWith({ retention: { versions_max: 2 } });
    let seed = 7;
    const noise = Array.from({ length: 60_000 }, () => ((seed = (seed * 48_271) % 2_147_483_647) + 1e9).toString(36));
    for (let version = 1; version <= 3; version += 1) {
      clock.now += 1_000;
      await call('put', { ...id, expected_version: version, data: { noise, version: version % 2 } });
    }
    await pass(dayMs - 1);
    expect(await kinds()).toHaveLength(4);
    expect(await pass(1)).toBe(1);
    expect((await call('history', id)).items.map(({ version }) => version)).toEqual([4, 3]);
    expect(cloud.s3.keys('bucket')).toHaveLength(2);
    expect(await call('get', { ...id, version: 3 })).toMatchObject({ document: { data: { version: 0 } } });
    await expect(call('get', { ...id, version: 2 })).rejects.toMatchObject({ code: 'not-found' });
    expect(await pass(10 * dayMs)).toBe(0);
  });

  it('loses no version to a sweep once a hold is answered, whenever that is, and all that are due after its release', async () => {
    for (let moment = 1, reached = true; reached; moment += 1) {
      const { call, deps, clock, pass, cloud } = await stageWith({ retention: { versions_max: 2 } }, 105);
      const { dynamodb } = cloud.clients;
      clock.now += dayMs;
      let calls = 0;
      let atHold: number[] = [];
      const versions = () => {
        const rows = cloud.dynamodb.items('contexts').filter(({ sk }) => String(sk).startsWith('V#'));
        return rows.flatMap(({ kind, version }) => (kind === 'settings' ? [] : [Number(version)]));
      };
      const send = dynamodb.send.bind(dynamodb) as (command: unknown) => Promise<unknown>;
      dynamodb.send = (async (command: unknown) => {
        calls += 1;
        if (calls === moment) {
          dynamodb.send = send as never;
          atHold = versions();
          await call('hold', { ...id, reason: 'a lawsuit' });
        }
        return send(command);
      }) as never;
      await sweepNamespace(deps, 'default').catch(() => undefined);
      reached = calls >= moment;
      dynamodb.send = send as never;
      if (reached) expect(versions()).toEqual(atHold);
      if (reached) await call('release', { ...id, reason: 'settled' });
      await pass(2 * dayMs);
      expect(versions().length).toBeLessThanOrEqual(2);
    }
  });

  it('refuses a retention that archives what is erased already', async () => {
    const retention = { keep_days: 2, archive_after_days: 2 };
    await expect(stageWith({ retention })).rejects.toMatchObject({ path: 'retention.archive_after_days' });
  });
});

describe('the archive', () => {
  const retention = { archive_after_days: 1 };

  it('takes data and history, leaves the head, and gives all back', async () => {
    const { call, pass, cloud, kinds } = await stageWith({ retention, tags: ['t'] }, 3);
    const before = (await call('history', id)).items;
    await pass(dayMs);
    expect((await call('list', { tags: ['t'] })).items).toMatchObject([{ ...id, version: 3, archive: {} }]);
    expect(cloud.s3.keys('bucket')).toMatchObject([expect.stringMatching(/^archive\/default\/log\//)]);
    expect(JSON.stringify(cloud.dynamodb.items('contexts'))).not.toContain('\\"n\\"');
    for (const refused of [
      call('get', id),
      call('get', { ...id, known_version: 3 }),
      call('get', { ...id, version: 1 }),
      call('put', { ...id, expected_version: 3, data: {} }),
      call('append', { ...id, items: [1] }),
      call('fork', { ...id, to: { context_id: 'copy' } }),
    ])
      await expect(refused).rejects.toMatchObject({ code: 'archived' });
    for (const known_versions of [{}, { log: 3 }])
      expect(await call('batch', { context_ids: ['log'], known_versions })).toMatchObject({
        items: [{ error: { code: 'archived' } }],
      });
    expect((await call('search', { text: 'log' })).items).toEqual([]);
    expect(await call('restore', { ...id, version: 3, expected_version: 3 })).toMatchObject({ head: { version: 4 } });
    expect((await call('history', id)).items.slice(1)).toEqual(before);
    expect(await call('get', { ...id, version: 2 })).toMatchObject({ document: { data: { n: 2 } } });
    expect((await call('get', id)) as Json).not.toHaveProperty('document.archive');
    await pass(dayMs);
    expect(await kinds()).toEqual(['restore']);
  });

  it('gives all back when a deleted document is created anew', async () => {
    const { call, pass, kinds } = await stageWith({ retention }, 2);
    await pass(dayMs);
    await call('delete', { ...id, expected_version: 2 });
    await call('create', { ...id, context_type: 'knowledge', data: {} });
    expect(await kinds()).toEqual(['create', 'delete', 'put', 'create']);
  });

  it('is erased with the document, and is in its proof', async () => {
    const { call, pass, cloud } = await stageWith({ retention }, 3);
    await pass(dayMs);
    expect(await call('erase', { ...id, reason: 'r' })).toMatchObject({ head: { erasure: { versions: 3 } } });
    await pass(2 * settleMs);
    expect(cloud.s3.keys('bucket')).toEqual([]);
    expect((await call('history', id)).items[0]!.erasure!.done_at).toBeDefined();
  });

  it('loses nothing when a sweep dies at any of its calls, or somebody restores in the midst of it', async () => {
    for (const restores of [false, true]) {
      for (let moment = 1, reached = true; reached; moment += 1) {
        const { call, deps, clock, pass } = await stageWith({ retention }, 3);
        const before = (await call('history', id)).items;
        let calls = 0;
        const client = deps.documents;
        const struck = new Proxy(client, {
          get: (target, name) => {
            const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
            return async (...args: unknown[]) => {
              calls += 1;
              if (calls !== moment) return method(...args);
              if (!restores) throw new Error('crash');
              await call('restore', { ...id, version: 3, expected_version: 3 });
              return method(...args);
            };
          },
        });
        clock.now += dayMs;
        await sweepNamespace({ ...deps, documents: struck }, 'default').catch(() => undefined);
        reached = calls >= moment;
        if (!restores) await pass(dayMs / 2);
        const [head] = (await call('list', {})).items;
        if (head!.version === 3) await call('restore', { ...id, version: 2, expected_version: 3 });
        expect((await call('history', id)).items.slice(1)).toEqual(before);
        for (const version of [1, 2, 3])
          expect(await call('get', { ...id, version })).toMatchObject({ document: { data: { n: version } } });
      }
    }
  });
});
