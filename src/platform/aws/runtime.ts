import { hash } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import type { IndexDeps, SearchDeps } from '../../context/index-ports.ts';
import type { DistributorDeps, Sources, WorkflowTasks } from '../../distributor/ports.ts';
import type { WorkflowDeps } from '../../workflow/ports.ts';
import { createAgentStore } from './distributor/agent-store.ts';
import { approvalsOnDemand } from './workflow/approvals-on-demand.ts';
import { createBudgetStore } from './workflow/budget-store.ts';
import { createBlobStore } from './blob-store.ts';
import { createDeadLetterStore } from './distributor/dead-letter-store.ts';
import { definitionsOnDemand } from './workflow/definitions-on-demand.ts';
import { documentsOnDemand } from './context/documents-on-demand.ts';
import { executionsOnDemand, type StepFunctions, stepFunctionsOnDemand } from './workflow/executions-on-demand.ts';
import { createNamespaceStore } from './distributor/namespace-store.ts';
import { createInboxes } from './distributor/inboxes.ts';
import { createMessenger, type Warner } from './messenger.ts';
import { type Objects, objectsOnDemand } from './objects-on-demand.ts';
import { publishedOnDemand } from './workflow/published-on-demand.ts';
import { createScheduleStore } from './workflow/schedule-store.ts';
import { createPolicyStore } from './distributor/policy-store.ts';
import { createSweepStore } from './sweep-store.ts';
import { createTaskStore } from './distributor/task-store.ts';
import { createTimerStore } from './timer-store.ts';
import { createWakers } from './wakers.ts';
import { createWorkflowStore } from './workflow/workflow-store.ts';

/** The clients everything goes through: real ones on AWS and on the local cloud, the twin's in a simulation. */
export interface Clients {
  readonly dynamodb: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  readonly sfn: StepFunctions;
  readonly objects: Objects;
}

/** Where a deployment's parts are. */
export interface Deployment {
  readonly table: string;
  /** The table of documents. */
  readonly contextTable: string;
  readonly bucket: string;
  readonly bus: string;
  readonly stateMachineArn: string;
  /** A model of Bedrock that makes the vectors of the search. @default words are hashed */
  readonly embeddingModel?: string;
  /** A Redis or Valkey server that keeps bodies of documents for all functions. @default each keeps its own in memory */
  readonly contextCacheUrl?: string;
  /** The name of its password, a SecureString in the Parameter Store. @default it wants none */
  readonly contextCacheSecret?: string;
  /** Queue URLs by name, for example `tasks-critical`, `dispatch`, `results`. */
  readonly queues: Readonly<Record<string, string>>;
  /** The id of the role that may speak for other principals: that of serve-agents. @default nobody may */
  readonly relayRoleId?: string;
  /** The customer's key, for the queues that are made at run time. */
  readonly keyArn?: string;
}

/** The ports on one deployment. */
export type Adapters = Omit<DistributorDeps, 'workflowTasks' | 'wakers'> &
  WorkflowDeps &
  SearchDeps & { readonly log: Warner } & Pick<Deployment, 'queues' | 'relayRoleId'>;

/** All that the use cases are given. */
export type Runtime = DistributorDeps & Adapters;

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
    definitions: definitionsOnDemand(db),
    schedules: createScheduleStore(db),
    approvals: approvalsOnDemand(db),
    published: publishedOnDemand(db),
    executions: executionsOnDemand(clients.sfn, deployment.stateMachineArn),
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

/** The graphs on demand: they bring JSONata, which is as large as all our own code, and many functions never see a workflow. */
function workflowTasksOnDemand(deps: WorkflowDeps): WorkflowTasks {
  let loading: Promise<WorkflowTasks> | undefined;
  const load = async () => (await import('./workflow/workflow-tasks.ts')).createWorkflowTasks(deps);
  const workflowTasks = () => (loading ??= load());
  return {
    settle: async (workflow_id, results) => (await workflowTasks()).settle(workflow_id, results),
    fail: async (task_id, error) => (await workflowTasks()).fail(task_id, error),
    cancel: async (request) => (await workflowTasks()).cancel(request),
    overdraw: async (overdraft) => (await workflowTasks()).overdraw(overdraft),
    resume: async (pool) => (await workflowTasks()).resume(pool),
  };
}

const queueVariable = /^QUEUE_URL_(.+)$/;

/** The deployment as a function's environment tells it. */
export function deploymentOf(env: NodeJS.ProcessEnv): Deployment {
  const queues = Object.entries(env).flatMap(([name, url]) => {
    const match = queueVariable.exec(name);
    return match?.[1] === undefined || url === undefined
      ? []
      : [[match[1].toLowerCase().replaceAll('_', '-'), url] as const];
  });
  return {
    table: env['TABLE_NAME'] ?? '',
    contextTable: env['CONTEXT_TABLE_NAME'] ?? '',
    bucket: env['BUCKET_NAME'] ?? '',
    bus: env['BUS_NAME'] ?? '',
    stateMachineArn: env['STATE_MACHINE_ARN'] ?? '',
    ...(env['EMBEDDING_MODEL'] === undefined ? {} : { embeddingModel: env['EMBEDDING_MODEL'] }),
    ...(env['CONTEXT_CACHE_URL'] === undefined ? {} : { contextCacheUrl: env['CONTEXT_CACHE_URL'] }),
    ...(env['CONTEXT_CACHE_SECRET'] === undefined ? {} : { contextCacheSecret: env['CONTEXT_CACHE_SECRET'] }),
    ...(env['RELAY_ROLE_ID'] === undefined ? {} : { relayRoleId: env['RELAY_ROLE_ID'] }),
    ...(env['KEY_ARN'] === undefined ? {} : { keyArn: env['KEY_ARN'] }),
    queues: Object.fromEntries(queues),
  };
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
    runtime = { ...adapters, workflowTasks: workflowTasksOnDemand(adapters), wakers: createWakers(adapters) };
  }
  return runtime;
}
