import { describe, expect, it } from '@jest/globals';
import { emptyCheckpoint, ERROR, uuid6 } from '@langchain/langgraph-checkpoint';
import { CadreSaver } from '../../../../src/sdk/langgraph.ts';
import { createTestCloud } from '../../../../src/sdk/test-cloud/test-cloud.ts';
import { drivenContexts } from '../../../support/driven-contexts.ts';

const metadata = { source: 'loop' as const, step: 0, parents: {} };
const thread = { configurable: { thread_id: 'a/thread with: anything', checkpoint_ns: `sub|${'x'.repeat(200)}` } };

function stage() {
  const contexts = drivenContexts(createTestCloud());
  return { contexts, saver: new CadreSaver(contexts) };
}

const checkpointOf = (channel_values: Record<string, unknown>, versions: Record<string, number>) => ({
  ...emptyCheckpoint(),
  id: uuid6(1),
  channel_values,
  channel_versions: versions,
});

describe('checkpoints in documents', () => {
  it('carry values that JSON does not have', async () => {
    const { saver } = stage();
    const values = { bytes: new Uint8Array([0, 255]), set: new Set([1]), lone: '\ud800', nothing: undefined };
    const versions = { bytes: 1, set: 1, lone: 1, nothing: 1 };
    const config = await saver.put(thread, checkpointOf(values, versions), metadata, versions);
    expect((await saver.get(config))?.channel_values).toEqual(values);
  });

  it('store a value that their parent should have and has not, rather than lose it', async () => {
    const { saver } = stage();
    const parent = { configurable: { ...thread.configurable, checkpoint_id: uuid6(0) } };
    const config = await saver.put(parent, checkpointOf({ kept: 'yes' }, { kept: 3 }), metadata, {});
    expect((await saver.get(config))?.channel_values).toEqual({ kept: 'yes' });
  });

  it('keep the first writes of a task, and the last of its errors', async () => {
    const { saver } = stage();
    const config = await saver.put(thread, checkpointOf({}, {}), metadata, {});
    await saver.putWrites(config, [['a', 1]], 'task');
    await saver.putWrites(
      config,
      [
        ['a', 2],
        ['b', 2],
        [ERROR, 'first'],
      ],
      'task',
    );
    await saver.putWrites(config, [[ERROR, 'last']], 'task');
    expect((await saver.getTuple(config))?.pendingWrites).toEqual([
      ['task', ERROR, 'last'],
      ['task', 'a', 1],
      ['task', 'b', 2],
    ]);
  });

  it('are not there while only their writes are', async () => {
    const { saver } = stage();
    const first = await saver.put(thread, checkpointOf({}, {}), metadata, {});
    const next = checkpointOf({}, {});
    await saver.putWrites({ configurable: { ...thread.configurable, checkpoint_id: next.id } }, [['a', 1]], 'task');
    expect((await saver.getTuple(thread))?.config).toEqual(first);
    const second = await saver.put(first, next, metadata, {});
    expect(await saver.getTuple(thread)).toMatchObject({ config: second, pendingWrites: [['task', 'a', 1]] });
  });

  it('are deleted with their thread, however many there are, while somebody goes on writing', async () => {
    const { contexts, saver } = stage();
    for (let count = 0; count < 45; count += 1) await saver.put(thread, checkpointOf({}, {}), metadata, {});
    let isLate = true;
    const transaction: typeof contexts.transaction = async (request) => {
      if (isLate) {
        isLate = false;
        const newest = await saver.getTuple(thread);
        await saver.put(newest?.parentConfig ?? thread, newest?.checkpoint ?? emptyCheckpoint(), metadata, {});
      }
      return contexts.transaction(request);
    };
    const deleting = new CadreSaver({ ...contexts, transaction });
    await deleting.deleteThread(thread.configurable.thread_id);
    expect(await saver.getTuple(thread)).toBeUndefined();
    expect((await contexts.list({ under: 'langgraph' })).items).toEqual([]);
  });
});
