import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createAgentStore } from '../../src/platform/aws/distributor/agent-store.ts';
import { threadCpuMs } from './handler-clock.ts';

const callsAtOnce = 100;
const rounds = 20;

/** The CPU time that a process spends on one call: a reservation through the real store and the real SDK, to a server in another thread that takes everything. The fastest of several rounds, in ms. */
export async function sdkCallMs(): Promise<number> {
  const server = new Worker(new URL(import.meta.url));
  try {
    const [port] = (await once(server, 'message')) as [number];
    const service = {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    };
    const agents = createAgentStore({
      client: DynamoDBDocumentClient.from(new DynamoDBClient(service)),
      table: 'cadre',
    });
    const hold = { at: Date.UTC(2026, 0), until: Date.UTC(2026, 1), order: '2#2026-01-01T00:00:00.000Z' };
    let least = Infinity;
    for (let round = 0; round < rounds; round += 1) {
      const start = threadCpuMs();
      const calls = Array.from({ length: callsAtOnce }, (_, at) =>
        agents.reserve('default', `agent-${at}`, { [`task-${at}#1`]: hold }, 9),
      );
      await Promise.all(calls);
      least = Math.min(least, (threadCpuMs() - start) / callsAtOnce);
    }
    return least;
  } finally {
    await server.terminate();
  }
}

if (!isMainThread) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.0').end('{}');
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
}
