import type { CanaryInput } from '../contracts/canary.ts';
import type { AgentView, QueueView } from '../contracts/agent.ts';
import type {
  DeadLetterView,
  DeliveryNotificationView,
  RedriveOutcome,
  SystemStatusView,
  WorkflowEventView,
} from '../contracts/api.ts';
import type { PlanView, QueryView, ReplayView, ValidationView } from '../contracts/inspection.ts';
import { CadreError } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import type { PolicyTrial, PolicyView } from '../contracts/policy.ts';
import type { ScheduleInput, ScheduleView } from '../contracts/schedule.ts';
import type { EventRequest, PublishedView, SignalRequest, SignalView } from '../contracts/signal.ts';
import type { TaskStatus, TaskView } from '../contracts/task.ts';
import type { MigrationView, WorkflowUpdate } from '../contracts/repair.ts';
import type { RunTask, WorkflowDefinitionInput, WorkflowView } from '../contracts/workflow.ts';
import type { AgentClock } from './agent-ports.ts';
import { apiTransport, type ApiTransport } from './api-transport.ts';
import { approvalCalls } from './approval-calls.ts';
import { cachingContexts, type ContextCacheOptions } from './context-cache.ts';
import { contextCalls } from './context-calls.ts';
import { budgetCalls } from './budget-calls.ts';
import { namespaceCalls } from './namespace-calls.ts';
import { repairCalls } from './repair-calls.ts';
import { discoverConnection, type ConnectionOptions } from './connection.ts';
import { patient, realClock } from './clock.ts';
import { taskCalls } from './task-calls.ts';
import { waitFor, type WaitOptions } from './wait.ts';

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

/** One page of a listing; give `cursor` back to get the next one. */
export interface ClientPage<T> {
  readonly items: readonly T[];
  readonly cursor?: string;
}

export interface PageOptions {
  readonly cursor?: string;
  readonly limit?: number;
}

/** How a workflow is started. */
export interface RunOptions {
  /** @default a new one; the same again with the same body is the same run */
  readonly workflow_id?: string | undefined;
  /** RFC 3339: when it should have ended. Its tasks get deadlines that leave time for what comes after them. */
  readonly deadline?: string | undefined;
  /** The namespace of all its tasks: what policies share out and limit by. */
  readonly namespace?: string | undefined;
}

/** What else may be said of an event. */
export type SignalOptions = Pick<SignalRequest, 'id' | 'key'>;

/** What else may be said of an event that is published. */
export type PublishOptions = Partial<Pick<EventRequest, 'id' | 'ttl_ms'>>;

/** How a workflow is cancelled. */
export interface CancelOptions {
  /** Time that running tasks have to end by themselves after their `signal` was aborted; 0 stops them at once. @default 30_000 */
  readonly graceMs?: number;
}

/** A workflow that was submitted. */
export interface WorkflowHandle {
  readonly workflow_id: string;
  /** As it was when it was accepted; `warnings` name what may make it wait, for example capabilities that nobody offers yet. */
  readonly submitted: WorkflowView;
  get(): Promise<WorkflowView>;
  wait(options?: WaitOptions<WorkflowView>): Promise<WorkflowView>;
  cancel(reason?: string, options?: CancelOptions): Promise<WorkflowView>;
  pause(): Promise<WorkflowView>;
  resume(): Promise<WorkflowView>;
  redrive(skip?: readonly string[]): Promise<WorkflowView>;
  signal(name: string, data?: Json, options?: SignalOptions): Promise<SignalView>;
  update(change: WorkflowUpdate): Promise<WorkflowView>;
  migrate(definition: WorkflowDefinitionInput, options?: { readonly dryRun?: boolean }): Promise<MigrationView>;
  tasks(): Promise<readonly RunTask[]>;
  events(): Promise<readonly WorkflowEventView[]>;
}

const workflowEnds: readonly string[] = ['Completed', 'Failed', 'Partially Complete'];

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
    /** Starts a workflow. `workflow_id` makes the call repeatable; a new one is made when it is left out. */
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

function workflowPath(id: string): string {
  return `/v1/workflows/${encodeURIComponent(id)}`;
}

