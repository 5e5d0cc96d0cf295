import './loaded-before.ts';
import { readFileSync } from 'node:fs';
import { createHandler as acceptTasks } from '../../../functions/accept-tasks/handler.ts';
import { createHandler as acceptWorkflows } from '../../../functions/accept-workflows/handler.ts';
import { createHandler as applyResults } from '../../../functions/apply-results/handler.ts';
import { createHandler as beginWorkflow } from '../../../functions/begin-workflow/handler.ts';
import { createHandler as dispatchTasks } from '../../../functions/dispatch-tasks/handler.ts';
import { createHandler as finishWorkflow } from '../../../functions/finish-workflow/handler.ts';
import { createHandler as sweepContexts } from '../../../functions/sweep-contexts/handler.ts';
import { createHandler as indexContexts } from '../../../functions/index-contexts/handler.ts';
import { createHandler as pulse } from '../../../functions/pulse/handler.ts';
import { createHandler as recordHeartbeats } from '../../../functions/record-heartbeats/handler.ts';
import { hash } from 'node:crypto';
import { contextIndexedAttributes } from '../../platform/aws/context/keys.ts';
import { indexedAttributes, indexName } from '../../platform/aws/keys.ts';
import type { Log } from '../../platform/aws/log.ts';
import { s3Objects } from '../../platform/aws/objects.ts';
import { createAdapters } from '../../platform/aws/runtime.ts';
import type { Adapters, Deployment, Runtime } from '../../platform/aws/deployment.ts';
import { createWakers } from '../../platform/aws/wakers.ts';
import { createWorkflowTasks } from '../../platform/aws/workflow/workflow-tasks.ts';
import {
  deployedQueueName,
  eventSourceBatchSize,
  type FunctionName,
  functionTimeouts,
  contextRules,
  queueNames,
  queueSpecs,
  ruleSpecs,
  visibilitySeconds,
  watchdog,
} from '../../platform/topology.ts';
import type { EventPattern } from '../../platform/twin/event-pattern.ts';
import type { TableSchema } from '../../platform/twin/dynamodb/table.ts';
import type { LambdaHandler } from '../../platform/twin/lambda.ts';
import {
  createTwinCloud,
  type TwinClients,
  type TwinCloud,
  type TwinOptions,
  type TwinProcess,
} from '../../platform/twin/twin-cloud.ts';

const table: TableSchema = {
  name: 'cadre',
  pk: 'pk',
  sk: 'sk',
  indexes: [{ name: indexName, pk: 'gsi1pk', sk: 'gsi1sk', projection: [...indexedAttributes] }],
};
const contextTable: TableSchema = {
  name: 'cadre-context',
  pk: 'pk',
  sk: 'sk',
  indexes: [{ name: indexName, pk: 'gsi1pk', sk: 'gsi1sk', projection: [...contextIndexedAttributes] }],
};
const bucket = 'cadre';
const bus = 'cadre';

const handlers: Readonly<Record<string, (runtime: Runtime, log: Log) => (event: never) => unknown>> = {
  'accept-tasks': acceptTasks,
  'accept-workflows': acceptWorkflows,
  'apply-results': applyResults,
  'begin-workflow': beginWorkflow,
  'dispatch-tasks': dispatchTasks,
  'finish-workflow': finishWorkflow,
  'index-contexts': indexContexts,
  pulse,
  'record-heartbeats': recordHeartbeats,
  'sweep-contexts': sweepContexts,
};

/** Ways to deploy something other than the real thing: for simulations with planted mistakes, and for meters. */
export interface TwinDeploymentOptions {
  readonly log?: Log;
  readonly adapters?: (adapters: Adapters, clients: TwinClients, name: string) => Adapters;
  readonly handler?: (name: string, handler: LambdaHandler) => LambdaHandler;
  readonly clients?: (name: string, clients: TwinClients) => TwinClients;
}

/** Cadre deployed in the twin. */
export interface TwinDeployment {
  readonly cloud: TwinCloud;
  readonly deployment: Deployment;
  /** A runtime for a process of that name: what a function of that name would be given. */
  readonly runtime: (name: string) => Runtime;
}

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

