import type { DeliveryNotificationView, WorkflowEventView } from '../../contracts/api.ts';
import type { PlanView, QueryView, ReplayView, ValidationView } from '../../contracts/workflow/inspection.ts';
import type { Json } from '../../contracts/json.ts';
import type { MigrationView, WorkflowUpdate } from '../../contracts/workflow/repair.ts';
import type { EventRequest, PublishedView, SignalRequest, SignalView } from '../../contracts/workflow/signal.ts';
import type { RunTask, WorkflowDefinitionInput, WorkflowView } from '../../contracts/workflow/workflow.ts';
import type { AgentClock } from '../clock.ts';
import type { ApiTransport } from './api-transport.ts';
import { repairCalls } from './repair-calls.ts';
import { waitFor, type WaitOptions } from './wait.ts';

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
  /** Whether what completed is undone. @default what the definition says by `on_cancel` */
  readonly compensate?: boolean;
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
  migrate(
    definition: WorkflowDefinitionInput | string,
    options?: { readonly dryRun?: boolean },
  ): Promise<MigrationView>;
  tasks(): Promise<readonly RunTask[]>;
  events(): Promise<readonly WorkflowEventView[]>;
}

const workflowEnds: readonly string[] = ['Completed', 'Failed', 'Partially Complete'];

function workflowPath(id: string): string {
  return `/v1/workflows/${encodeURIComponent(id)}`;
}

/** What can be asked of any workflow by its id. */
function callsOfOne(call: ApiTransport, clock: AgentClock, random: () => number) {
  const get = async (id: string, signal?: AbortSignal) =>
    (await call({
      method: 'GET',
      path: workflowPath(id),
      ...(signal === undefined ? {} : { signal }),
    })) as WorkflowView;
  const cancel = async (
    id: string,
    reason = 'cancelled by its submitter',
    { graceMs, compensate }: CancelOptions = {},
  ) => {
    const body = {
      reason,
      ...(graceMs === undefined ? {} : { grace_ms: graceMs }),
      ...(compensate === undefined ? {} : { compensate }),
    };
    return (await call({ method: 'POST', path: `${workflowPath(id)}/cancel`, body })) as WorkflowView;
  };
  const steer = async (id: string, how: 'pause' | 'resume' | 'redrive', body: object = {}) =>
    (await call({ method: 'POST', path: `${workflowPath(id)}/${how}`, body })) as WorkflowView;
  const signal = async (workflow_id: string, name: string, data?: Json, options: SignalOptions = {}) => {
    const { id = newId('signal', clock.now(), random()), key } = options;
    const body = { id, name, ...(key === undefined ? {} : { key }), ...(data === undefined ? {} : { data }) };
    return (await call({ method: 'POST', path: `${workflowPath(workflow_id)}/signals`, body })) as SignalView;
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
  return { get, cancel, pause, resume, redrive, signal, wait, tasks, events };
}

/** The calls about one workflow. */
function handleOf(
  workflow_id: string,
  { get, wait, cancel, pause, resume, redrive, signal, tasks, events }: ReturnType<typeof callsOfOne>,
  { updateWorkflow, migrateWorkflow }: ReturnType<typeof repairCalls>,
): Omit<WorkflowHandle, 'submitted'> {
  return {
    workflow_id,
    get: () => get(workflow_id),
    wait: (options?: WaitOptions<WorkflowView>) => wait(workflow_id, options),
    cancel: (reason?: string, options?: CancelOptions) => cancel(workflow_id, reason, options),
    pause: () => pause(workflow_id),
    resume: () => resume(workflow_id),
    redrive: (skip?: readonly string[]) => redrive(workflow_id, skip),
    signal: (name: string, data?: Json, more?: SignalOptions) => signal(workflow_id, name, data, more),
    update: (change: WorkflowUpdate) => updateWorkflow(workflow_id, change),
    migrate: (definition: WorkflowDefinitionInput | string, options?: { readonly dryRun?: boolean }) =>
      migrateWorkflow(workflow_id, definition, options),
    tasks: () => tasks(workflow_id),
    events: () => events(workflow_id),
  };
}

/** Calls about workflows: submit, look, wait, steer, tell. */
export function workflowCalls(call: ApiTransport, clock: AgentClock, random: () => number) {
  const calls = callsOfOne(call, clock, random);
  const handle = (id: string) => handleOf(id, calls, repairCalls(call));
  const run = async (
    definition: WorkflowDefinitionInput | string,
    input?: Json,
    { workflow_id = newId(nameOf(definition), clock.now(), random()), deadline, namespace }: RunOptions = {},
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
  const publish = async (name: string, key: string, data?: Json, options: PublishOptions = {}) => {
    const id = options.id ?? newId('event', clock.now(), random());
    const body = { ...options, id, name, key, ...(data === undefined ? {} : { data }) };
    return (await call({ method: 'POST', path: '/v1/events', body })) as PublishedView;
  };
  const notification = async (id: string) =>
    (await call({ method: 'GET', path: `${workflowPath(id)}/notification` })) as DeliveryNotificationView;
  return { ...calls, publish, notification, handle, run };
}

/** Calls that look into a workflow or its definition. */
export function inspectionCalls(call: ApiTransport) {
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

/** The name of a definition, or of the registered one that `NAME@VERSION` names. */
function nameOf(definition: WorkflowDefinitionInput | string): string {
  return typeof definition === 'string' ? definition.replace(/@.*/, '') : definition.name;
}

/** An id that tells people what ran and when, and is unique enough for one submitter. */
function newId(name: string, now: number, random: number): string {
  const time = new Date(now).toISOString().replace(/[-:.]/g, '');
  return `${name.slice(0, 80)}-${time}-${random.toString(36).slice(2, 8)}`;
}
