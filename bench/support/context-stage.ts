import { createApp } from '../../src/api/app.ts';
import { createMeter, type Usage } from '../../src/platform/aws/meter.ts';
import { createRandom } from '../../src/platform/twin/random.ts';
import { type Client, createClient } from '../../src/sdk/client/client.ts';
import { deployTwin } from '../../src/sdk/test-cloud/twin-deployment.ts';
import { withTails } from './latencies.ts';

/** Documents behind the API of a twin whose clients are metered, and whose calls take times that scatter around the table's. */
export interface ContextStage {
  /** A client as a process of its own has one, with its own memory. */
  client(): Client;
  drive<T>(work: Promise<T>): Promise<T>;
  now(): number;
  skip(ms: number): Promise<void>;
  /** Registers an agent, whose inbox may then be told of changes. */
  register(agent_id: string): Promise<unknown>;
  /** What the API has used since the last `take`. */
  take(): Usage;
}

/** Makes a stage; the same seed gives the same times. */
export function contextStage(seed: string): ContextStage {
  const meter = createMeter();
  const random = createRandom(seed);
  const twin = deployTwin(
    { seed },
    {
      clients: (name, clients) => {
        if (name !== 'api') return clients;
        const slow = withTails(
          clients,
          () => twin.cloud.clock,
          () => random.next(),
        );
        return {
          ...slow,
          dynamodb: meter.wrap(slow.dynamodb, 'dynamodb'),
          eventBridge: meter.wrap(slow.eventBridge, 'events'),
          s3: meter.wrap(slow.s3, 's3'),
        };
      },
    },
  );
  const { clock } = twin.cloud;
  const deps = { ...twin.runtime('api'), queueSizes: { list: async () => [] } };
  const app = createApp(deps, { principalOf: () => 'bench' });
  return {
    client: () =>
      createClient({
        apiUrl: 'http://twin',
        region: 'us-east-1',
        credentials: { accessKeyId: 'twin', secretAccessKey: 'twin' },
        token: async () => 'twin',
        fetch: async (input, init) => app.fetch(new Request(input, init)),
        clock: { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms, signal) },
        random: () => random.next(),
      }),
    drive: (work) => clock.drive(work),
    now: () => clock.now(),
    skip: (ms) => clock.advance(ms),
    register: (agent_id) => {
      const body = JSON.stringify({ agent_id, type: 'any', capabilities: ['any'], capacity: 1 });
      const headers = { 'content-type': 'application/json' };
      return clock.drive(
        Promise.resolve(app.fetch(new Request('http://twin/v1/agents', { method: 'POST', headers, body }))),
      );
    },
    take: () => {
      const used = meter.snapshot();
      meter.reset();
      return used;
    },
  };
}
