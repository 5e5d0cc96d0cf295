import type { ClientPage, PageOptions } from './page.ts';
import type { CanaryInput } from '../../contracts/distributor/canary.ts';
import type { AgentView, CapabilityView, QueueView } from '../../contracts/distributor/agent.ts';
import type { DeadLetterView, RedriveOutcome, SystemStatusView } from '../../contracts/api.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { PolicyTrial, PolicyView } from '../../contracts/distributor/policy.ts';
import type { ScheduleInput, ScheduleView } from '../../contracts/workflow/schedule.ts';
import type { TaskStatus, TaskView } from '../../contracts/distributor/task.ts';
import type { WorkflowView } from '../../contracts/workflow/workflow.ts';
import type { AgentClock } from '../clock.ts';
import { apiTransport, type ApiTransport } from './api-transport.ts';
import { approvalCalls } from './approval-calls.ts';
import { cachingContexts, type ContextCacheOptions } from '../contexts/context-cache.ts';
import { contextCalls } from './context-calls.ts';
import { budgetCalls } from './budget-calls.ts';
import { namespaceCalls } from './namespace-calls.ts';
import { repairCalls } from './repair-calls.ts';
import { definitionCalls } from './definition-calls.ts';
import { discoverConnection, type ConnectionOptions } from './connection.ts';
import { patient, realClock } from '../clock.ts';
import { taskCalls } from './task-calls.ts';
import { inspectionCalls, workflowCalls } from './workflow-calls.ts';

/** What `createClient` is given; everything may be left out. */
export interface ClientOptions extends ConnectionOptions {
  /** @default the global one */
  readonly fetch?: typeof globalThis.fetch;
  /** @default the machine's own time */
  readonly clock?: AgentClock;
  /** A number in [0, 1), for the ids of workflows that are given none. @default Math.random */
  readonly random?: () => number;
  /** How documents that were read are kept in this process. */
  readonly contextCache?: ContextCacheOptions;
}

/** Talks to a deployment of Cadre through its API. Throws CadreError with a code of the catalogue on every refusal. */
export function createClient(options: ClientOptions = {}) {
  const clock = patient(options.clock ?? realClock);
  const connection = discoverConnection(options);
  const call = apiTransport(connection, { clock, fetch: options.fetch ?? globalThis.fetch });
  const random = options.random ?? Math.random;
  const tasks = taskCalls(call, clock, random);
  const workflows = workflowCalls(call, clock, random);
  const documents = cachingContexts(contextCalls(call, clock, random), clock, options.contextCache ?? {});
  return {
    /** Where the calls go. */
    apiUrl: connection.apiUrl,
    /** Submits one task; the same id with the same body is a repeat, with another body a CadreError `task-conflict`. `waitForRoomMs` waits while its queue is full. */
    submit: tasks.submit,
    /** What would become of tasks if they were submitted now: when they start and end, and how likely they miss their deadlines. Nothing is written. */
    forecastTasks: tasks.forecast,
    /** Submits many tasks, 25 a call; answers per task. */
    submitAll: tasks.submitAll,
    /** Starts a workflow: a definition, or a registered one by `NAME@VERSION` or `NAME@latest`. `workflow_id` makes the call repeatable; a new one is made when it is left out. */
    run: workflows.run,
    /** The handle of a workflow submitted earlier. */
    workflow: workflows.handle,
    /** Waits until a task has ended. Its output is there even when it is large. */
    waitTask: tasks.wait,
    waitWorkflow: workflows.wait,
    cancelTask: tasks.cancel,
    /** Fails a task now, also one of a workflow, whoever works on it; it is not tried again. */
    killTask: tasks.kill,
    cancelWorkflow: workflows.cancel,
    /** Lets nothing new start in a workflow until it is resumed. */
    pauseWorkflow: workflows.pause,
    resumeWorkflow: workflows.resume,
    /** Runs again what failed in a workflow; `skip` names failed compensations that count as done. */
    redriveWorkflow: workflows.redrive,
    /** Sends an event to a workflow: a node that waits for it takes it, else it is kept. `id` (default: a new one) makes the call repeatable. */
    signalWorkflow: workflows.signal,
    /**
     * Publishes an event to every workflow with a node that waits for this name and key, now or before `ttl_ms` (default: a day) have passed. `id` (default: a new one) makes
     * the call repeatable.
     */
    publish: workflows.publish,
    getTask: tasks.get,
    /** Why a task got its agent, or why it still waits. */
    explainTask: tasks.explain,
    getWorkflow: workflows.get,
    workflowTasks: workflows.tasks,
    workflowEvents: workflows.events,
    /** The registry: versions of definitions by name. `run`, `migrateWorkflow` and schedules take `NAME@VERSION` or `NAME@latest` for a definition. */
    definitions: definitionCalls(call),
    ...repairCalls(call),
    ...budgetCalls(call),
    ...namespaceCalls(call),
    ...inspectionCalls(call),
    deliveryNotification: workflows.notification,
    listTasks: (page: PageOptions & { readonly status?: TaskStatus } = {}) => list<TaskView>(call, '/v1/tasks', page),
    listWorkflows: (page: PageOptions = {}) => list<WorkflowView>(call, '/v1/workflows', page),
    /** What people decide in workflows, in the name of whoever these credentials belong to. */
    approvals: approvalCalls(call),
    ...scheduleCalls(call),
    ...policyCalls(call),
    ...fleetCalls(call),
    /** Shared documents with history. What this client has read is kept, and asked for again only when it has changed. */
    contexts: documents.contexts,
    /** Reads documents ahead, and tells how often the memory of this client helped. */
    contextCache: documents.cache,
  };
}

