import { hash } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import type { IndexDeps } from '../../context/index-ports.ts';
import type { Sources } from '../../distributor/ports.ts';
import { createAgentStore } from './distributor/agent-store.ts';
import { createBudgetStore } from './workflow/budget-store.ts';
import { createBlobStore } from './blob-store.ts';
import { createDeadLetterStore } from './distributor/dead-letter-store.ts';
import { documentsOnDemand } from './context/documents-on-demand.ts';
import { createNamespaceStore } from './distributor/namespace-store.ts';
import { createInboxes } from './distributor/inboxes.ts';
import { type Adapters, type Clients, type Deployment, deploymentOf, type Runtime } from './deployment.ts';
import { createMessenger, type Warner } from './messenger.ts';
import { objectsOnDemand } from './objects-on-demand.ts';
import { onDemand } from './on-demand.ts';
import { createScheduleStore } from './workflow/schedule-store.ts';
import { createPolicyStore } from './distributor/policy-store.ts';
import { createSweepStore } from './sweep-store.ts';
import { createTaskStore } from './distributor/task-store.ts';
import { createTimerStore } from './timer-store.ts';
import { createWakers } from './wakers.ts';
import type { StepFunctions } from './workflow/executions.ts';
import { createWorkflowStore } from './workflow/workflow-store.ts';

/** Time, ids and randomness of the machine. */
export const machineSources: Sources = {
  now: () => Date.now(),
  id: () => ulid(),
  random: () => Math.random(),
  hash: (text) => hash('sha256', text),
};

/** The adapters of one deployment: the same for AWS, the local cloud and the twin, which differ in their clients. */
export function createAdapters(clients: Clients, deployment: Deployment, sources: Sources, log: Warner): Adapters {
  const db = { client: clients.dynamodb, table: deployment.table };
  const queue = (name: string): string => deployment.queues[name] ?? '';
  const blobs = createBlobStore(clients.objects, deployment.bucket);
  return {
    sources,
    blobs,
    log,
    queues: deployment.queues,
    ...(deployment.relayRoleId === undefined ? {} : { relayRoleId: deployment.relayRoleId }),
    tasks: createTaskStore(db),
    timers: createTimerStore(db),
    budgets: createBudgetStore(db),
    namespaces: createNamespaceStore(db),
    agents: createAgentStore(db),
    policies: createPolicyStore(db),
    messenger: createMessenger({
      sqs: clients.sqs,
      eventBridge: clients.eventBridge,
      urls: deployment.queues,
      bus: deployment.bus,
      sources,
      warner: log,
    }),
    documents: documentsOnDemand(
      { client: clients.dynamodb, table: deployment.contextTable },
      { objects: clients.objects, bucket: deployment.bucket },
      {
        now: () => sources.now(),
        warn: (...told) => log.warn(...told),
        url: deployment.contextCacheUrl,
        secretName: deployment.contextCacheSecret,
      },
    ),
    sweeps: createSweepStore(db),
    indexes: indexesOnDemand(clients, deployment, sources),
    workflows: createWorkflowStore(db, blobs),
    definitions: onDemand(async () => (await import('./workflow/definition-store.ts')).createDefinitionStore(db), {
      get: true,
      body: true,
      save: true,
      list: true,
    }),
    schedules: createScheduleStore(db),
    approvals: onDemand(async () => (await import('./workflow/approval-store.ts')).createApprovalStore(db), {
      get: true,
      save: true,
      loads: true,
      inbox: true,
    }),
    published: onDemand(async () => (await import('./workflow/published-store.ts')).createPublishedStore(db), {
      publish: true,
      get: true,
      kept: true,
      save: true,
      expect: true,
      expecting: true,
      forget: true,
    }),
    executions: onDemand(
      async () => (await import('./workflow/executions.ts')).createExecutions(clients.sfn, deployment.stateMachineArn),
      { start: true, complete: true },
    ),
    inboxes: createInboxes(clients.sqs, deployment.keyArn),
    deadLetters: createDeadLetterStore(db, clients.sqs, (source) => deployment.queues[source]),
    addresses: { results_url: queue('results'), heartbeats_url: queue('heartbeats'), bucket: deployment.bucket },
  };
}

/** The index on demand: only the API and the indexer search. What it has read stays for the next question. */
function indexesOnDemand(clients: Clients, deployment: Deployment, sources: Sources): () => Promise<IndexDeps> {
  let loading: Promise<IndexDeps> | undefined;
  const load = async () =>
    (await import('./context/index-adapters.ts')).createIndexAdapters(clients, deployment, sources);
  return () => (loading ??= load());
}

/** Step Functions on demand: most requests start and end no execution. */
function stepFunctionsOnDemand(config: SFNClientConfig): StepFunctions {
  const load = async () => new (await import('@aws-sdk/client-sfn')).SFNClient(config);
  return onDemand<{ readonly send: (command: never) => Promise<unknown> }>(load, { send: true }) as StepFunctions;
}

/** Real clients. AWS_ENDPOINT_URL alone selects another cloud; the local ones want path-style buckets. */
export function awsClients(env: NodeJS.ProcessEnv = process.env): Clients {
  const local = env['AWS_ENDPOINT_URL'] !== undefined;
  return {
    dynamodb: DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } }),
    sqs: new SQSClient({ useQueueUrlAsEndpoint: !local, md5: false }),
    eventBridge: new EventBridgeClient({}),
    sfn: stepFunctionsOnDemand({ disableHostPrefix: local }),
    objects: objectsOnDemand({ forcePathStyle: local }),
  };
}

let runtime: Runtime | undefined;

/** The runtime of a deployed function, made once per container. */
export function awsRuntime(log: Warner): Runtime {
  if (runtime === undefined) {
    const adapters = createAdapters(awsClients(), deploymentOf(process.env), machineSources, log);
    // The graphs bring JSONata, which is as large as all our own code, and many functions never see a workflow.
    const workflowTasks = onDemand(
      async () => (await import('./workflow/workflow-tasks.ts')).createWorkflowTasks(adapters),
      { settle: true, fail: true, cancel: true, overdraw: true, resume: true },
    );
    runtime = { ...adapters, workflowTasks, wakers: createWakers(adapters) };
  }
  return runtime;
}
