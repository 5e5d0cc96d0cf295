import { describe, expect, it } from '@jest/globals';
import { sweepNamespace } from '../../../src/context/usecases/lifecycle/sweep-namespace.ts';
import { canonicalJson } from '../../../src/contracts/json.ts';
import { forgottenDocumentsMax, settleMs } from '../../../src/contracts/limits.ts';
import { machineSources } from '../../../src/platform/aws/runtime.ts';
import { contextStage } from './stage.ts';

const subject = 'alice@example.com';
const reason = 'request 17';

async function stageWithSubject() {
  const stage = contextStage();
  const { call, deps, clock } = stage;
  for (const context_id of ['a', 'b', 'c', 'd'])
    await call('create', { context_id, context_type: 'knowledge', data: { of: context_id }, subject });
  await call('create', { context_id: 'other', context_type: 'knowledge', data: {}, subject: 'bob' });
  await call('put', { context_id: 'b', expected_version: 1, data: { of: 'b', n: 2 } });
  await call('delete', { context_id: 'c', expected_version: 1 });
  await call('hold', { context_id: 'd', reason: 'a lawsuit' });
  const settle = async () => {
    for (let look = 0; look < 2; look += 1) {
      await sweepNamespace(deps, 'default');
      clock.now += settleMs;
    }
    await sweepNamespace(deps, 'default');
  };
  const exported = async (of = subject) => {
    const items: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await call('export', { subject: of, ...(cursor === undefined ? {} : { cursor }) });
      items.push(
        ...page.items.map(({ context_id, version, data }) => `${context_id}@${version} ${JSON.stringify(data)}`),
      );
      ({ cursor } = page);
    } while (cursor !== undefined);
    return items;
  };
  return { ...stage, settle, exported };
}

