import { hash } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import type { IndexDeps } from '../../context/index-ports.ts';
import type { Sources, WorkflowTasks } from '../../distributor/ports.ts';
import type { WorkflowDeps } from '../../workflow/ports.ts';
import { createAgentStore } from './distributor/agent-store.ts';
import { approvalsOnDemand } from './workflow/approvals-on-demand.ts';
import { createBudgetStore } from './workflow/budget-store.ts';
import { createBlobStore } from './blob-store.ts';
import { createDeadLetterStore } from './distributor/dead-letter-store.ts';
import { definitionsOnDemand } from './workflow/definitions-on-demand.ts';
import { documentsOnDemand } from './context/documents-on-demand.ts';
import { executionsOnDemand, stepFunctionsOnDemand } from './workflow/executions-on-demand.ts';
import { createNamespaceStore } from './distributor/namespace-store.ts';
import { createInboxes } from './distributor/inboxes.ts';
import { type Adapters, type Clients, type Deployment, deploymentOf, type Runtime } from './deployment.ts';
import { createMessenger, type Warner } from './messenger.ts';
import { objectsOnDemand } from './objects-on-demand.ts';
import { publishedOnDemand } from './workflow/published-on-demand.ts';
import { createScheduleStore } from './workflow/schedule-store.ts';
import { createPolicyStore } from './distributor/policy-store.ts';
import { createSweepStore } from './sweep-store.ts';
import { createTaskStore } from './distributor/task-store.ts';
import { createTimerStore } from './timer-store.ts';
import { createWakers } from './wakers.ts';
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
