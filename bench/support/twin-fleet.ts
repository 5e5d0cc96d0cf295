import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { tasksPerMessageMax } from '../../src/contracts/limits.ts';
import { priorities, type Task } from '../../src/contracts/distributor/task.ts';
import { deregisterAgent } from '../../src/distributor/usecases/agents/deregister-agent.ts';
import { registerAgent } from '../../src/distributor/usecases/agents/register-agent.ts';
import { s3Objects } from '../../src/platform/aws/objects.ts';
import { agentQueues } from '../../src/platform/aws/agent-transport.ts';
import type { TwinClients } from '../../src/platform/twin/twin-cloud.ts';
import { createAgent } from '../../src/sdk/agent/create-agent.ts';
import type { Handler } from '../../src/sdk/agent/handler.ts';
import type { TwinDeployment } from '../../src/sdk/test-cloud/twin-deployment.ts';

const sqsEntriesMax = 10;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Which clients a process is given: metered, slowed, timed, or as they are. */
export type ClientsOf = (process: string, clients: TwinClients) => TwinClients;

export interface FleetOptions {
  readonly agents: number;
  readonly slots: number;
  /** @default ['bench'] */
  readonly capabilities?: readonly string[];
  readonly handler: Handler;
  readonly clientsOf: ClientsOf;
}

/**
 * Agents of the SDK in the twin. They register through the use case, as the API does, without the HTTP in between: registration happens once
 * in an agent's life and is no part of any figure.
 */
export async function startTwinFleet(twin: TwinDeployment, options: FleetOptions): Promise<void> {
  const { clock } = twin.cloud;
  const registrar = twin.runtime('registrar');
  const agentClock = { now: () => clock.now(), sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal) };
  for (let index = 1; index <= options.agents; index += 1) {
    const id = `agent-${String(index).padStart(2, '0')}`;
    const clients = options.clientsOf(id, twin.cloud.process(id).clients);
    const agent = createAgent({
      id,
      type: 'bench',
      capabilities: [...(options.capabilities ?? ['bench'])],
      slots: options.slots,
      handler: options.handler,
      deps: {
        sqs: agentQueues(clients.sqs),
        s3: s3Objects(clients.s3),
        clock: agentClock,
        log: quiet,
        api: {
          register: async (registration) => {
            const granted = await registerAgent(registrar, { registration, principal: id });
            if (!granted.ok) throw new Error(granted.error.message);
            return granted.value;
          },
          deregister: async (agent_id) => {
            await deregisterAgent(registrar, { agent_id, principal: id });
          },
        },
      },
    });
    await clock.drive(agent.start());
  }
}

/** A task such as people submit: a payload of about 200 bytes and one capability. */
export function benchTask(index: number): Task {
  return {
    task_id: `bench-${String(index).padStart(6, '0')}`,
    task_type: 'bench',
    priority: priorities[index % priorities.length] ?? 'medium',
    required_capabilities: ['bench'],
    payload: { index, path: `src/module-${index % 100}/file-${index}.ts`, note: 'x'.repeat(100) },
  };
}

/** Puts tasks on the queues of their priorities: 25 a message, 10 messages a call. */
export async function submitByQueue(twin: TwinDeployment, clients: TwinClients, tasks: readonly Task[]): Promise<void> {
  for (const [priority, list] of Map.groupBy(tasks, (task) => task.priority)) {
    const messages: string[] = [];
    for (let at = 0; at < list.length; at += tasksPerMessageMax) {
      messages.push(JSON.stringify({ tasks: list.slice(at, at + tasksPerMessageMax) }));
    }
    for (let at = 0; at < messages.length; at += sqsEntriesMax) {
      const Entries = messages
        .slice(at, at + sqsEntriesMax)
        .map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      const QueueUrl = twin.deployment.queues[`tasks-${priority}`];
      const { Failed = [] } = await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      if (Failed.length > 0) throw new Error(`${Failed.length} messages were not taken`);
    }
  }
}
