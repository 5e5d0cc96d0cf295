import { describe, expect, it } from '@jest/globals';
import { relationChainMax, relationsMax, tagsMax } from '../../../src/contracts/limits.ts';
import { contextStage } from './stage.ts';

const at = (context_id: string) => ({ context_id });
async function stageWith(...ids: readonly string[]) {
  const stage = contextStage();
  for (const id of ids) await stage.call('create', { ...at(id), context_type: 'knowledge', data: {} });
  return stage;
}

describe('tags and relations', () => {
  it('may all become others in one change, of one document', async () => {
    const { call } = await stageWith('a');
    const described = (name: string) => ({
      tags: Array.from({ length: tagsMax }, (_, n) => `${name}-${String(n)}`),
      relations: Array.from({ length: relationsMax }, (_, n) => ({ type: name, to: `${name}/${String(n)}` })),
    });
    const put = (expected_version: number, name: string) =>
      call('put', {
        ...{ ...at('a'), expected_version, data: { [name]: 1 }, ...described(name), origin: { task_id: 't' } },
        ...{ on_conflict: 'merge' as const, ...(expected_version === 2 ? { subject: 'ann' } : {}) },
      });
    await put(1, 'one');
    expect(await put(2, 'two')).toMatchObject({ outcome: 'written' });
    expect((await call('relations', at('a'))).items).toHaveLength(relationsMax);
    const again = { ...at('a'), version: 2, expected_version: 3, origin: { task_id: 't' } };
    expect(await call('restore', again)).toMatchObject({ outcome: 'written' });
    const { items } = await call('relations', at('a'));
    expect(new Set(items.map(({ type, to }) => `${type} ${to.split('/')[0]!}`))).toEqual(new Set(['one one']));
    expect((await call('relations', { context_id: 'a', direction: 'in' })).items).toEqual([]);
  });
});

describe('relations that may not come back to where they began', () => {
  it('are refused where they would close a circle, and told with the way around', async () => {
    const { call, as } = await stageWith('a', 'b', 'c');
    const relate = (from: string, type: string, to: string, expected_version = 1) =>
      call('put', { ...at(from), expected_version, data: {}, relations: [{ type, to }] });
    await relate('b', 'part_of', 'c');
    await relate('c', 'part_of', 'a');
    await expect(relate('a', 'part_of', 'b')).rejects.toMatchObject({
      code: 'cyclic-relation',
      faults: [{ path: 'relations[0].to' }],
      message: expect.stringContaining('a → b → c → a'),
    });
    await expect(relate('a', 'part_of', 'a')).rejects.toMatchObject({ code: 'cyclic-relation' });
    expect((await call('get', at('a'))) as unknown).toMatchObject({ document: { version: 1, relations: [] } });
    expect(await relate('a', 'depends_on', 'b')).toMatchObject({ outcome: 'written' });
    // Whoever may not read a document on the way is not told which it is.
    const rules = [
      { to: ['alice'], actions: ['read' as const, 'write' as const, 'admin' as const] },
      { under: 'a', to: ['bob'], actions: ['read' as const, 'write' as const] },
      { under: 'b', to: ['bob'], actions: ['read' as const] },
    ];
    await call('guard', { expected_revision: 0, policy: { rules } });
    const change = { ...at('a'), expected_version: 2, data: {}, relations: [{ type: 'part_of', to: 'b' }] };
    await expect(as('bob')('put', change)).rejects.toThrow('a → b → … → a');
  });

  it('are refused where too many documents lie behind them', async () => {
    const { call } = await stageWith('a', 'b');
    await call('put', { ...at('b'), expected_version: 1, data: {}, relations: [{ type: 'supersedes', to: 'a' }] });
    const chain = (from: number) => [{ type: 'supersedes', to: `n/${String(from + 1)}` }];
    for (let n = 0; n <= relationChainMax; n += 1)
      await call('create', { ...at(`n/${String(n)}`), context_type: 'knowledge', data: {}, relations: chain(n) });
    const close = { ...at('a'), expected_version: 1, data: {}, relations: [{ type: 'supersedes', to: 'n/0' }] };
    await expect(call('put', close)).rejects.toMatchObject({ code: 'too-large' });
  });
});