describe('the data of one subject', () => {
  it('is exported whole: every version, of deleted documents too, and nobody else’s', async () => {
    const { exported, call, as } = await stageWithSubject();
    expect(await exported()).toEqual([
      'a@1 {"of":"a"}',
      'b@2 {"of":"b","n":2}',
      'b@1 {"of":"b"}',
      'c@2 null',
      'c@1 {"of":"c"}',
      'd@2 {"of":"d"}',
      'd@1 {"of":"d"}',
    ]);
    const forged = btoa(JSON.stringify({ context_id: 'other', version: 1 }));
    expect(await call('export', { subject, cursor: forged })).toEqual({ items: [] });
    await expect(call('export', { subject, cursor: 'nonsense' })).rejects.toMatchObject({ path: 'cursor' });
    const rules = [
      { to: ['alice'], actions: ['admin' as const] },
      { to: ['bob'], actions: ['read' as const] },
    ];
    await call('guard', { policy: { rules }, expected_revision: 0 });
    await expect(as('bob')('export', { subject })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('bob')('forget', { subject, reason })).rejects.toMatchObject({ code: 'forbidden' });
    expect((await call('audit', {})).items).toContainEqual(
      expect.objectContaining({ action: 'export', outcome: 'allowed', subject, principal: 'alice' }),
    );
  });

  it('stays the subject’s until it is erased, whatever is written', async () => {
    const { call } = await stageWithSubject();
    const put = { context_id: 'a', expected_version: 1, data: {} };
    await expect(call('put', { ...put, subject: 'bob' })).rejects.toMatchObject({ path: 'subject' });
    await call('delete', { context_id: 'a', expected_version: 1 });
    const create = { context_id: 'a', context_type: 'knowledge', data: {} };
    await expect(call('create', { ...create, subject: 'bob' })).rejects.toMatchObject({ path: 'subject' });
    expect(await call('create', create)).toMatchObject({ head: { subject } });
  });

  it('is erased with a certificate that tells what, by whom, why, and what is held; each holds the hash of the one before', async () => {
    const { call, settle, exported } = await stageWithSubject();
    expect(await call('forget', { subject, reason })).toMatchObject({
      outcome: 'erasing',
      documents: [
        { context_id: 'a', versions: 1 },
        { context_id: 'b', versions: 2 },
        { context_id: 'c', versions: 2 },
      ],
      held: [{ context_id: 'd', reason: 'a lawsuit' }],
    });
    expect(await call('forget', { subject, reason: 'another' })).toMatchObject({ outcome: 'erasing' });
    await settle();
    const first = await call('forget', { subject, reason });
    if (first.outcome !== 'done') throw new Error('not done');
    expect(first.certificate).toMatchObject({ number: 1, reason, requested_by: 'alice', previous: '' });
    expect(first.certificate.documents.every(({ done_at }) => done_at !== undefined)).toBe(true);
    expect(await exported()).toEqual(['d@2 {"of":"d"}', 'd@1 {"of":"d"}']);
    await call('release', { context_id: 'd', reason: 'settled' });
    await call('forget', { subject, reason: 'the rest' });
    await settle();
    const second = await call('forget', { subject, reason: 'the rest' });
    if (second.outcome !== 'done') throw new Error('not done');
    expect(second.certificate).toMatchObject({ number: 2, previous: first.certificate.hash, held: [] });
    const { items } = await call('certificates', {});
    expect(items).toEqual([second.certificate, first.certificate]);
    for (const { hash, ...unsigned } of items) expect(machineSources.hash(canonicalJson(unsigned))).toBe(hash);
    await expect(call('forget', { subject, reason })).rejects.toMatchObject({ code: 'not-found' });
    expect(await exported('bob')).toHaveLength(1);
  });

  it('is certified with where ids and copies stay, until when, and which ids name the subject', async () => {
    const { call, settle, clock } = await stageWithSubject();
    for (const context_id of ['people/Alice_1/notes', 'people/alice.example.com', 'people/al'])
      await call('create', { context_id, context_type: 'knowledge', data: {}, subject });
    await call('forget', { subject, reason });
    await settle();
    const answer = await call('forget', { subject, reason });
    if (answer.outcome !== 'done') throw new Error('not done');
    expect(answer.certificate.naming).toEqual(['people/Alice_1/notes', 'people/alice.example.com']);
    const until = (days: number) => new Date(clock.now + days * 86_400_000).toISOString();
    expect(answer.certificate.remains).toEqual([
      { place: 'tombstones', what: 'ids' },
      { place: 'certificates', what: 'ids' },
      { place: 'audit', what: 'ids', until: until(400) },
      { place: 'lineage', what: 'ids', until: until(400) },
      { place: 'backups', what: 'data', until: until(35) },
    ]);
  });

  it('leaves no document out of its certificate when a call dies at any moment', async () => {
    for (let moment = 1, reached = true; reached; moment += 1) {
      const { call, deps, settle } = await stageWithSubject();
      let calls = 0;
      const dying = new Proxy(deps.documents, {
        get: (target, name) => {
          const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
          return async (...args: unknown[]) => {
            calls += 1;
            if (calls === moment) throw new Error('crash');
            return method(...args);
          };
        },
      });
      const { forgetSubject } = await import('../../../src/context/usecases/lifecycle/forget-subject.ts');
      const caller = { principal: 'alice', correlation_id: 's' };
      const request = { namespace: 'default', subject, reason };
      await forgetSubject({ ...deps, documents: dying }, caller, request).catch(() => undefined);
      reached = calls >= moment;
      await call('forget', { subject, reason });
      await settle();
      expect(await call('forget', { subject, reason })).toMatchObject({
        outcome: 'done',
        certificate: { documents: [{ context_id: 'a' }, { context_id: 'b' }, { context_id: 'c' }], held: [{}] },
      });
    }
  });

  it('has no certificate while a document is neither erased nor held, because its hold ended in the midst of a call', async () => {
    const { call, deps, settle } = await stageWithSubject();
    await call('forget', { subject, reason });
    await settle();
    let heads = 0;
    const documents = new Proxy(deps.documents, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
        return async (...args: unknown[]) => {
          const isFate =
            name === 'heads' && (args[0] as { context_id: string }[]).some((key) => key.context_id === 'd');
          // The first look is about all, the second one decides about d, the third asks what became of it.
          if (isFate && (heads += 1) === 3) await call('release', { context_id: 'd', reason: 'settled' });
          return method(...args);
        };
      },
    });
    const { forgetSubject } = await import('../../../src/context/usecases/lifecycle/forget-subject.ts');
    const caller = { principal: 'alice', correlation_id: 's' };
    const answer = await forgetSubject({ ...deps, documents }, caller, { namespace: 'default', subject, reason });
    expect(heads).toBeGreaterThanOrEqual(3);
    expect(answer).toMatchObject({ outcome: 'erasing', held: [] });
    await call('forget', { subject, reason });
    await settle();
    const last = await call('forget', { subject, reason });
    expect(last).toMatchObject({ outcome: 'done', certificate: { held: [] } });
    expect(last.outcome === 'done' && last.certificate.documents).toHaveLength(4);
  });

  it('says so when more is stored than one certificate is about', async () => {
    const { call, settle } = await stageWithSubject();
    for (let n = 0; n < forgottenDocumentsMax; n += 1)
      await call('create', { context_id: `n/${String(n)}`, context_type: 'knowledge', data: {}, subject });
    const outcomes: unknown[] = [];
    for (let round = 0; round < 2; round += 1) {
      await call('forget', { subject, reason });
      for (let look = 0; look < 7; look += 1) await settle();
      const answer = await call('forget', { subject, reason });
      outcomes.push(answer.outcome === 'done' ? answer.more : answer.outcome);
    }
    expect(outcomes).toEqual([true, false]);
  });
});
