import { createAgentApp } from '../../api/agent-app.ts';
import { createApp } from '../../api/app.ts';
import type { ApiOptions } from '../../api/shell.ts';
import { agentWorkOperations } from '../../contracts/distributor/agent-work.ts';
import { createQueueSizes } from '../../platform/aws/distributor/queue-sizes.ts';
import { s3Objects } from '../../platform/aws/objects.ts';
import { agentQueues } from '../../platform/aws/agent-transport.ts';
import type { FaultMix } from '../../platform/twin/faults.ts';
import type { Random } from '../../platform/twin/random.ts';
import type { VirtualClock } from '../../platform/twin/virtual-clock.ts';
import type { Task, TaskView } from '../../contracts/distributor/task.ts';
import type { Json } from '../../contracts/json.ts';
import type { RunTask, WorkflowDefinitionInput, WorkflowView } from '../../contracts/workflow/workflow.ts';
import { approvalCalls, type ApprovalCalls } from '../client/approval-calls.ts';
import { agentRegistry } from '../agent/registry.ts';
import { type Agent, createAgent } from '../agent/create-agent.ts';
import { httpAgentDeps } from '../agent/http-agent.ts';
import type { AgentClock } from '../clock.ts';
import { type ApiTransport, apiTransport } from '../client/api-transport.ts';
import { type Client, createClient } from '../client/client.ts';
import { cachingContexts, type ContextCacheOptions } from '../contexts/context-cache.ts';
import { contextCalls } from '../client/context-calls.ts';
import type { WatchOptions } from '../agent/document-watch.ts';
import type { Handler } from '../agent/handler.ts';
import { deployTwin, type TwinDeployment } from './twin-deployment.ts';

/** How to make a test cloud. The same seed gives the same run. */
export interface TestCloudOptions {
  readonly seed?: number | string;
  /** Faults to inject, for example `{ duplicate: 0.1, lambdaCrashDuring: 0.05 }`. @default none */
  readonly faults?: FaultMix;
}

/** An agent of a test: its handler runs in the process, `ctx.signal` and time are the cloud's. */
export interface TestAgent extends WatchOptions {
  readonly id: string;
  readonly type?: string;
  readonly capabilities?: readonly string[];
  readonly slots?: number;
  /** @default `sqs` */
  readonly transport?: 'sqs' | 'http';
  /** How documents that it has read are kept. */
  readonly contextCache?: ContextCacheOptions;
  readonly handler: Handler;
}

/** A finished run. Times are virtual. */
export interface TestRun extends WorkflowView {
  readonly tasks: readonly RunTask[];
}

const apiUrl = 'http://twin';
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Cadre in this process, with time that jumps: workflows of hours run in milliseconds, and the same seed gives the same run. */
export interface TestCloud {
  /** Registers an agent and lets it work. */
  addAgent(agent: TestAgent): Promise<Agent>;
  /** Runs a workflow to its end. */
  run(definition: WorkflowDefinitionInput, input?: Json): Promise<TestRun>;
  /** Submits tasks; nothing moves until time does. */
  submit(...tasks: readonly Task[]): Promise<void>;
  /** Lets time pass until the task has ended. */
  wait(task_id: string): Promise<TaskView>;
  /** Lets virtual time pass. */
  skip(ms: number): Promise<void>;
  /** Virtual time, epoch milliseconds. */
  now(): number;
  /** A sleep in virtual time, for handlers. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Approvals as this person sees them; time passes until each call is answered. */
  approvals(person: string, ...groups: readonly string[]): ApprovalCalls;
  /** Everything else, through the API. Its calls settle only while time moves: use `drive`. */
  readonly client: Client;
  /** Lets time pass until the promise settles. */
  drive<T>(work: Promise<T>): Promise<T>;
}

function clockOf(clock: VirtualClock): AgentClock {
  return { now: () => clock.now(), sleep: (ms, signal) => clock.sleep(ms, signal) };
}

