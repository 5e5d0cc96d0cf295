import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it, jest } from '@jest/globals';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Json } from '../../../src/contracts/json.ts';
import { contextStage } from './stage.ts';

const id = { context_id: 'project/alpha' };
const knowledge = (data: Json = { title: 'Alpha' }) => ({ ...id, context_type: 'knowledge', data });

/** Words that hardly pack, about so many bytes. */
function noiseOf(bytes: number): string[] {
  let seed = 7;
  return Array.from({ length: bytes / 10 }, () => ((seed = (seed * 48_271) % 2_147_483_647) + 1e9).toString(36));
}

describe('documents', () => {
  it('are created, written from the version that was seen, and read at any version', async () => {
    const { call, clock } = contextStage();
    await call('create', { ...knowledge(), tags: ['b', 'a', 'b'] });
    clock.now += 1_000;
    expect(await call('put', { ...id, expected_version: 1, data: { title: 'Beta' } })).toMatchObject({
      outcome: 'written',
      head: {
        version: 2,
        tags: ['a', 'b'],
        created_at: '2026-11-23T10:00:00.000Z',
        updated_at: '2026-11-23T10:00:01.000Z',
      },
    });
    expect(await call('get', id)).toMatchObject({ document: { version: 2, data: { title: 'Beta' } } });
    expect(await call('get', { ...id, version: 1 })).toMatchObject({
      document: { version: 1, data: { title: 'Alpha' } },
    });
    expect(await call('get', { ...id, pointer: '/title' })).toMatchObject({ document: { data: 'Beta' } });
    await expect(call('get', { ...id, pointer: '/none' })).rejects.toMatchObject({
      code: 'not-found',
      path: 'pointer',
    });
    expect((await call('history', id)).items.map(({ version, kind, by }) => [version, kind, by])).toEqual([
      [2, 'put', 'alice'],
      [1, 'create', 'alice'],
    ]);
  });

  it('tell whoever knows the latest version that it is the latest', async () => {
    const { call } = contextStage();
    await call('create', knowledge());
    expect(await call('get', { ...id, known_version: 1 })).toMatchObject({ unchanged: true, head: { version: 1 } });
    await call('put', { ...id, expected_version: 1, data: {} });
    expect(await call('get', { ...id, known_version: 1 })).toMatchObject({
      unchanged: false,
      document: { version: 2 },
    });
  });

  it('tell in a batch which of the versions in hand are the latest, and read no body of those', async () => {
    const { call, as } = contextStage();
    for (const context_id of ['a', 'b', 'c']) await call('create', { ...knowledge(), context_id });
    await call('put', { context_id: 'b', expected_version: 1, data: { n: 'new' } });
    const request = { context_ids: ['a', 'b', 'ghost', 'c'], known_versions: { a: 1, b: 1, ghost: 1, other: 1 } };
    expect(await call('batch', request)).toMatchObject({
      unchanged: [{ unchanged: true, head: { context_id: 'a', version: 1 } }],
      items: [{ value: { data: { n: 'new' } } }, { error: { code: 'not-found' } }, { value: { context_id: 'c' } }],
    });
    const rules = [{ to: ['alice'], actions: ['read' as const, 'admin' as const] }];
    await call('guard', { expected_revision: 0, policy: { rules } });
    expect(await as('bob')('batch', { context_ids: ['a'], known_versions: { a: 1 } })).toMatchObject({
      items: [{ error: { code: 'forbidden' } }],
    });
  });

  it('answer the repeat of a lost answer and refuse another creation', async () => {
    const { call } = contextStage();
    const create = { ...knowledge(), operation_id: 'op1' };
    expect(await call('create', create)).toMatchObject({ outcome: 'written' });
    const put = { ...id, expected_version: 1, data: { title: 'Beta' }, operation_id: 'op2' };
    expect(await call('put', put)).toMatchObject({ outcome: 'written' });
    expect(await call('put', { ...id, expected_version: 2, data: {}, operation_id: 'op3' })).toMatchObject({
      outcome: 'written',
    });
    expect(await call('create', create)).toMatchObject({ outcome: 'repeated', head: { version: 1 } });
    expect(await call('put', put)).toMatchObject({ outcome: 'repeated', head: { version: 2 } });
    await expect(call('create', knowledge())).rejects.toMatchObject({ code: 'context-conflict' });
    expect((await call('history', id)).items).toHaveLength(3);
  });

  it('refuse a stale change with what a merge would give, and write nothing', async () => {
    const { call } = contextStage();
    await call('create', knowledge({ a: 1, b: 1 }));
    await call('put', { ...id, expected_version: 1, data: { a: 2, b: 1 } });
    expect(await call('put', { ...id, expected_version: 1, data: { a: 1, b: 2 } })).toMatchObject({
      outcome: 'stale',
      head: { version: 2 },
      merge: { ok: true, data: { a: 2, b: 2 } },
    });
    expect(await call('put', { ...id, expected_version: 1, data: { a: 3, b: 1 } })).toMatchObject({
      outcome: 'stale',
      merge: { ok: false, conflicts: [{ path: '/a', base: 1, ours: 2, theirs: 3 }] },
    });
    expect(await call('get', id)).toMatchObject({ document: { version: 2, data: { a: 2, b: 1 } } });
  });

  it('merge when asked to, once for all repeats, and keep what cannot be merged with both sides', async () => {
    const { call } = contextStage();
    await call('create', { ...knowledge({ hits: 1, a: 1 }), merge: [{ path: '/hits', policy: 'sum' }] });
    await call('put', { ...id, expected_version: 1, data: { hits: 3, a: 1 } });
    const late = {
      ...id,
      expected_version: 1,
      data: { hits: 2, a: 1 },
      on_conflict: 'merge' as const,
      operation_id: 'late',
    };
    expect(await call('put', late)).toMatchObject({ outcome: 'merged', head: { version: 3 } });
    expect(await call('put', late)).toMatchObject({ outcome: 'repeated', head: { version: 3 } });
    expect(await call('get', id)).toMatchObject({ document: { data: { hits: 4, a: 1 } } });
    await call('put', { ...id, expected_version: 3, data: { hits: 4, a: 7 } });
    const clash = {
      ...id,
      expected_version: 3,
      data: { hits: 4, a: 8 },
      on_conflict: 'merge' as const,
      operation_id: 'clash',
    };
    for (let repeat = 0; repeat < 2; repeat += 1)
      expect(await call('put', clash)).toMatchObject({ outcome: 'conflict', conflict_id: 'clash' });
    expect((await call('conflicts', id)).items).toMatchObject([
      {
        conflict_id: 'clash',
        base_version: 3,
        version: 4,
        data: { a: 8 },
        conflicts: [{ path: '/a', ours: 7, theirs: 8 }],
      },
    ]);
    expect(await call('get', id)).toMatchObject({ document: { version: 4 } });
  });

  it('merge places by a JSONata expression, and call its failure a conflict', async () => {
    const { call } = contextStage();
    const rule = { path: '/x', policy: 'custom' as const, expression: '$max([ours, theirs]) * 10' };
    await call('create', { ...knowledge({ x: 1 }), merge: [rule] });
    await call('put', { ...id, expected_version: 1, data: { x: 2 } });
    const late = { ...id, expected_version: 1, on_conflict: 'merge' as const };
    expect(await call('put', { ...late, data: { x: 3 } })).toMatchObject({ outcome: 'merged' });
    expect(await call('get', id)).toMatchObject({ document: { data: { x: 30 } } });
    expect(await call('put', { ...late, data: { x: 'no number' } })).toMatchObject({
      outcome: 'conflict',
      conflicts: [{ path: '/x' }],
    });
  });

  it('are gone when deleted, keep their history, and go on counting when created again', async () => {
    const { call } = contextStage();
    await call('create', knowledge());
    await expect(call('delete', { ...id, expected_version: 2 })).rejects.toMatchObject({ code: 'version-conflict' });
    expect(await call('delete', { ...id, expected_version: 1, operation_id: 'd' })).toMatchObject({
      outcome: 'written',
    });
    expect(await call('delete', { ...id, expected_version: 1, operation_id: 'd' })).toMatchObject({
      outcome: 'repeated',
    });
    await expect(call('get', id)).rejects.toMatchObject({ code: 'not-found' });
    await expect(call('put', { ...id, expected_version: 2, data: {} })).rejects.toMatchObject({ code: 'not-found' });
    expect((await call('history', id)).items).toHaveLength(2);
    expect(await call('create', knowledge({ title: 'again' }))).toMatchObject({
      head: { version: 3, created_version: 3 },
    });
  });

  it('end with their time to live, which each change begins anew', async () => {
    const { call, clock } = contextStage();
    await call('create', { ...knowledge(), ttl_ms: 1_000 });
    clock.now += 900;
    await call('put', { ...id, expected_version: 1, data: {} });
    clock.now += 999;
    expect(await call('get', id)).toMatchObject({ unchanged: false });
    clock.now += 1;
    await expect(call('get', id)).rejects.toMatchObject({ code: 'not-found' });
    await expect(call('get', { ...id, known_version: 2 })).rejects.toMatchObject({ code: 'not-found' });
  });

  it.each([
    ['small', 10],
    ['packed', 50_000],
    ['in the bucket', 1_500_000],
  ])('give back a %s body as it was', async (_where, bytes) => {
    const { call } = contextStage();
    const noise = noiseOf(bytes);
    await call('create', knowledge({ noise }));
    expect(await call('get', id)).toMatchObject({ document: { data: { noise } } });
  });

  it('are put, deleted and created anew without a look at the body that was there', async () => {
    const { call, clock, cloud } = contextStage();
    const sent = jest.spyOn(cloud.clients.s3, 'send');
    const reads = () => sent.mock.calls.filter(([command]) => command instanceof GetObjectCommand).length;
    /** Until no function has the body in its memory any more. */
    const forget = () => void (clock.now += 3_600_000);
    await call('create', knowledge({ noise: noiseOf(1_500_000) }));
    forget();
    await call('put', { ...id, expected_version: 1, data: { noise: noiseOf(1_600_000) } });
    forget();
    await call('delete', { ...id, expected_version: 2 });
    await call('create', knowledge({ noise: noiseOf(1_700_000) }));
    forget();
    const operation = { ...id, operation: 'put' as const, expected_version: 4, data: { noise: noiseOf(1_800_000) } };
    await call('transaction', { operations: [operation] });
    forget();
    await call('history', id);
    await call('relations', id);
    expect(reads()).toBe(0);
    await call('append', { ...id, pointer: '/noise', items: ['more'] });
    expect(reads()).toBe(1);
  });

  it('announce each change once it is written', async () => {
    const { call, events } = contextStage();
    await call('create', { ...knowledge(), operation_id: 'op1' });
    await call('create', { ...knowledge(), operation_id: 'op1' });
    expect(events).toMatchObject([
      {
        type: 'ContextChanged',
        causation_id: 'op1',
        data: { context_id: 'project/alpha', version: 1, kind: 'create' },
      },
    ]);
  });

  it('of many writers from one version let exactly one win', async () => {
    const { call } = contextStage();
    await call('create', knowledge());
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => call('put', { ...id, expected_version: 1, data: { n } })),
    );
    expect(answers.filter(({ outcome }) => outcome === 'written')).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'stale')).toHaveLength(9);
  });

  it.each([
    ['an unknown type', { ...knowledge(), context_type: 'novel' }, 'unknown-context-type', 'context_type'],
    [
      'data that its type forbids',
      { ...knowledge({ agent_a: 1 }), context_type: 'agent_interaction' },
      'invalid-input',
      'data.agent_a',
    ],
    ['an id with a separator of keys', { ...knowledge(), context_id: 'a#b' }, 'invalid-input', 'context_id'],
    ['an id with an empty level', { ...knowledge(), context_id: 'a//b' }, 'invalid-input', 'context_id'],
    ['half of a surrogate pair', knowledge({ list: ['\ud800'] }), 'invalid-input', 'data.list[0]'],
    ['a poisoned key', knowledge(JSON.parse('{"a":{"__proto__":1}}') as Json), 'invalid-input', 'data.a.__proto__'],
    [
      'a rule without its expression',
      { ...knowledge(), merge: [{ path: '', policy: 'custom' as const }] },
      'invalid-input',
      'merge[0].expression',
    ],
    [
      'a pointer that is none',
      { ...knowledge(), merge: [{ path: 'a', policy: 'max' as const }] },
      'invalid-input',
      'merge[0].path',
    ],
    ['too much', knowledge('x'.repeat(5_000_000)), 'invalid-input', 'data'],
  ])('refuse %s and write nothing', async (_what, request, code, path) => {
    const { call, cloud } = contextStage();
    await expect(call('create', request)).rejects.toMatchObject({ code, path });
    expect(cloud.dynamodb.items('contexts')).toEqual([]);
  });

  it('refuse JSON of hostile depth without running out of stack', async () => {
    const { send } = contextStage();
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    const text = `{"context_id":"a","context_type":"knowledge","data":${deep}}`;
    await expect(send('alice', 'create', text)).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('refuse a cursor of another listing', async () => {
    const { call } = contextStage();
    await call('create', knowledge());
    const cursor = Buffer.from(JSON.stringify({ pk: 'SPACE#default', sk: 'POLICY' })).toString('base64url');
    await expect(call('history', { ...id, cursor })).rejects.toMatchObject({ code: 'invalid-input', path: 'cursor' });
  });
});

