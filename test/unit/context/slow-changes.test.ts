import { BatchWriteCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { sweepNamespace } from '../../../src/context/usecases/lifecycle/sweep-namespace.ts';
import { changeSettleMs } from '../../../src/contracts/limits.ts';
import { contextStage } from './stage.ts';

const id = { context_id: 'd' };
const versions = 120;

/** An archived document with a long history, and what happens before each call of the table. */
async function stageWithArchive() {
  const stage = contextStage();
  const { call, clock, cloud, deps } = stage;
  await call('create', { ...id, context_type: 'knowledge', data: { n: 1 }, retention: { archive_after_days: 1 } });
  for (let n = 2; n <= versions; n += 1) await call('put', { ...id, expected_version: n - 1, data: { n } });
  clock.now += 24 * 3_600_000;
  await sweepNamespace(deps, 'default');
  const { dynamodb } = cloud.clients;
  const send = dynamodb.send.bind(dynamodb) as (command: unknown) => Promise<unknown>;
  /** When the head was written, and with which time. */
  const commits: { readonly at: number; readonly stamp: number }[] = [];
  const before = (happens: (command: unknown) => void) => {
    dynamodb.send = (async (command: unknown) => {
      happens(command);
      const answer = await send(command);
      for (const { Put } of command instanceof TransactWriteCommand ? (command.input.TransactItems ?? []) : [])
        if (Put?.Item?.['kind'] !== undefined)
          commits.push({ at: clock.now, stamp: Date.parse(String(Put.Item['updated_at'])) });
      return answer;
    }) as never;
  };
  const restore = () => call('restore', { ...id, version: 7, expected_version: versions });
  return { ...stage, before, restore, commits };
}

describe('a change that takes long', () => {
  it('writes a history back from the archive once, in batches', async () => {
    const { call, before, restore } = await stageWithArchive();
    let batches = 0;
    before((command) => void (batches += command instanceof BatchWriteCommand ? 1 : 0));
    expect(await restore()).toMatchObject({ outcome: 'written', head: { version: versions + 1 } });
    expect(batches).toBe(Math.ceil(versions / 25));
    expect(await call('get', id)).toMatchObject({ document: { data: { n: 7 } } });
    for (const version of [1, versions])
      expect(await call('get', { ...id, version })).toMatchObject({ document: { data: { n: version } } });
  });

  it('goes on where an earlier call ended in the midst of that', async () => {
    const { before, restore, call } = await stageWithArchive();
    let batches = 0;
    before((command) => {
      if (command instanceof BatchWriteCommand && (batches += 1) > 2) throw new Error('time is over');
    });
    await expect(restore()).rejects.toThrow();
    let more = 0;
    before((command) => void (more += command instanceof BatchWriteCommand ? 1 : 0));
    await restore();
    expect(more).toBe(Math.ceil(versions / 25) - 2);
    for (const version of [1, 40, 80, versions])
      expect(await call('get', { ...id, version })).toMatchObject({ document: { data: { n: version } } });
  });

  it('is stamped after what is slow, so that no reader of changes has passed it', async () => {
    const { before, restore, clock, commits } = await stageWithArchive();
    before((command) => void (clock.now += command instanceof BatchWriteCommand ? changeSettleMs : 0));
    const { head } = await restore();
    expect(commits).toHaveLength(1);
    expect(commits[0]!.at - Date.parse(head.updated_at)).toBeLessThan(changeSettleMs);
  });

  it.each(['put', 'transaction'] as const)(
    'is stamped anew when other transactions stood in its way for seconds (%s)',
    async (name) => {
      const stage = await stageWithArchive();
      const { call, before, clock, commits } = stage;
      await call('create', { context_id: 'e', context_type: 'knowledge', data: {} });
      let left = 20;
      before((command) => {
        if (!(command instanceof TransactWriteCommand) || (left -= 1) < 0) return;
        clock.now += 1_000;
        const CancellationReasons = [{ Code: 'TransactionConflict' }];
        throw Object.assign(new Error('met'), { name: 'TransactionCanceledException', CancellationReasons });
      });
      const put = { context_id: 'e', expected_version: 1, data: { n: 2 } };
      if (name === 'put') expect(await call('put', put)).toMatchObject({ outcome: 'written' });
      else
        expect(await call('transaction', { operations: [{ operation: 'put', ...put }] })).toMatchObject({
          outcome: 'written',
        });
      expect(commits).toHaveLength(1);
      expect(commits[0]!.at - commits[0]!.stamp).toBeLessThan(changeSettleMs);
    },
  );
});