function documentsOf(call: ApiTransport, clock: AgentClock, random: Random, options: ContextCacheOptions) {
  const calls = contextCalls(call, clock, () => random.next());
  return cachingContexts(calls, clock, options);
}

const connection = {
  apiUrl,
  region: 'us-east-1',
  credentials: { accessKeyId: 'twin', secretAccessKey: 'twin' },
  // A token instead of a signature: signing happens in a thread of its own, which virtual time would not wait for.
  token: async () => 'twin',
};

const workPaths = agentWorkOperations.map(({ path }) => new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`));

/** The API in the process, both its functions; who calls, and with which groups, is what its headers say. */
function apiOf({ cloud, runtime }: TwinDeployment) {
  const api = runtime('api');
  const options: ApiOptions = {
    principalOf: (request) => request.headers.get('x-twin-principal') ?? undefined,
    groupsOf: (request) => JSON.parse(request.headers.get('x-twin-groups') ?? '[]') as string[],
  };
  const queueSizes = createQueueSizes(cloud.process('api').clients.sqs, api.queues);
  const app = createApp({ ...api, queueSizes }, options);
  const agentApp = createAgentApp(runtime('serve-agents'), options);
  return (request: Request) => {
    const { pathname } = new URL(request.url);
    return (workPaths.some((path) => path.test(pathname)) ? agentApp : app).fetch(request);
  };
}

/** Makes a test cloud. */
export function createTestCloud(options: TestCloudOptions = {}): TestCloud {
  const twin = deployTwin(options);
  const { cloud } = twin;
  const { clock } = cloud;
  const api = apiOf(twin);
  const agentClock = clockOf(clock);
  /** The API as one principal sees it: in the process, with the identity a signature would prove. */
  const fetchAs =
    (principal: string, groups: readonly string[] = []): typeof globalThis.fetch =>
    async (input, init) => {
      const request = new Request(input, init);
      request.headers.set('x-twin-principal', principal);
      request.headers.set('x-twin-groups', JSON.stringify(groups));
      return api(request);
    };
  const client = createClient({ ...connection, fetch: fetchAs('user'), clock: agentClock });
  const drive = <T>(work: Promise<T>) => clock.drive(work);
  const callAs = (principal: string, groups?: readonly string[]) =>
    apiTransport(
      { ...connection, credentials: async () => connection.credentials },
      { clock: agentClock, fetch: fetchAs(principal, groups) },
    );
  return {
    client,
    drive,
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    skip: async (ms) => {
      await clock.run(() => false, ms);
    },
    approvals(person, ...groups) {
      const call = callAs(person, groups);
      return approvalCalls((request) => drive(call(request)));
    },
    async addAgent({ transport = 'sqs', contextCache = {}, ...agentOptions }) {
      const { id } = agentOptions;
      const principal = `agent/${id}`;
      const { clients } = cloud.process(principal);
      const call = callAs(principal);
      const documents = documentsOf(call, agentClock, cloud.random.fork(`documents/${id}`), contextCache);
      const agent = createAgent({
        type: 'test',
        capabilities: [],
        ...agentOptions,
        deps: {
          ...(transport === 'http'
            ? httpAgentDeps(call)
            : { sqs: agentQueues(clients.sqs), s3: s3Objects(clients.s3), api: agentRegistry(call) }),
          contexts: () => documents.contexts,
          heard: (change) => documents.cache.heard(change),
          clock: agentClock,
          log: quiet,
        },
      });
      await drive(agent.start());
      return agent;
    },
    async run(definition, input) {
      const handle = await drive(client.run(definition, input));
      const view = await drive(handle.wait());
      return { ...view, tasks: await drive(handle.tasks()) };
    },
    async submit(...tasks) {
      const outcomes = await drive(client.submitAll(tasks));
      const refusal = outcomes.find((outcome) => !outcome.ok);
      if (refusal?.ok === false) throw new Error(`${refusal.error.code}: ${refusal.error.message}`);
    },
    wait: (task_id) => drive(client.waitTask(task_id)),
  };
}
