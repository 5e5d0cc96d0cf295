import { describe, expect, it } from '@jest/globals';
import { contextStage } from './stage.ts';

const alice = 'alice';
const at = (context_id: string) => ({ context_id });
async function stageWith(...ids: readonly string[]) {
  const stage = contextStage();
  for (const [n, id] of ids.entries()) {
    await stage.call('create', {
      ...at(id),
      context_type: n % 2 === 0 ? 'knowledge' : 'decision_log',
      data: { n, list: [n] },
      tags: [`t${n % 3}`],
    });
  }
  return stage;
}

describe('changes of documents', () => {
  it('patch by RFC 6902 and RFC 7396, on the latest or from an expected version', async () => {
    const { call } = await stageWith('a');
    await call('patch', {
      ...at('a'),
      patch: [
        { op: 'test', path: '/n', value: 0 },
        { op: 'add', path: '/x', value: { y: 1 } },
      ],
    });
    await call('patch', { ...at('a'), merge_patch: { x: { y: null, z: 2 }, n: 5 } });
    expect(await call('get', at('a'))).toMatchObject({
      document: { version: 3, data: { n: 5, list: [0], x: { z: 2 } } },
    });
    const stale = { ...at('a'), expected_version: 2, patch: [{ op: 'replace' as const, path: '/list/0', value: 9 }] };
    expect(await call('patch', stale)).toMatchObject({ outcome: 'stale', merge: { ok: true } });
    expect(await call('patch', { ...stale, on_conflict: 'merge' })).toMatchObject({
      outcome: 'merged',
      head: { version: 4 },
    });
    expect(await call('get', at('a'))).toMatchObject({ document: { data: { n: 5, list: [9], x: { z: 2 } } } });
  });

  it('refuse a patch whole when one of its operations cannot be made', async () => {
    const { call } = await stageWith('a');
    const patch = [
      { op: 'add' as const, path: '/x', value: 1 },
      { op: 'remove' as const, path: '/nothing' },
    ];
    await expect(call('patch', { ...at('a'), patch })).rejects.toMatchObject({
      code: 'patch-failed',
      path: 'patch[1]',
    });
    for (const path of ['/__proto__/x', '/constructor/prototype/x']) {
      await expect(call('patch', { ...at('a'), patch: [{ op: 'add', path, value: 1 }] })).rejects.toMatchObject({
        code: 'patch-failed',
      });
    }
    await expect(call('patch', { ...at('a'), patch: [], merge_patch: {} })).rejects.toMatchObject({
      code: 'invalid-input',
    });
    expect(({} as { x?: unknown }).x).toBeUndefined();
    expect(await call('get', at('a'))).toMatchObject({ document: { version: 1 } });
  });

  it('stop a patch whose copies of copies would fill the memory', async () => {
    const { call } = await stageWith('a');
    const copies = Array.from({ length: 40 }, () => ({ op: 'copy' as const, from: '/list', path: '/list/-' }));
    await call('put', { ...at('a'), expected_version: 1, data: { list: ['x'.repeat(1_000)] } });
    await expect(call('patch', { ...at('a'), patch: copies })).rejects.toMatchObject({ code: 'too-large' });
  });

  it('append for all writers at once, each once', async () => {
    const { call } = await stageWith('a');
    await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        call('append', { ...at('a'), pointer: '/log', items: [n], operation_id: `op${n}` }),
      ),
    );
    await call('append', { ...at('a'), pointer: '/log', items: [3], operation_id: 'op3' });
    const answer = await call('get', { ...at('a'), pointer: '/log' });
    expect([...(answer as unknown as { document: { data: number[] } }).document.data].sort()).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
    await expect(call('append', { ...at('a'), pointer: '/n', items: [1] })).rejects.toMatchObject({
      code: 'invalid-input',
      path: 'pointer',
    });
  });

  it('restore takes away what was set since, but for policy, hold and subject', async () => {
    const { call } = await stageWith('a');
    const since = {
      ...{ ttl_ms: 60_000, merge: [{ path: '/n', policy: 'sum' as const }], retention: { versions_max: 3 } },
      ...{ access_policy: { rules: [{ to: ['bob'], actions: ['read' as const] }] }, subject: 'ann' },
    };
    await call('put', { ...at('a'), expected_version: 1, data: { n: 1 }, ...since });
    const { head } = await call('restore', { ...at('a'), version: 1, expected_version: 2 });
    for (const name of ['ttl_ms', 'expires_at', 'merge', 'retention']) expect(head).not.toHaveProperty(name);
    expect(head).toMatchObject({ access_policy: since.access_policy, subject: 'ann' });
    const { head: back } = await call('restore', { ...at('a'), version: 2, expected_version: 3 });
    expect(back).toMatchObject({ ttl_ms: 60_000, merge: since.merge, retention: since.retention });
  });

  it('restore an older version and a deleted document, and fork one', async () => {
    const { call } = await stageWith('a');
    await call('put', { ...at('a'), expected_version: 1, data: { n: 1 }, tags: ['new'] });
    expect(await call('restore', { ...at('a'), version: 1, expected_version: 2 })).toMatchObject({
      head: { version: 3, tags: ['t0'] },
    });
    await call('delete', { ...at('a'), expected_version: 3 });
    await call('restore', { ...at('a'), version: 2, expected_version: 4 });
    expect(await call('get', at('a'))).toMatchObject({ document: { version: 5, data: { n: 1 } } });
    await call('fork', { ...at('a'), version: 1, to: at('b/copy') });
    expect(await call('get', at('b/copy'))).toMatchObject({ document: { version: 1, data: { n: 0 }, tags: ['t0'] } });
    await expect(call('fork', { ...at('a'), to: at('b/copy') })).rejects.toMatchObject({ code: 'context-conflict' });
    await expect(call('restore', { ...at('a'), version: 4, expected_version: 5 })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('tell the difference of two versions as the patch between them', async () => {
    const { call } = await stageWith('a');
    await call('put', { ...at('a'), expected_version: 1, data: { n: 1, more: { x: 1 } } });
    const { patch } = await call('diff', { ...at('a'), from: 1 });
    await call('restore', { ...at('a'), version: 1, expected_version: 2 });
    await call('patch', { ...at('a'), patch });
    expect(await call('get', at('a'))).toMatchObject({ document: { data: { n: 1, more: { x: 1 } } } });
  });
});

describe('transactions', () => {
  const operations = [
    { operation: 'create' as const, context_id: 'new', context_type: 'knowledge', data: {} },
    { operation: 'put' as const, context_id: 'a', expected_version: 1, data: { n: 7 } },
    { operation: 'patch' as const, context_id: 'b', expected_version: 1, merge_patch: { n: 8 } },
    { operation: 'delete' as const, context_id: 'c', expected_version: 1 },
    { operation: 'check' as const, context_id: 'd', expected_version: 1 },
  ];

  it('change all documents or none', async () => {
    const { call } = await stageWith('a', 'b', 'c', 'd');
    await call('put', { ...at('d'), expected_version: 1, data: {} });
    expect(await call('transaction', { operations })).toEqual({
      outcome: 'stale',
      stale: [{ context_id: 'd', version: 2 }],
    });
    await expect(call('get', at('new'))).rejects.toMatchObject({ code: 'not-found' });
    const right = [...operations.slice(0, 4), { ...operations[4]!, expected_version: 2 }] as typeof operations;
    expect(await call('transaction', { operations: right, operation_id: 'tx' })).toMatchObject({ outcome: 'written' });
    expect(await call('transaction', { operations: right, operation_id: 'tx' })).toMatchObject({ outcome: 'repeated' });
    expect(await call('transaction', { operations: right })).toMatchObject({ outcome: 'stale' });
    const { items } = await call('batch', { context_ids: ['new', 'a', 'b', 'c'] });
    expect(items).toMatchObject([
      { ok: true, value: { version: 1 } },
      { ok: true, value: { data: { n: 7 } } },
      { ok: true, value: { data: { n: 8, list: [1] } } },
      { ok: false, error: { code: 'not-found' } },
    ]);
  });

  it('of two that share a document let one win', async () => {
    const { call } = await stageWith('a', 'b', 'c', 'd');
    const answers = await Promise.all(
      [1, 2, 3].map((n) => call('transaction', { operations, operation_id: `tx${n}` })),
    );
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['stale', 'stale', 'written']);
  });

  it('refuse a document named twice, and more rows than a transaction carries', async () => {
    const { call } = await stageWith('a');
    const twice = [operations[1]!, operations[1]!];
    await expect(call('transaction', { operations: twice })).rejects.toMatchObject({
      code: 'invalid-input',
      path: 'operations',
    });
    const tags = Array.from({ length: 20 }, (_, n) => `tag${n}`);
    const many = Array.from({ length: 6 }, (_, n) => ({
      operation: 'create' as const,
      context_id: `m${n}`,
      context_type: 'knowledge',
      data: {},
      tags,
    }));
    await expect(call('transaction', { operations: many })).rejects.toMatchObject({ code: 'too-large' });
    await expect(call('get', at('m0'))).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('finding documents', () => {
  const tree = ['p/a', 'p/a/x', 'p/a-b', 'p/b', 'q'];

  it('by place, type, tags and time, page after page', async () => {
    const { call, clock } = await stageWith(...tree);
    const ids = async (request: object) =>
      (await call('list', request as never)).items.map(({ context_id }) => context_id);
    expect(await ids({})).toEqual(['p/a', 'p/a-b', 'p/a/x', 'p/b', 'q']);
    expect(await ids({ under: 'p/a' })).toEqual(['p/a', 'p/a/x']);
    expect(await ids({ context_type: 'decision_log' })).toEqual(['p/a/x', 'p/b']);
    expect(await ids({ tags: ['t1'] })).toEqual(['p/a/x', 'q']);
    expect(await ids({ tags: ['t1'], under: 'p' })).toEqual(['p/a/x']);
    clock.now += 1_000;
    await call('patch', { ...at('q'), merge_patch: {} });
    expect(await ids({ changed_since: new Date(clock.now).toISOString() })).toEqual(['q']);
    const first = await call('list', { limit: 2 });
    const second = await call('list', { limit: 3, cursor: first.cursor });
    expect([...first.items, ...second.items].map(({ context_id }) => context_id)).toEqual([
      'p/a',
      'p/a-b',
      'p/a/x',
      'p/b',
      'q',
    ]);
  });

  it('no longer when they are deleted or their tag is gone', async () => {
    const { call } = await stageWith('a', 'b');
    await call('put', { ...at('a'), expected_version: 1, data: {}, tags: ['other'] });
    expect((await call('list', { tags: ['t0'] })).items).toEqual([]);
    expect((await call('list', { tags: ['other'] })).items).toHaveLength(1);
    await call('delete', { ...at('b'), expected_version: 1 });
    expect((await call('list', {})).items.map(({ context_id }) => context_id)).toEqual(['a']);
  });

  it('by relations, both ways, around circles', async () => {
    const { call } = await stageWith('a', 'b', 'c');
    const relate = (from: string, to: string) =>
      call('put', { ...at(from), expected_version: 1, data: {}, relations: [{ type: 'needs', to }] });
    await relate('a', 'b');
    await relate('b', 'c');
    await relate('c', 'a');
    const walk = async (request: object) =>
      (await call('relations', { ...at('a'), ...request })).items.map(
        ({ from, to, depth }) => `${from}>${to}@${depth}`,
      );
    expect(await walk({})).toEqual(['a>b@1']);
    expect(await walk({ direction: 'in' })).toEqual(['c>a@1']);
    expect(await walk({ depth: 5 })).toEqual(['a>b@1', 'b>c@2', 'c>a@3']);
    expect(await walk({ type: 'other' })).toEqual([]);
    await call('put', { ...at('a'), expected_version: 2, data: {}, relations: [] });
    expect(await walk({})).toEqual([]);
  });

  it('by what changed since a cursor: each change once, none missed', async () => {
    const { call, clock } = await stageWith('a', 'b');
    await call('put', { ...at('a'), expected_version: 1, data: {} });
    expect((await call('changes', {})).items).toEqual([]);
    clock.now += 5_000;
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 6; page += 1) {
      const { items, cursor: next } = await call('changes', { limit: 4, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...items.map(({ context_id, version, kind }) => `${context_id}@${version} ${kind}`));
      cursor = next;
      if (page === 2) {
        await call('delete', { ...at('b'), expected_version: 1 });
        clock.now += 5_000;
      }
    }
    expect(seen.sort()).toEqual(['a@1 create', 'a@2 put', 'b@1 create', 'b@2 delete']);
    await expect(call('changes', { cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'invalid-input',
      path: 'cursor',
    });
  });
});

describe('the policy of a namespace', () => {
  const policy = {
    roles: { team: ['bob'] },
    rules: [
      { to: [alice], actions: ['read' as const, 'write' as const, 'delete' as const, 'admin' as const] },
      { to: ['role:team'], actions: ['read' as const, 'write' as const], under: 'team', mask: ['/secret'] },
    ],
    audit_reads_one_in: 1,
  };

  it('guards all below its paths, is set once from a revision, and keeps an admin', async () => {
    const { as, call } = await stageWith('team/a', 'other');
    await expect(call('guard', { policy: { ...policy, rules: [] }, expected_revision: 0 })).rejects.toMatchObject({
      code: 'invalid-input',
    });
    expect(await call('guard', { policy, expected_revision: 0 })).toMatchObject({ revision: 1 });
    await expect(call('guard', { policy, expected_revision: 0 })).rejects.toMatchObject({ code: 'version-conflict' });
    const bob = as('bob');
    await expect(bob('guard', { policy, expected_revision: 1 })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(bob('get', at('other'))).rejects.toMatchObject({ code: 'forbidden' });
    expect(await bob('get', at('team/a'))).toMatchObject({ unchanged: false });
    expect((await bob('list', {})).items.map(({ context_id }) => context_id)).toEqual(['team/a']);
    expect((await bob('batch', { context_ids: ['other'] })).items).toMatchObject([
      { ok: false, error: { code: 'forbidden' } },
    ]);
    const put = { operation: 'put' as const, context_id: 'other', expected_version: 1, data: {} };
    await expect(bob('transaction', { operations: [put] })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(bob('append', { ...at('team/a'), pointer: '/secret', items: [1] })).rejects.toMatchObject({
      code: 'forbidden',
    });
    const { items } = await call('audit', { principal: 'bob' });
    expect(items.map(({ action, outcome, context_id }) => `${action} ${outcome} ${context_id ?? '-'}`).sort()).toEqual([
      'append refused team/a',
      'batch refused other',
      'get allowed team/a',
      'get refused other',
      'guard refused -',
      'transaction refused -',
    ]);
    await expect(bob('audit', {})).rejects.toMatchObject({ code: 'forbidden' });
  });
});