/** A client of a deployment. */
export type Client = ReturnType<typeof createClient>;

async function list<T>(call: ApiTransport, path: string, page: object): Promise<ClientPage<T>> {
  return (await call({ method: 'GET', path, query: { ...page } })) as ClientPage<T>;
}

function scheduleCalls(call: ApiTransport) {
  const path = (id: string) => `/v1/schedules/${encodeURIComponent(id)}`;
  return {
    /** Lets a workflow run at times; the same id with the same body is a repeat, with another body a CadreError `schedule-conflict`. */
    createSchedule: async (schedule: ScheduleInput) =>
      (await call({ method: 'POST', path: '/v1/schedules', body: schedule })) as ScheduleView,
    listSchedules: (page: PageOptions = {}) => list<ScheduleView>(call, '/v1/schedules', page),
    getSchedule: async (id: string) => (await call({ method: 'GET', path: path(id) })) as ScheduleView,
    /** The next times at which it fires. */
    scheduleTimes: async (id: string, count = 10) =>
      ((await call({ method: 'GET', path: `${path(id)}/times`, query: { count } })) as { items: readonly string[] })
        .items,
    pauseSchedule: async (id: string) => (await call({ method: 'POST', path: `${path(id)}/pause` })) as ScheduleView,
    /** Lets it go on from now: what fell into the pause is left out. */
    resumeSchedule: async (id: string) => (await call({ method: 'POST', path: `${path(id)}/resume` })) as ScheduleView,
    deleteSchedule: async (id: string) => {
      await call({ method: 'DELETE', path: path(id) });
    },
  };
}

function policyCalls(call: ApiTransport) {
  const getPolicy = async () => (await call({ method: 'GET', path: '/v1/policy' })) as PolicyView;
  const post = async (path: string, body: unknown) => call({ method: 'POST', path: `/v1/policy${path}`, body });
  const versionOr = async (expected?: number) => expected ?? (await getPolicy()).version;
  return {
    /** The routing policy in force; version 0 when there is none. */
    getPolicy,
    /** Puts a policy in force if `expected_version` (default: the one that is in force now) still is; with `canary` it is tried on a share of the tasks first. Throws CadreError with all its faults. */
    putPolicy: async (document: unknown, expected_version?: number, canary?: CanaryInput) =>
      (await post('', { document, expected_version: await versionOr(expected_version), canary })) as PolicyView,
    /** Puts what is tried on a share of the tasks in force for all of them. */
    promotePolicy: async (expected_version?: number) =>
      (await post('/promote', { expected_version: await versionOr(expected_version) })) as PolicyView,
    /** Checks a policy and says where waiting tasks would go by it; nothing changes. */
    checkPolicy: async (document: unknown) => (await post('/check', { document })) as PolicyTrial,
    policyVersions: async (limit?: number) =>
      ((await call({ method: 'GET', path: '/v1/policy/versions', query: { limit } })) as ClientPage<PolicyView>).items,
    /** Puts an earlier version in force again, as a new one. */
    rollBackPolicy: async (version: number, expected_version?: number) =>
      (await post('/rollback', { version, expected_version: await versionOr(expected_version) })) as PolicyView,
  };
}

function fleetCalls(call: ApiTransport) {
  const one = (path: string, id: string) => `${path}/${encodeURIComponent(id)}`;
  return {
    listAgents: async () => ((await call({ method: 'GET', path: '/v1/agents' })) as ClientPage<AgentView>).items,
    getAgent: async (id: string) => (await call({ method: 'GET', path: one('/v1/agents', id) })) as AgentView,
    /** Gives an agent no new work; what it holds it may finish. */
    drainAgent: async (id: string, reason: string) =>
      (await call({ method: 'POST', path: `${one('/v1/agents', id)}/drain`, body: { reason } })) as AgentView,
    /** Gives an agent no new work and takes from it what it holds; it stays so until it is revived. */
    killAgent: async (id: string, reason: string) =>
      (await call({ method: 'POST', path: `${one('/v1/agents', id)}/kill`, body: { reason } })) as AgentView,
    reviveAgent: async (id: string) =>
      (await call({ method: 'POST', path: `${one('/v1/agents', id)}/revive` })) as AgentView,
    deregisterAgent: async (id: string) => {
      await call({ method: 'DELETE', path: one('/v1/agents', id) });
    },
    /** Who offers which capability, and what waits for it. */
    listCapabilities: async () =>
      ((await call({ method: 'GET', path: '/v1/capabilities' })) as ClientPage<CapabilityView>).items,
    listQueues: async () => ((await call({ method: 'GET', path: '/v1/queues' })) as ClientPage<QueueView>).items,
    listDeadLetters: (page: PageOptions = {}) => list<DeadLetterView>(call, '/v1/dead-letters', page),
    getDeadLetter: async (id: string) =>
      (await call({ method: 'GET', path: one('/v1/dead-letters', id) })) as DeadLetterView,
    /** Runs failed tasks again, or puts unreadable messages back; `dry_run` only says what would happen. All when no ids are given. */
    redrive: async (request: { readonly ids?: readonly string[]; readonly dry_run?: boolean } = {}) =>
      (
        (await call({ method: 'POST', path: '/v1/dead-letters/redrive', body: request })) as {
          items: readonly RedriveOutcome[];
        }
      ).items,
    status: async () => (await call({ method: 'GET', path: '/v1/status' })) as SystemStatusView,
  };
}

/** True for the refusal "nothing has this id". */
export function isNotFound(error: unknown): boolean {
  return error instanceof CadreError && error.code === 'not-found';
}
