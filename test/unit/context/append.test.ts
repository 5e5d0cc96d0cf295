import { describe, expect, it } from '@jest/globals';
import { contextStage } from './stage.ts';

const id = { context_id: 'a' };

describe('an append', () => {
  it('goes only where the pointer leads, or to a new list below objects', async () => {
    const { call } = contextStage();
    await call('create', { ...id, context_type: 'knowledge', data: {} });
    const data = { list: [1], n: 0, none: null, deep: { x: {} } };
    await call('put', { ...id, expected_version: 1, data });
    for (const pointer of ['/list/-', '/list/5/x', '/list/5', '/list/01', '/list/x', '/list/0/x', '/n/x', '/n'])
      await expect(call('append', { ...id, pointer, items: [9] })).rejects.toMatchObject({
        code: 'invalid-input',
        path: 'pointer',
      });
    expect(await call('get', id)).toMatchObject({ document: { version: 2, data } });
    for (const pointer of ['/list/1', '/list', '/none', '/deep/x/new/log', '/other/log'])
      await call('append', { ...id, pointer, items: [9] });
    expect(await call('get', id)).toMatchObject({
      document: {
        data: { list: [1, [9], 9], n: 0, none: [9], deep: { x: { new: { log: [9] } } }, other: { log: [9] } },
      },
    });
  });
});
