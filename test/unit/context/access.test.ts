import { describe, expect, it } from '@jest/globals';
import type { ContextRequest } from '../../../src/contracts/context/operations.ts';
import type { ContextAction } from '../../../src/contracts/context/policy.ts';
import { all, forbidden, guarded, id } from './guarded-stage.ts';

const reason = 'lawsuit';
const isolated = { inherit: false, rules: [{ to: ['alice'], actions: all }] };

/** The ways to begin a document anew at a place. */
const creations = [
  ['create', { ...id, context_type: 'knowledge', data: {} }],
  ['fork', { context_id: 'own', to: id }],
  ['transaction', { operations: [{ ...id, operation: 'create', context_type: 'knowledge', data: {} }] }],
] as const;

describe('a document that was there', () => {
  it.each(creations)('guards its place against whoever may not write it, by %s', async (name, request) => {
    const { bob, create, call } = await guarded(['read', 'write']);
    await bob('create', { context_id: 'own', context_type: 'knowledge', data: {} });
    await create({ secret: 1 }, { access_policy: isolated });
    await call('delete', { ...id, expected_version: 1 });
    await expect(bob(name, request as never)).rejects.toMatchObject(forbidden);
  });

  it.each(creations)('keeps its policy and its creator, by %s', async (name, request) => {
    const { bob, create, call, deps } = await guarded(['read', 'write']);
    await bob('create', { context_id: 'own', context_type: 'knowledge', data: {} });
    const access_policy = { rules: [{ to: ['carol'], actions: ['read' as const] }] };
    await create({ secret: 1 }, { access_policy });
    await call('delete', { ...id, expected_version: 1 });
    await bob(name, request as never);
    const [head] = await deps.documents.heads([{ namespace: 'default', ...id }]);
    expect(head).toMatchObject({
      access_policy: { rules: access_policy.rules },
      created_by: 'alice',
      updated_by: 'bob',
    });
  });

  it('is begun anew under another policy by its admins only', async () => {
    const { as, bob, create, call, clock } = await guarded(['read', 'write']);
    await create({}, { ttl_ms: 1_000 });
    clock.now += 1_000;
    const again = { ...id, context_type: 'knowledge', data: {}, access_policy: { rules: [] } };
    await expect(bob('create', again)).rejects.toMatchObject(forbidden);
    const operations = [{ ...again, operation: 'create' as const }];
    await expect(bob('transaction', { operations })).rejects.toMatchObject(forbidden);
    await bob('create', { ...again, context_id: 'source' });
    await expect(bob('fork', { context_id: 'source', to: id })).rejects.toMatchObject(forbidden);
    expect(await call('create', again)).toMatchObject({ head: { created_by: 'alice', access_policy: { rules: [] } } });
    expect(await as('alice')('get', id)).toMatchObject({ document: { version: 2 } });
  });

  it('does not show its old versions to whoever could not read them', async () => {
    const { bob, create, call } = await guarded(['read', 'write']);
    await create({ secret: 1 }, { access_policy: isolated });
    await call('delete', { ...id, expected_version: 1 });
    await create({});
    const check = { ...id, operation: 'check' as const, expected_version: 3 };
    const tries = [
      bob('get', { ...id, version: 1 }),
      bob('diff', { ...id, from: 1 }),
      bob('history', id),
      bob('restore', { ...id, version: 1, expected_version: 3 }),
      bob('fork', { ...id, version: 1, to: { context_id: 'copy' } }),
      bob('lineage', { ...id, version: 1 }),
      bob('transaction', { operations: [check] }),
    ];
    for (const each of tries) await expect(each).rejects.toMatchObject(forbidden);
    expect((await bob('batch', { context_ids: ['d'] })).items).toMatchObject([{ ok: false, error: forbidden }]);
    expect((await bob('list', { versions: [{ ...id, version: 1 }] })).items).toEqual([]);
  });

  it('keeps its masks when it begins anew', async () => {
    const { bob, create, call } = await guarded(['write']);
    const rules = [{ to: ['bob'], actions: ['read' as const], mask: ['/secret'] }];
    await create({ secret: 1, open: 1 }, { access_policy: { rules } });
    await call('delete', { ...id, expected_version: 1 });
    await bob('create', { ...id, context_type: 'knowledge', data: {} });
    expect(await bob('get', { ...id, version: 1 })).toMatchObject({ document: { data: { open: 1 } } });
    await expect(bob('restore', { ...id, version: 1, expected_version: 3 })).rejects.toMatchObject(forbidden);
  });

  it('is free for anybody once it is erased', async () => {
    const { bob, create, call, deps } = await guarded(['write']);
    await create({}, { access_policy: isolated });
    await call('erase', { ...id, reason });
    const key = { namespace: 'default', ...id };
    const [head] = await deps.documents.heads([key]);
    if (head?.erasure === undefined) throw new Error('it is not being erased');
    await deps.documents.note(head, { ...head, erasure: { ...head.erasure, done_at: head.updated_at } });
    const mine = { ...id, context_type: 'knowledge', data: {}, access_policy: { rules: [] } };
    expect(await bob('create', mine)).toMatchObject({ outcome: 'written', head: { created_by: 'bob' } });
  });
});

