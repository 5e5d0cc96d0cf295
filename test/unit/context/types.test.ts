import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { contextStage } from './stage.ts';

const id = { context_id: 't/1' };
const first = {
  type: 'object',
  properties: { title: { type: 'string', minLength: 1 }, done: { type: 'boolean' } },
  required: ['title'],
  additionalProperties: false,
};
const second = {
  type: 'object',
  properties: { title: { type: 'string' }, state: { enum: ['open', 'closed'] } },
  required: ['title', 'state'],
};
const migration = '{ "title": title, "state": done ? "closed" : "open" }';

async function stageWithType() {
  const stage = contextStage();
  await stage.call('define', { context_type: 'ticket', schema: first, expected_version: 0 });
  await stage.call('create', { ...id, context_type: 'ticket', data: { title: 'a', done: true } });
  const defineSecond = (more: object = {}) =>
    stage.call('define', { context_type: 'ticket', schema: second, migration, expected_version: 1, ...more });
  return { ...stage, defineSecond };
}

describe('a registered type', () => {
  it('decides what every kind of write may leave, and says where it is wrong', async () => {
    const { call } = await stageWithType();
    const wrong = { title: '', other: 1 };
    const refused = [
      call('create', { context_id: 't/2', context_type: 'ticket', data: wrong }),
      call('put', { ...id, expected_version: 1, data: wrong }),
      call('patch', { ...id, merge_patch: { title: '', other: 1 } }),
      call('transaction', { operations: [{ operation: 'put', ...id, expected_version: 1, data: wrong }] }),
    ];
    for (const [at, each] of refused.entries()) {
      const place = at === 3 ? 'operations[0].' : '';
      await expect(each).rejects.toMatchObject({
        code: 'invalid-input',
        faults: [{ path: `${place}data.title` }, { path: `${place}data.other` }],
      });
    }
    expect((await call('history', id)).items).toHaveLength(1);
    expect(await call('put', { ...id, expected_version: 1, data: { title: 'b' } })).toMatchObject({
      head: { schema_version: 1 },
    });
    await expect(call('create', { context_id: 'x', context_type: 'novel', data: {} })).rejects.toMatchObject({
      code: 'unknown-context-type',
      path: 'context_type',
    });
  });

  it('may be a zod schema, as the JSON Schema that zod makes of it', async () => {
    const { call } = contextStage();
    const part = z.strictObject({ name: z.string().max(9), sizes: z.array(z.int().positive()).optional() });
    const schema = z.toJSONSchema(z.strictObject({ parts: z.array(part).min(1), urgent: z.boolean() }));
    await call('define', { context_type: 'order', schema: { ...schema } as never, expected_version: 0 });
    const create = (data: object) => call('create', { context_id: 'o/1', context_type: 'order', data: data as never });
    await expect(create({ parts: [{ name: 'far too long', sizes: [0] }], urgent: 'yes' })).rejects.toMatchObject({
      faults: [{ path: 'data.parts[0].name' }, { path: 'data.parts[0].sizes[0]' }, { path: 'data.urgent' }],
    });
    await create({ parts: [{ name: 'nut', sizes: [3] }], urgent: true });
  });

  it('migrates documents of older versions as they are read, and keeps that with the next write', async () => {
    const { call, defineSecond } = await stageWithType();
    await defineSecond();
    const now = { title: 'a', state: 'closed' };
    expect(await call('get', id)).toMatchObject({ document: { data: now, schema_version: 2, version: 1 } });
    expect(await call('get', { ...id, version: 1 })).toMatchObject({ document: { data: now } });
    expect((await call('batch', { context_ids: ['t/1'] })).items).toMatchObject([{ value: { data: now } }]);
    await call('patch', { ...id, patch: [{ op: 'replace', path: '/state', value: 'open' }] });
    expect(await call('get', id)).toMatchObject({
      document: { data: { title: 'a', state: 'open' }, schema_version: 2 },
    });
    expect(await call('restore', { ...id, version: 1, expected_version: 2 })).toMatchObject({
      head: { schema_version: 2 },
    });
    await call('define', {
      ...{ context_type: 'ticket', schema: {}, expected_version: 2 },
      migration: '{ "title": $uppercase(title), "state": state }',
    });
    expect(await call('get', { ...id, version: 1 })).toMatchObject({
      document: { data: { title: 'A', state: 'closed' } },
    });
  });

  it('gives a document whose migration fails as it is stored', async () => {
    const { call, defineSecond } = await stageWithType();
    await defineSecond({ migration: '$error("no")' });
    expect(await call('get', id)).toMatchObject({ document: { data: { title: 'a', done: true }, schema_version: 1 } });
    const put = { ...id, expected_version: 1, data: { title: 'a', state: 'open' } };
    expect(await call('put', put)).toMatchObject({ head: { schema_version: 2 } });
  });

  it('is registered version by version, by admins, with schemas and migrations that can be read', async () => {
    const { call, as, defineSecond } = await stageWithType();
    await defineSecond();
    await expect(defineSecond()).rejects.toMatchObject({ code: 'version-conflict', path: 'expected_version' });
    for (const [more, code, path] of [
      [{ schema: { type: 'nonsense' } }, 'invalid-input', 'schema'],
      [{ schema: { $ref: 'https://example.com/x' } }, 'invalid-input', 'schema'],
      [{ schema: [] }, 'invalid-input', 'schema'],
      [{ migration: '((' }, 'invalid-expression', 'migration'],
      [{ context_type: 'knowledge' }, 'invalid-input', 'context_type'],
      [{ context_type: 'other', expected_version: 0 }, 'invalid-input', 'migration'],
    ] as const)
      await expect(defineSecond({ expected_version: 2, ...more })).rejects.toMatchObject({ code, path });
    expect((await call('types', {})).items).toMatchObject([{ context_type: 'ticket', version: 2, by: 'alice' }]);
    expect((await call('type', { context_type: 'ticket' })).items).toMatchObject([
      { version: 2, schema: second, migration },
      { version: 1, schema: first },
    ]);
    await expect(call('type', { context_type: 'none' })).rejects.toMatchObject({ code: 'not-found' });
    await call('guard', { policy: { rules: [{ to: ['bob'], actions: ['admin'] }] }, expected_revision: 0 });
    await expect(as('eve')('define', { context_type: 'x', schema: {}, expected_version: 0 })).rejects.toMatchObject({
      code: 'forbidden',
    });
  });
});
