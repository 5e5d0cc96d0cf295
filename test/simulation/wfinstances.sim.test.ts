import { describe, expect, it } from '@jest/globals';
import type { FaultMix } from '../../src/platform/twin/faults.ts';
import { createTestCloud } from '../../src/sdk/test-cloud/test-cloud.ts';
import { expectEachOnceInOrder } from '../support/each-once-in-order.ts';
import { listSchedule } from '../support/list-scheduling.ts';
import { instanceNames, readInstance, timedTasks } from '../support/wfinstances.ts';

const recorded = instanceNames.length === 0 ? it.skip : it;
const agents = ['ann', 'bob', 'cyd'];
const slots = 8;
/** How much longer than list scheduling a run may take. */
const overheadMax = 0.05;

/** Runs an instance with agents that wait as long as its tasks took; every task must run once, after its dependencies. */
async function runInstance(
  name: string,
  { timeScale, ...options }: { readonly timeScale: number; readonly seed?: number; readonly faults?: FaultMix },
) {
  const definition = readInstance(name, { timeScale });
  const cloud = createTestCloud(options);
  for (const id of agents) {
    await cloud.addAgent({
      id,
      slots,
      handler: async (task) => {
        await cloud.sleep((task.payload as { duration_ms: number }).duration_ms);
        return null;
      },
    });
  }
  const run = await cloud.run(definition);
  expect({ name, status: run.status }).toEqual({ name, status: 'Completed' });
  expectEachOnceInOrder(definition, run.tasks, await cloud.drive(cloud.client.workflowEvents(run.workflow_id)));
  return { makespan: run.makespan_ms ?? Infinity, list: listSchedule(timedTasks(definition), agents.length * slots) };
}

describe('recorded scientific workflows in the twin (skipped where the data is absent)', () => {
  recorded('are all ten there', () => {
    expect(instanceNames).toHaveLength(10);
  });

  recorded.each(instanceNames.length === 0 ? ['no workflow'] : instanceNames)(
    '%s runs each task once, in order, within 5 % of list scheduling',
    async (name) => {
      const { makespan, list } = await runInstance(name, { timeScale: 1 });
      expect(makespan).toBeGreaterThanOrEqual(list);
      expect(makespan / list - 1).toBeLessThanOrEqual(overheadMax);
    },
  );

  recorded('complete although messages double and get lost', async () => {
    const faults: FaultMix = { duplicate: 0.1, lose: 0.02, spare: (_point, detail) => detail.startsWith('lambda:') };
    const small = instanceNames.filter((name) => /helloworld|bacass|srasearch/.test(name));
    for (const name of small) for (const seed of [1, 2, 3]) await runInstance(name, { timeScale: 0.01, seed, faults });
  });
});