function createQueues(cloud: TwinCloud): Record<string, string> {
  const urls: Record<string, string> = {};
  for (const name of queueNames) {
    const { fifo, receivesMax } = queueSpecs[name];
    const type = fifo === true ? { FifoQueue: 'true' } : {};
    const dead = cloud.sqs.createQueue(deployedQueueName(name, true), type);
    const queue = cloud.sqs.createQueue(deployedQueueName(name), {
      ...type,
      VisibilityTimeout: String(visibilitySeconds(name)),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: receivesMax }),
    });
    urls[name] = queue.url;
  }
  return urls;
}

function createRuntimeFor(
  process: TwinProcess,
  name: string,
  cloud: TwinCloud,
  deployment: Deployment,
  options: TwinDeploymentOptions,
): Runtime {
  const random = cloud.random.fork(`sources/${name}`);
  const sources = {
    now: () => process.now(),
    id: () => random.hex(26),
    random: () => random.next(),
    hash: (text: string) => hash('sha256', text),
  };
  const clients = options.clients?.(name, process.clients) ?? process.clients;
  const adapters = createAdapters(
    { ...clients, objects: s3Objects(clients.s3) },
    deployment,
    sources,
    options.log ?? silent,
  );
  const spoilt = options.adapters?.(adapters, clients, name) ?? adapters;
  return { ...spoilt, workflowTasks: createWorkflowTasks(spoilt), wakers: createWakers(spoilt) };
}

/** Feeds the functions from their queues, and the queues from the bus. */
function connect(cloud: TwinCloud): void {
  for (const name of queueNames) {
    const { consumer, concurrencyMax } = queueSpecs[name];
    cloud.connect({
      queue: deployedQueueName(name),
      functionName: consumer,
      batchSize: eventSourceBatchSize,
      maximumConcurrency: concurrencyMax,
      reportBatchItemFailures: true,
    });
  }
  for (const { name, queue, detailType, detail } of ruleSpecs) {
    const pattern = { 'detail-type': [detailType], ...(detail === undefined ? {} : { detail }) } as EventPattern;
    cloud.eventBridge.putRule({ name, bus, pattern, targets: [cloud.targets.queue(deployedQueueName(queue))] });
  }
  for (const { name, detailType, consumer } of contextRules) {
    const pattern = { 'detail-type': [detailType] };
    cloud.eventBridge.putRule({ name, bus, pattern, targets: [cloud.targets.lambda(consumer)] });
  }
  const target = { ...cloud.targets.queue(deployedQueueName(watchdog.queue)), input: watchdog.message };
  cloud.eventBridge.schedule('watchdog', watchdog.everyMinutes * 60_000, [target]);
}

/** Deploys Cadre into a twin: the same handlers, queues, rules and state machine as the CDK app deploys on AWS. */
export function deployTwin(twin: TwinOptions = {}, options: TwinDeploymentOptions = {}): TwinDeployment {
  const cloud = createTwinCloud({ ...twin, tables: [table, contextTable], buckets: [bucket] });
  const queues = createQueues(cloud);
  const machine = readFileSync(new URL('../../../statemachines/workflow.asl.json', import.meta.url), 'utf8');
  const stateMachineArn = cloud.stepFunctions.createStateMachine('cadre-workflow', machine, {
    BeginWorkflowArn: 'begin-workflow',
    FinishWorkflowArn: 'finish-workflow',
  });
  const deployment: Deployment = {
    table: table.name,
    contextTable: contextTable.name,
    bucket,
    bus,
    stateMachineArn,
    queues,
    relayRoleId: 'serve-agents',
  };
  const runtimeOf = (process: TwinProcess, name: string) => createRuntimeFor(process, name, cloud, deployment, options);
  for (const [name, make] of Object.entries(handlers)) {
    cloud.addFunction(
      name,
      (process) => {
        const handler = make(runtimeOf(process, name), options.log ?? silent) as LambdaHandler;
        return options.handler?.(name, handler) ?? handler;
      },
      { timeoutMs: functionTimeouts[name as FunctionName] * 1000 },
    );
  }
  connect(cloud);
  return { cloud, deployment, runtime: (name) => runtimeOf(cloud.process(name), name) };
}
