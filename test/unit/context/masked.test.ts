import { describe, expect, it } from '@jest/globals';
import { forbidden, guarded, id } from './guarded-stage.ts';

describe('what is masked for a writer', () => {
  const masked = (mask = ['/a/secret']) => guarded(['read', 'write'], mask);

  it('is in no conflict of its late put', async () => {
    const { bob, create, put, call } = await masked();
    await create({});
    await put(1, { a: { secret: 'the secret' } });
    const late = { ...id, expected_version: 1, data: { a: 5 } };
    const stale = await bob('put', late);
    expect(stale).toMatchObject({
      outcome: 'stale',
      merge: { ok: false, conflicts: [{ path: '/a', ours: {}, theirs: 5 }] },
    });
    const kept = await bob('put', { ...late, on_conflict: 'merge' });
    expect(kept).toMatchObject({ outcome: 'conflict', conflicts: [{ path: '/a' }] });
    expect(JSON.stringify([stale, kept])).not.toContain('the secret');
    expect((await call('conflicts', id)).items).toMatchObject([{ data: { a: { secret: 'the secret' } } }]);
  });

  it.each([
    ['a rule for numbers', { path: '', policy: 'max' as const }],
    ['an expression', { path: '', policy: 'custom' as const, expression: '{"copy": ours.secret, "secret": "forged"}' }],
  ])('is neither shown nor changed by %s over everything', async (_what, rule) => {
    const { bob, create, put, call } = await masked(['/secret']);
    await create({ n: 0 });
    await put(1, { n: 0 }, { merge: [rule] });
    await put(2, { n: 1, secret: 'the secret' });
    const late = { ...id, expected_version: 2, data: { n: 2 } };
    const vector = { operation_id: 'e', vector: { w: 1 }, base: { n: 0 }, data: { n: 3 } };
    const answers = [
      await bob('put', late),
      await bob('put', { ...late, on_conflict: 'merge' }),
      await bob('sync', { ...id, writer: 'w', base_version: 2, edits: [vector] }),
      await bob('get', id),
    ];
    expect(JSON.stringify(answers)).not.toContain('the secret');
    expect(await call('get', { ...id, pointer: '/secret' })).toMatchObject({ document: { data: 'the secret' } });
  });

  it('is not taken elsewhere by an expression that it sets for others', async () => {
    const { bob, create, put, call } = await masked(['/secret']);
    const expression = { path: '', policy: 'custom' as const, expression: '{"copy": ours.secret}' };
    const rule = { data: {}, merge: [expression] };
    const own = { context_id: 'own', context_type: 'knowledge' };
    const creation = { ...own, ...rule, operation: 'create' as const };
    await create({});
    const tries = [
      bob('put', { ...id, expected_version: 1, ...rule }),
      bob('create', { ...own, ...rule }),
      bob('transaction', { operations: [creation] }),
    ];
    const path = expect.stringMatching(/^(operations\[0\]\.)?merge$/);
    for (const each of tries) await expect(each).rejects.toMatchObject({ ...forbidden, path });
    await put(1, { secret: 1 }, rule);
    // Whoever leaves the rules as they are may name them, and others that take nothing elsewhere are anybody's.
    expect(await bob('put', { ...id, expected_version: 2, ...rule })).toMatchObject({ outcome: 'written' });
    const sum = [{ path: '/n', policy: 'sum' as const }];
    expect(await bob('put', { ...id, expected_version: 3, data: {}, merge: sum })).toMatchObject({
      outcome: 'written',
    });
    expect(await bob('fork', { ...id, version: 2, to: { context_id: 'own' } })).toMatchObject({
      head: { merge: [expression] },
    });
    expect(await call('get', { context_id: 'own' })).toMatchObject({ document: { data: {} } });
  });

  it('is not told by the size and the hash of the data', async () => {
    const { bob, as, create, put } = await masked(['/secret']);
    await create({ secret: 4711 }, { relations: [{ type: 'about', to: 'd' }] });
    const answers = [
      await bob('get', id),
      await bob('get', { ...id, known_version: 1 }),
      await bob('batch', { context_ids: ['d'] }),
      await bob('batch', { context_ids: ['d'], known_versions: { d: 1 } }),
      await bob('list', {}),
      await bob('list', { versions: [{ ...id, version: 1 }] }),
      await bob('relations', id),
      await bob('history', id),
      await bob('put', { ...id, expected_version: 1, data: {} }),
      await bob('put', { ...id, expected_version: 1, data: { a: 1 } }),
      await bob('append', { ...id, pointer: '/list', items: [1] }),
      await bob('transaction', { operations: [{ ...id, operation: 'put', expected_version: 3, data: {} }] }),
      await bob('sync', {
        ...id,
        writer: 'w',
        base_version: 4,
        edits: [{ operation_id: 'e', vector: { w: 1 }, base: {}, data: { b: 1 } }],
      }),
    ];
    for (const each of answers) expect(JSON.stringify(each)).not.toMatch(/"(hash|bytes)"/);
    expect(await put(5, {})).toMatchObject({ outcome: 'written', head: { bytes: 2 } });
    expect(await as('alice')('history', id)).toMatchObject({ items: [{ bytes: 2 }, {}, {}, {}, {}, {}] });
  });

  it('stays in its place of a list that the writer shortens', async () => {
    const { bob, create, call } = await masked(['/list/2', '/people/1/name']);
    await create({ list: [1, 2, 'secret', 4], people: [{ name: 'a' }, { name: 'b' }] });
    await bob('put', { ...id, expected_version: 1, data: { list: [7], people: 'none' } });
    expect(await call('get', id)).toMatchObject({
      document: { data: { list: [7, null, 'secret'], people: [null, { name: 'b' }] } },
    });
  });
});

describe('whoever writes without reading', () => {
  it('is told that a late change is stale, and nothing of what is stored', async () => {
    const { bob, create, put, call } = await guarded(['write']);
    await create({ a: 'first secret' });
    await put(1, { a: 'second secret' });
    const late = { ...id, expected_version: 1 };
    for (const on_conflict of ['refuse', 'merge'] as const) {
      const answers = [
        await bob('put', { ...late, data: {}, on_conflict }),
        await bob('patch', { ...late, merge_patch: { b: 1 }, on_conflict }),
      ];
      for (const each of answers) {
        expect(each).toMatchObject({ outcome: 'stale', head: { version: 2 } });
        expect(each).not.toHaveProperty('merge');
        expect(each.head).not.toHaveProperty('hash');
      }
    }
    expect((await call('history', id)).items).toHaveLength(2);
    expect((await call('conflicts', id)).items).toEqual([]);
  });

  it('cannot try what is stored by the tests of a patch', async () => {
    const { bob, create } = await guarded(['write']);
    await create({ pin: 4711 });
    const patch = [{ op: 'test' as const, path: '/pin', value: 4711 }];
    await expect(bob('patch', { ...id, patch })).rejects.toMatchObject(forbidden);
    expect(await bob('patch', { ...id, merge_patch: { open: 1 } })).toMatchObject({ outcome: 'written' });
  });

  it('syncs nothing', async () => {
    const { bob, create, call } = await guarded(['write']);
    await create({ n: 0 });
    const edits = [{ operation_id: 'e', vector: { w: 1 }, base: {}, data: { n: 1 } }];
    await expect(bob('sync', { ...id, writer: 'w', base_version: 1, edits })).rejects.toMatchObject(forbidden);
    expect((await call('history', id)).items).toHaveLength(1);
  });
});