describe('a document under a legal hold', () => {
  it('is neither released, erased nor taken over by whoever may only write', async () => {
    const { bob, create, put, call, clock } = await guarded(['read', 'write']);
    await create({ evidence: 1 });
    await call('hold', { ...id, reason });
    await expect(bob('put', { ...id, expected_version: 2, data: {}, ttl_ms: 1_000 })).rejects.toMatchObject(forbidden);
    await put(2, {}, { ttl_ms: 1_000 });
    clock.now += 1_000;
    const mine = { ...id, context_type: 'knowledge', data: {}, access_policy: { rules: [] } };
    await expect(bob('create', mine)).rejects.toMatchObject(forbidden);
    const { access_policy: _policy, ...plain } = mine;
    expect(await bob('create', plain)).toMatchObject({ head: { created_by: 'alice', legal_hold: { reason } } });
    // Not by a policy that an admin gives it later, either.
    await put(4, {}, { access_policy: { rules: [{ to: ['bob'], actions: ['write'] }] } });
    await expect(bob('release', { ...id, reason })).rejects.toMatchObject(forbidden);
    await expect(bob('erase', { ...id, reason })).rejects.toMatchObject(forbidden);
  });
});

describe('the life of a document', () => {
  const shorter = [
    ['a time to live', {}, { ttl_ms: 1_000 }],
    ['a shorter time to live', { ttl_ms: 2_000 }, { ttl_ms: 1_000 }],
    ['days that it is kept', {}, { retention: { keep_days: 1 } }],
    ['versions that are kept', {}, { retention: { versions_max: 1 } }],
    ['less than its type has', { context_type: 'decision_log', retention: { keep_days: 9 } }, { retention: {} }],
  ] as const;

  async function living(fields: Partial<ContextRequest<'create'>>, actions: ContextAction[]) {
    const stage = await guarded(actions);
    const { policy } = await stage.call('policy', {});
    const retention = { decision_log: { keep_days: 5 } };
    await stage.call('guard', { policy: { ...policy, rules: policy?.rules ?? [], retention }, expected_revision: 1 });
    const data = fields.context_type === undefined ? {} : { decisions: [] };
    await stage.create(data, fields);
    return { ...stage, data };
  }

  it.each(shorter)('is shortened by %s only by whoever may delete it', async (_what, before, after) => {
    const { bob, data, call } = await living(before, ['read', 'write']);
    const put = { ...id, expected_version: 1, data, ...after };
    await expect(bob('put', put)).rejects.toMatchObject(forbidden);
    const operations = [{ ...put, operation: 'put' as const }];
    await expect(bob('transaction', { operations })).rejects.toMatchObject(forbidden);
    expect((await call('history', id)).items).toHaveLength(1);
    const other = await living(before, ['write', 'delete']);
    expect(await other.bob('put', put)).toMatchObject({ outcome: 'written' });
  });

  it('is shortened by a late put or a restoration only by whoever may delete it', async () => {
    const { bob, put } = await living({ retention: { versions_max: 1 } }, ['read', 'write']);
    await put(1, { a: 1 }, { retention: { versions_max: 9 } });
    await expect(bob('restore', { ...id, version: 1, expected_version: 2 })).rejects.toMatchObject(forbidden);
    const late = { ...id, expected_version: 1, data: { b: 1 }, on_conflict: 'merge' as const };
    await expect(bob('put', { ...late, ttl_ms: 1_000 })).rejects.toMatchObject(forbidden);
    expect(await bob('put', late)).toMatchObject({ outcome: 'merged' });
  });

  it('is set by its creator and made longer by any writer', async () => {
    const { bob, call } = await guarded(['write']);
    const life = { ttl_ms: 1_000, retention: { keep_days: 1 } };
    await bob('create', { ...id, context_type: 'knowledge', data: {}, ...life });
    const longer = { ttl_ms: 2_000, retention: { keep_days: 2 } };
    expect(await bob('put', { ...id, expected_version: 1, data: {}, ...longer })).toMatchObject({ outcome: 'written' });
    await call('delete', { ...id, expected_version: 2 });
    const again = { ...id, context_type: 'knowledge', data: {} };
    await expect(bob('create', { ...again, retention: { keep_days: 1 } })).rejects.toMatchObject(forbidden);
    await bob('create', { ...again, ttl_ms: 1_000, retention: { keep_days: 2 } });
  });
});

describe('a fork', () => {
  it('has data of the same subject, and so is erased with it', async () => {
    const { create, call } = await guarded(['read']);
    await create({ name: 'Sue' });
    await call('put', { ...id, expected_version: 1, data: {}, subject: 'sue' });
    const to = { context_id: 'copy' };
    expect(await call('fork', { ...id, version: 1, to })).toMatchObject({ head: { subject: 'sue' } });
    const { documents } = (await call('forget', { subject: 'sue', reason })) as { documents: unknown[] };
    expect(documents).toMatchObject([{ context_id: 'copy' }, { context_id: 'd' }]);
  });
});