function workflowCalls(call: ApiTransport, clock: AgentClock, random: () => number) {
  const get = async (id: string, signal?: AbortSignal) =>
    (await call({
      method: 'GET',
      path: workflowPath(id),
      ...(signal === undefined ? {} : { signal }),
    })) as WorkflowView;
  const cancel = async (id: string, reason = 'cancelled by its submitter', { graceMs }: CancelOptions = {}) => {
    const body = { reason, ...(graceMs === undefined ? {} : { grace_ms: graceMs }) };
    return (await call({ method: 'POST', path: `${workflowPath(id)}/cancel`, body })) as WorkflowView;
  };
  const steer = async (id: string, how: 'pause' | 'resume' | 'redrive', body: object = {}) =>
    (await call({ method: 'POST', path: `${workflowPath(id)}/${how}`, body })) as WorkflowView;
  const signal = async (workflow_id: string, name: string, data?: Json, options: SignalOptions = {}) => {
    const { id = newId('signal', clock.now(), random()), key } = options;
    const body = { id, name, ...(key === undefined ? {} : { key }), ...(data === undefined ? {} : { data }) };
    return (await call({ method: 'POST', path: `${workflowPath(workflow_id)}/signals`, body })) as SignalView;
  };
  const publish = async (name: string, key: string, data?: Json, options: PublishOptions = {}) => {
    const id = options.id ?? newId('event', clock.now(), random());
    const body = { ...options, id, name, key, ...(data === undefined ? {} : { data }) };
    return (await call({ method: 'POST', path: '/v1/events', body })) as PublishedView;
  };
  const pause = (id: string) => steer(id, 'pause');
  const resume = (id: string) => steer(id, 'resume');
  const redrive = (id: string, skip: readonly string[] = []) => steer(id, 'redrive', { skip });
  const wait = (id: string, options: WaitOptions<WorkflowView> = {}) =>
    waitFor(
      (signal) => get(id, signal),
      (view) => workflowEnds.includes(view.status),
      clock,
      options,
    );
  const tasks = async (id: string) =>
    ((await call({ method: 'GET', path: `${workflowPath(id)}/tasks` })) as { items: readonly RunTask[] }).items;
  const events = async (id: string) =>
    ((await call({ method: 'GET', path: `${workflowPath(id)}/events` })) as { items: readonly WorkflowEventView[] })
      .items;
  const notification = async (id: string) =>
    (await call({ method: 'GET', path: `${workflowPath(id)}/notification` })) as DeliveryNotificationView;
  const handle = (workflow_id: string) => ({
    workflow_id,
    get: () => get(workflow_id),
    wait: (options?: WaitOptions<WorkflowView>) => wait(workflow_id, options),
    cancel: (reason?: string, options?: CancelOptions) => cancel(workflow_id, reason, options),
    pause: () => pause(workflow_id),
    resume: () => resume(workflow_id),
    redrive: (skip?: readonly string[]) => redrive(workflow_id, skip),
    signal: (name: string, data?: Json, more?: SignalOptions) => signal(workflow_id, name, data, more),
    update: (change: WorkflowUpdate) => repairCalls(call).updateWorkflow(workflow_id, change),
    migrate: (definition: WorkflowDefinitionInput, options?: { readonly dryRun?: boolean }) =>
      repairCalls(call).migrateWorkflow(workflow_id, definition, options),
    tasks: () => tasks(workflow_id),
    events: () => events(workflow_id),
  });
  const run = async (
    definition: WorkflowDefinitionInput,
    input?: Json,
    { workflow_id = newId(definition.name, clock.now(), random()), deadline, namespace }: RunOptions = {},
  ): Promise<WorkflowHandle> => {
    const body = {
      workflow_id,
      definition,
      ...(input === undefined ? {} : { input }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(namespace === undefined ? {} : { namespace }),
    };
    const submitted = (await call({ method: 'POST', path: '/v1/workflows', body })) as WorkflowView;
    return { ...handle(workflow_id), submitted };
  };
  return { get, cancel, pause, resume, redrive, signal, publish, wait, tasks, events, notification, handle, run };
}

/** An id that tells people what ran and when, and is unique enough for one submitter. */
function newId(name: string, now: number, random: number): string {
  const time = new Date(now).toISOString().replace(/[-:.]/g, '');
  return `${name.slice(0, 80)}-${time}-${random.toString(36).slice(2, 8)}`;
}

function inspectionCalls(call: ApiTransport) {
  return {
    /** Everything that is wrong with a definition or a submission, and its plan when nothing is; nothing runs. */
    validateWorkflow: async (value: unknown) =>
      (await call({ method: 'POST', path: '/v1/workflows/validate', body: value })) as ValidationView,
    /** When its nodes run, the critical path and the predicted finish. */
    workflowPlan: async (id: string) => (await call({ method: 'GET', path: `${workflowPath(id)}/plan` })) as PlanView,
    /** What a query that its definition names says of it as it is. */
    queryWorkflow: async (id: string, query: string) =>
      (await call({ method: 'GET', path: `${workflowPath(id)}/queries/${encodeURIComponent(query)}` })) as QueryView,
    /** Its state as the event log tells it, compared with the stored one, or at a moment of the past. */
    replayWorkflow: async (id: string, at?: string) =>
      (await call({
        method: 'GET',
        path: `${workflowPath(id)}/replay`,
        ...(at === undefined ? {} : { query: { at } }),
      })) as ReplayView,
  };
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
