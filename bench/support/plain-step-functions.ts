import { readFileSync } from 'node:fs';
import { SendTaskSuccessCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { createMeter, type Usage } from '../../src/platform/aws/meter.ts';
import { createTwinCloud } from '../../src/platform/twin/twin-cloud.ts';
import { priceOf } from '../prices.ts';

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly ItemProcessor?: Definition;
}
/** The part of a definition that is counted. */
interface Definition {
  readonly States: Readonly<Record<string, State>>;
}

/** The text of a definition of this folder. */
export function baseline(name: 'one-task' | 'many-tasks' | 'workflow'): string {
  return readFileSync(new URL(`../baseline/${name}.asl.json`, import.meta.url), 'utf8');
}

/** What one run of a definition costs. */
export interface PlainUsage {
  readonly transitions: number;
  /** Calls of everybody's own clients: who starts, and the workers. */
  readonly calls: number;
  /** SQS requests, those that Step Functions makes included: it pays for sending like anybody else. */
  readonly sqsRequests: number;
}

const tasks = 200;
const workersReceiveMax = 10;

/** Runs one execution a task in the twin, with a worker that takes what comes, and gives what one task used. */
export async function runPlainSingle(): Promise<PlainUsage> {
  const cloud = createTwinCloud();
  const { clock, stepFunctions, sqs } = cloud;
  const queue = sqs.createQueue('plain-tasks');
  const stateMachineArn = stepFunctions.createStateMachine('plain', baseline('one-task'), { QueueUrl: queue.url });
  const meter = createMeter();
  const states = meter.wrap(cloud.clients.sfn, 'states');
  const queues = meter.wrap(cloud.clients.sqs, 'sqs');
  for (let index = 0; index < tasks; index += 1) {
    await clock.drive(
      states.send(new StartExecutionCommand({ stateMachineArn, input: `{"task":{"index":${index}}}` })),
    );
    const { Messages = [] } = await clock.drive(
      queues.send(
        new ReceiveMessageCommand({ QueueUrl: queue.url, MaxNumberOfMessages: workersReceiveMax, WaitTimeSeconds: 20 }),
      ),
    );
    for (const { Body = '{}' } of Messages) {
      const { task_token: taskToken } = JSON.parse(Body) as { task_token: string };
      await clock.drive(states.send(new SendTaskSuccessCommand({ taskToken, output: '{"ok":true}' })));
    }
    const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
    await clock.drive(queues.send(new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries })));
  }
  await clock.run(() => stepFunctions.executions().every(({ status }) => status !== 'RUNNING'));
  const executions = stepFunctions.executions();
  if (executions.some(({ status }) => status !== 'SUCCEEDED')) throw new Error('an execution of the baseline failed');
  const transitions = executions.reduce((sum, { states: entered }) => sum + entered.length, 0);
  const usage: Usage = meter.snapshot();
  const calls = Object.values(usage.calls).reduce((sum, count) => sum + count, 0);
  // Beside the clients' requests, each task was sent to the queue once, by Step Functions.
  return { transitions: transitions / tasks, calls: calls / tasks, sqsRequests: usage.sqsStandardRequests / tasks + 1 };
}

function entered(definition: Definition, items: number): number {
  return Object.values(definition.States).reduce(
    (sum, state) => sum + 1 + (state.ItemProcessor === undefined ? 0 : items * entered(state.ItemProcessor, 1)),
    0,
  );
}

function sends(definition: Definition, items: number): number {
  return Object.values(definition.States).reduce(
    (sum, { Resource = '', ItemProcessor }) =>
      sum +
      (Resource.includes(':sqs:sendMessage') ? 1 : 0) +
      (ItemProcessor === undefined ? 0 : items * sends(ItemProcessor, 1)),
    0,
  );
}

/** Counts a Map over so many items by its definition: workers receive and delete ten at a time, and answer each token by itself. */
export function countPlainMap(items: number): PlainUsage {
  const definition = JSON.parse(baseline('many-tasks')) as Definition;
  const sent = sends(definition, items);
  const polls = (2 * sent) / workersReceiveMax;
  return {
    transitions: entered(definition, items) / items,
    calls: (1 + polls + sent) / items,
    sqsRequests: (sent + polls) / items,
  };
}

/** Dollars for a million tasks. */
export function plainUsd(usage: PlainUsage): { readonly step_functions: number; readonly sqs: number } {
  return {
    step_functions: priceOf('transition', usage.transitions * 1e6),
    sqs: priceOf('sqsStandard', usage.sqsRequests * 1e6),
  };
}
