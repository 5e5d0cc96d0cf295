import { describe, expect, it } from '@jest/globals';
import { submitByQueue, startTwinFleet } from '../../../bench/support/twin-fleet.ts';
import { priorities, type Task } from '../../../src/contracts/distributor/task.ts';
import { deployTwin } from '../../../src/sdk/test-cloud/twin-deployment.ts';
import { equalAgents } from '../../../src/simulator/fleet.ts';
import { createRandom } from '../../../src/simulator/random.ts';
import type { Work } from '../../../src/simulator/work.ts';
import { simulated } from './stage.ts';

const agents = 3;
const tasks = 60;
/** Between two moments of the twin: its messages take turns of some milliseconds although its calls take none. */
const toleranceMs = 60;

interface Start {
  readonly at: number;
  readonly agent: number;
}

/** A bit more work than the agents can do, at times and of lengths that leave no two decisions close together. */
function worksOf(seed: number): readonly Work[] {
  const random = createRandom(seed, 'twin');
  return Array.from({ length: tasks }, (_, index): Work => ({
    at: index * 1_000,
    duration_ms: 500 * (1 + random.below(12)) + 137 * (index % 3) + 11 * random.below(20),
    // The first ones meet free agents one after the other; from then on levels decide. Without critical tasks: the simulator lets nobody make way for them.
    priority: priorities[1 + random.below(3)] ?? 'low',
    capabilities: ['bench'],
  }));
}

/** The real handlers, adapters and agents of the SDK in the twin; what each task began when and where. */
async function inTwin(works: readonly Work[]): Promise<readonly Start[]> {
  const twin = deployTwin({});
  const { clock } = twin.cloud;
  const started = new Map<string, number>();
  const ranOn = new Map<string, number>();
  await startTwinFleet(twin, {
    ...{ agents, slots: 1 },
    clientsOf: (process, clients) => {
      // The handler does not know which agent it is; the agent's own clients do.
      const number = Number(process.replace(/^agent-/, '')) - 1;
      const send = clients.sqs.send.bind(clients.sqs) as (command: object, ...rest: unknown[]) => Promise<unknown>;
      const watched = async (command: object, ...rest: unknown[]): Promise<unknown> => {
        const answer = (await send(command, ...rest)) as { Messages?: { Body?: string }[] };
        for (const { Body = '{}' } of answer.Messages ?? []) {
          const { task_id } = JSON.parse(Body) as { task_id?: string };
          if (task_id !== undefined) ranOn.set(task_id, number);
        }
        return answer;
      };
      const sqs = new Proxy(clients.sqs, {
        get: (target, name) => (name === 'send' ? watched : (Reflect.get(target, name) as unknown)),
      });
      return { ...clients, sqs };
    },
    handler: async ({ task_id, payload }) => {
      started.set(task_id, clock.now());
      await clock.sleep((payload as { duration_ms: number }).duration_ms);
      return null;
    },
  });
  const { clients } = twin.cloud.process('submitter');
  const origin = clock.now();
  for (const [index, { at, duration_ms, priority }] of works.entries()) {
    await clock.run(() => false, origin + at - clock.now());
    const task: Task = {
      ...{ task_id: `task-${String(index).padStart(3, '0')}`, task_type: 'bench', priority, payload: { duration_ms } },
      required_capabilities: ['bench'],
    };
    await clock.drive(submitByQueue(twin, clients, [task]));
  }
  await clock.run(() => started.size === works.length, 3_600_000);
  return [...started.keys()].sort().map((id) => ({ at: (started.get(id) ?? 0) - origin, agent: ranOn.get(id) ?? -1 }));
}

describe('the simulator against the twin with the real handlers', () => {
  it.each([1, 2, 3])(
    'starts the same tasks in the same order on the same agents at the same times (seed %i)',
    async (seed) => {
      const works = worksOf(seed);
      const { run } = simulated({ seed, work: works, fleet: equalAgents(agents, 1, { capabilities: ['bench'] }) });
      const real = await inTwin(works);
      const simulatedStarts = works.map((_, index): Start => ({
        at: run.startedAt[index]!,
        agent: run.agentOf[index]!,
      }));
      const orderOf = (starts: readonly Start[]): readonly number[] =>
        [...starts.keys()].sort((one, other) => starts[one]!.at - starts[other]!.at);
      expect(orderOf(simulatedStarts)).toEqual(orderOf(real));
      expect(simulatedStarts.map(({ agent }) => agent)).toEqual(real.map(({ agent }) => agent));
      const apart = Math.max(...real.map(({ at }, index) => Math.abs(at - simulatedStarts[index]!.at)));
      expect(apart).toBeLessThanOrEqual(toleranceMs);
      // It must have come to waiting, or the order would prove nothing.
      expect(Math.max(...works.map(({ at }, index) => run.startedAt[index]! - at))).toBeGreaterThan(10_000);
    },
  );
});
