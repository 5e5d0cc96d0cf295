import { priorities, type Task } from '../src/contracts/distributor/task.ts';
import type { TaskRow } from '../src/contracts/rows.ts';
import type { TwinClients } from '../src/platform/twin/twin-cloud.ts';
import { createRandom } from '../src/platform/twin/random.ts';
import { deployTwin, type TwinDeployment } from '../src/sdk/test-cloud/twin-deployment.ts';
import { type Bench, type Figure, percentile, rounded } from './figure.ts';
import { withLatency } from './support/latencies.ts';
import { overtakenMs, type Passage } from './support/order.ts';
import { benchTask, startTwinFleet, submitByQueue } from './support/twin-fleet.ts';

const seeds = [1, 2, 3];
const setting = { routes: 12, agents: 12, slots: 2, task_ms: 200, bursts: 120, burst_every_ms: 250, burst_tasks: 40 };
const giveUpMs = 600_000;

/** A stream of bursts, somewhat more than the agents can do, over many routes that all agents serve: what waits where, and what became of it. */
async function stream(seed: number): Promise<readonly Passage[]> {
  const slow = (clients: TwinClients): TwinClients => withLatency(clients, () => twin.cloud.clock);
  const twin: TwinDeployment = deployTwin({ seed }, { clients: (_name, clients) => slow(clients) });
  const { clock, dynamodb, eventBridge } = twin.cloud;
  const capabilities = Array.from({ length: setting.routes }, (_, index) => `route-${index}`);
  await startTwinFleet(twin, {
    ...{ agents: setting.agents, slots: setting.slots, capabilities },
    handler: async () => clock.sleep(setting.task_ms),
    clientsOf: (_process, clients) => slow(clients),
  });
  let completed = 0;
  eventBridge.onEvent((event) => {
    if (event['detail-type'] === 'TaskCompleted') completed += 1;
  });
  const random = createRandom(`order ${seed}`);
  const submitter = slow(twin.cloud.process('submitter').clients);
  const burst = (number: number): readonly Task[] =>
    Array.from({ length: setting.burst_tasks }, (_, index) => ({
      ...benchTask(number * setting.burst_tasks + index),
      priority: random.pick(priorities),
      required_capabilities: [random.pick(capabilities)],
    }));
  for (let number = 0; number < setting.bursts; number += 1) {
    const next = clock.now() + setting.burst_every_ms;
    await clock.drive(submitByQueue(twin, submitter, burst(number)));
    await clock.run(() => clock.now() >= next, setting.burst_every_ms);
  }
  const tasks = setting.bursts * setting.burst_tasks;
  const outcome = await clock.run(() => completed >= tasks, giveUpMs);
  if (outcome !== 'until') throw new Error(`${completed} of ${tasks} tasks were completed (${outcome})`);
  const rows = dynamodb.items().filter(({ sk }) => sk === 'TASK') as unknown as readonly TaskRow[];
  return rows.map(({ priority, created_at, distribution }) => ({
    priority,
    acceptedAt: Date.parse(created_at),
    decidedAt: Date.parse(distribution?.distribution_time ?? ''),
  }));
}

async function* order(say: (line: string) => void): AsyncIterable<Figure> {
  const waits: number[] = [];
  for (const seed of seeds) {
    say(`twin: seed ${seed}, a stream over ${setting.routes} routes`);
    waits.push(...overtakenMs(await stream(seed)));
  }
  const overtaken = waits.filter((ms) => ms > 0);
  const detail = {
    ...{ seeds, tasks: waits.length, ...setting, latencies: 'the table of AWS', overtaken: overtaken.length },
    how: 'how long a task had been accepted when a decision gave out one of lower priority that the same agents serve, whatever its route: its row was written, the dispatcher was not told of it yet',
  };
  yield {
    bench: 'order',
    metric: 'overtaken_share',
    value: rounded(overtaken.length / waits.length, 4),
    unit: 'share of tasks',
    detail,
  };
  yield { bench: 'order', metric: 'overtaken_p99_ms', value: rounded(percentile(waits, 0.99)), unit: 'ms', detail };
  yield { bench: 'order', metric: 'overtaken_max_ms', value: rounded(Math.max(...waits)), unit: 'ms', detail };
}

export const orderBench: Bench = {
  about: 'How long a lower task of another route may overtake a higher one',
  run: order,
};
