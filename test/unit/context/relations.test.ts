import { describe, expect, it } from '@jest/globals';
import { relationChainMax } from '../../../src/contracts/limits.ts';
import { contextStage } from './stage.ts';

const at = (context_id: string) => ({ context_id });
async function stageWith(...ids: readonly string[]) {
  const stage = contextStage();
  for (const id of ids) await stage.call('create', { ...at(id), context_type: 'knowledge', data: {} });
  return stage;
}

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