describe('the access of documents', () => {
  const rules = [
    { to: ['role:team'], actions: ['read' as const, 'write' as const], mask: ['/secret'] },
    { to: ['carol'], actions: ['read' as const] },
  ];
  async function guarded() {
    const stage = contextStage();
    await stage.call('create', { ...knowledge({ secret: 1, open: 1 }), access_policy: { rules } });
    const policy = { roles: { team: ['bob'] }, rules: [], audit_reads_one_in: 0 };
    const Item = { pk: 'SPACE#default', sk: 'POLICY', namespace: 'default', revision: 1, policy, updated_by: 'root' };
    await stage.cloud.clients.dynamodb.send(new PutCommand({ TableName: 'contexts', Item }));
    return stage;
  }

  it('hides masked places from readers and keeps them through their writes', async () => {
    const { as } = await guarded();
    expect(await as('bob')('get', id)).toMatchObject({ document: { data: { open: 1 }, masked: ['/secret'] } });
    expect(await as('carol')('get', id)).toMatchObject({ document: { data: { open: 1, secret: 1 } } });
    await as('bob')('put', { ...id, expected_version: 1, data: { open: 2, secret: 'forged' } });
    await as('bob')('put', { ...id, expected_version: 1, data: { open: 1, mine: 1 }, on_conflict: 'merge' });
    expect(await as('alice')('get', id)).toMatchObject({ document: { data: { open: 2, secret: 1, mine: 1 } } });
    await expect(as('bob')('conflicts', id)).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('refuses what no rule grants, without telling what is there', async () => {
    const { as } = await guarded();
    await expect(as('carol')('put', { ...id, expected_version: 1, data: {} })).rejects.toMatchObject({
      code: 'forbidden',
    });
    await expect(as('bob')('delete', { ...id, expected_version: 1 })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('mallory')('get', id)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('mallory')('get', { context_id: 'nothing/here' })).rejects.toMatchObject({ code: 'forbidden' });
    const takeover = { ...id, expected_version: 1, data: {}, access_policy: { rules: [] } };
    await expect(as('bob')('put', takeover)).rejects.toMatchObject({ code: 'forbidden' });
  });
});
