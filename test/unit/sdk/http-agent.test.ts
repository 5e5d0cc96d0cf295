import { describe, expect, it } from '@jest/globals';
import type { FaultMix } from '../../../src/platform/twin/faults.ts';
import type { Handler } from '../../../src/sdk/agent/handler.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';

async function cloudWith(handler: Handler, slots = 2, faults: FaultMix = {}) {
  const cloud = createTestCloud({ seed: 'http', faults });
  await cloud.addAgent({ id: 'far', slots, transport: 'http', handler });
  return cloud;
}
const task = (task_id: string, payload: string | number = 1) => ({
  task_id,
  task_type: 'demo',
  priority: 'high' as const,
  required_capabilities: [],
  payload,
});

describe('an agent that has nothing but HTTP', () => {
  it('does the tasks of a workflow, each once', async () => {
    const seen: string[] = [];
    const cloud = await cloudWith(({ task_id }) => {
      seen.push(task_id.split(':')[1] ?? '');
      return { done: true };
    });
    const inner = ['b', 'c', 'd'];
    const nodes = [
      { name: 'a', task_type: 'demo' },
      ...inner.map((name) => ({ name, task_type: 'demo', depends_on: ['a'] })),
      { name: 'e', task_type: 'demo', depends_on: inner },
    ];
    const run = await cloud.run({ name: 'fan', nodes });
    expect(run.status).toBe('Completed');
    expect(seen[0]).toBe('a');
    expect(seen.slice(1, 4).sort()).toEqual(inner);
    expect(seen.slice(4)).toEqual(['e']);
  });

  it('gets payloads and gives outputs that are too large for a message', async () => {
    const large = 'ü'.repeat(700_000);
    const cloud = await cloudWith(({ payload }) => ({ twice: [payload, payload] }));
    await cloud.submit(task('t1', large));
    const { status, output_ref } = await cloud.wait('t1');
    expect(status).toBe('Completed');
    expect(output_ref?.bytes).toBeGreaterThan(2_000_000);
  });

  it('says so when an output fits into no request', async () => {
    const cloud = await cloudWith(() => 'x'.repeat(6 * 1024 * 1024));
    await cloud.submit(task('t1'));
    expect(await cloud.wait('t1')).toMatchObject({ status: 'Failed', error: { code: 'too-large' } });
  });

  it('keeps its lease over long work, and hears of a cancellation', async () => {
    let aborted = false;
    const cloud = await cloudWith(async ({ task_id }, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true));
      await cloud.sleep(task_id === 'long' ? 60_000 : 600_000, signal);
      return null;
    });
    await cloud.submit(task('long'), task('endless'));
    expect(await cloud.wait('long')).toMatchObject({ status: 'Completed', attempt: 1 });
    expect(aborted).toBe(false);
    await cloud.drive(cloud.client.cancelTask('endless'));
    await cloud.skip(5_000);
    expect(aborted).toBe(true);
  });

  it('comes through when calls are refused and answers are lost', async () => {
    const cloud = await cloudWith(({ payload }) => payload, 2, { throttle: 0.04, lostAnswer: 0.04 });
    const tasks = Array.from({ length: 12 }, (_, n) => task(`t${n}`, n));
    await cloud.submit(...tasks);
    for (const { task_id, payload } of tasks)
      expect(await cloud.wait(task_id)).toMatchObject({ status: 'Completed', output: payload });
  });
});
