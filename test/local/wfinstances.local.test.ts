import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Agent, createAgent } from '../../src/sdk/agent/create-agent.ts';
import { deployedClients, quietLog } from '../support/deployed-clients.ts';
import { expectEachOnceInOrder } from '../support/each-once-in-order.ts';
import { listSchedule } from '../support/list-scheduling.ts';
import { describeDeployed } from '../support/local-cloud.ts';
import { instanceNames, readInstance, timedTasks } from '../support/wfinstances.ts';

const capability = 'recorded';
/** What a recorded workflow is scaled to: long enough for its order to show, short enough for ten of them. */
const scaledMs = 2_000;

/** A recorded workflow, scaled so that its longest path takes `scaledMs`. */
function scaled(name: string) {
  const options = { requiredCapabilities: [capability] };
  const tasks = timedTasks(readInstance(name, options));
  return readInstance(name, { ...options, timeScale: scaledMs / listSchedule(tasks, tasks.length) });
}

await describeDeployed('recorded scientific workflows on the deployed system', (deployed) => {
  const { connection, api } = deployedClients(deployed);
  const runs: string[] = [];
  const agents: Agent[] = ['recorded-1', 'recorded-2', 'recorded-3'].map((id) =>
    createAgent<{ readonly duration_ms: number }>({
      ...connection,
      id,
      type: 'test',
      capabilities: [capability],
      slots: 20,
      handler: async ({ task_id, payload }) => {
        runs.push(task_id);
        await sleep(payload.duration_ms);
        return null;
      },
      deps: { log: quietLog },
    }),
  );
  const recorded = instanceNames.length === 0 ? it.skip : it;
  if (instanceNames.length > 0) {
    beforeAll(() => Promise.all(agents.map((agent) => agent.start())));
    afterAll(() => Promise.all(agents.map((agent) => agent.stop({ graceMs: 0, deregister: true }))));
  }

  recorded(
    'run side by side, each task once and after its dependencies (skipped where the data is absent)',
    async () => {
      const submitted = await Promise.all(
        instanceNames.map(async (name) => {
          const definition = scaled(name);
          return { definition, handle: await api.run(definition, undefined, { workflow_id: `recorded-${name}` }) };
        }),
      );
      const expected: string[] = [];
      for (const { definition, handle } of submitted) {
        expect(await handle.wait()).toMatchObject({ workflow_id: handle.workflow_id, status: 'Completed' });
        expectEachOnceInOrder(definition, await handle.tasks(), await handle.events());
        expected.push(...definition.nodes.map(({ name }) => `${handle.workflow_id}:${name}`));
      }
      expect(runs.sort()).toEqual(expected.sort());
    },
    240_000,
  );
});
