import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/contracts/json.ts';
import { relationsMax, tagsMax } from '../../../src/contracts/limits.ts';
import { offlineEdits } from '../../../src/sdk/contexts/offline-edits.ts';
import { contextStage } from './stage.ts';

const document = (context_id: string, over: object = {}) => ({
  ...{ context_id, context_type: 'knowledge', data: {} as Json },
  ...over,
});

describe('a request with several parts', () => {
  it('is refused with the operation of a transaction that is wrong', async () => {
    const { call, as } = contextStage();
    for (const id of ['a', 'b']) await call('create', document(id));
    const put = (context_id: string, over: object = {}) => ({
      ...{ operation: 'put' as const, context_id, expected_version: 1, data: {} },
      ...over,
    });
    const transact = (...operations: object[]) => call('transaction', { operations: operations as never });
    const circle = put('b', { relations: [{ type: 'part_of', to: 'b' }] });
    await expect(transact(put('a'), circle)).rejects.toMatchObject({ path: 'operations[1].relations[0].to' });
    const novel = { operation: 'create', ...document('c', { context_type: 'novel' }) };
    await expect(transact(put('a'), novel)).rejects.toMatchObject({ path: 'operations[1].context_type' });
    const failing = { operation: 'patch', context_id: 'b', expected_version: 1, patch: [{ op: 'remove', path: '/x' }] };
    await expect(transact(put('a'), failing)).rejects.toMatchObject({ path: 'operations[1].patch[0]' });
    const tags = Array.from({ length: tagsMax }, (_, n) => `t${String(n)}`);
    const relations = Array.from({ length: relationsMax }, (_, n) => ({ type: 'about', to: `r/${String(n)}` }));
    const full = ['c', 'd', 'e', 'f'].map((id) => ({ operation: 'create', ...document(id, { tags, relations }) }));
    await expect(transact(put('a'), ...full)).rejects.toMatchObject({ code: 'too-large', path: 'operations[3]' });
    const rules = [{ under: 'a', to: ['bob'], actions: ['read' as const, 'write' as const] }];
    const admin = { to: ['alice'], actions: ['admin' as const] };
    await call('guard', { policy: { rules: [admin, ...rules] }, expected_revision: 0 });
    await expect(as('bob')('transaction', { operations: [put('a'), put('b')] })).rejects.toMatchObject({
      code: 'forbidden',
      path: 'operations[1].context_id',
    });
  });

  it('tells which edits of a writer landed before one that is refused, and the queue goes on with that one', async () => {
    const { call } = contextStage();
    const schema = { type: 'object', properties: { n: { type: 'number', maximum: 2 } } };
    await call('define', { context_type: 'small', schema, expected_version: 0 });
    await call('create', document('a', { context_type: 'small', data: { n: 0 } }));
    const away = offlineEdits(
      { get: (request) => call('get', request), sync: (request) => call('sync', request) },
      { writer: 'ann' },
    );
    await away.take({ context_id: 'a' });
    for (const n of [1, 2, 3, 1]) away.edit({ context_id: 'a' }, () => ({ n }));
    const [taken] = away.state().documents;
    const { writer } = away.state();
    const answer = await call('sync', { context_id: 'a', writer, base_version: 1, edits: taken!.edits });
    expect(answer).toMatchObject({
      outcome: 'refused',
      items: [
        { outcome: 'written', version: 2 },
        { outcome: 'written', version: 3 },
      ],
      error: { code: 'invalid-input', path: 'edits[2].data.n' },
      document: { data: { n: 2 } },
    });
    await expect(away.sync()).rejects.toMatchObject({ path: 'edits[0].data.n' });
    expect(away.state().documents[0]!.edits).toHaveLength(2);
  });

  it('gives as many documents of a batch as fit into an answer, and names the others', async () => {
    const { call } = contextStage();
    const text = 'x'.repeat(1_000_000);
    const ids = Array.from({ length: 8 }, (_, n) => `d/${String(n)}`);
    for (const id of ids) await call('create', document(id, { data: { text } }));
    const { items } = await call('batch', { context_ids: ids });
    expect(items.map((item) => (item.ok ? item.value.context_id : item.error.code))).toEqual([
      ...ids.slice(0, 5),
      ...['too-large', 'too-large', 'too-large'],
    ]);
    expect((await call('batch', { context_ids: ids.slice(5) })).items.every(({ ok }) => ok)).toBe(true);
  });

  it('is refused with the path of rules that fit into no row', async () => {
    const { call } = contextStage();
    const names = Array.from({ length: 50 }, (_, n) => `${String(n)}${'x'.repeat(250)}`);
    const rules = (count: number) => Array.from({ length: count }, () => ({ to: names, actions: ['read' as const] }));
    await expect(call('create', document('a', { access_policy: { rules: rules(20) } }))).rejects.toMatchObject({
      code: 'invalid-input',
      path: 'access_policy',
    });
    const merge = Array.from({ length: 20 }, (_, n) => ({
      path: `/${String(n)}`,
      policy: 'custom',
      expression: '1'.repeat(8_000),
    }));
    await expect(call('create', document('a', { merge }))).rejects.toMatchObject({ path: 'merge' });
    const policy = { rules: [{ to: ['alice'], actions: ['admin' as const] }, ...rules(40)] };
    await expect(call('guard', { policy, expected_revision: 0 })).rejects.toMatchObject({ path: 'policy' });
  });
});
