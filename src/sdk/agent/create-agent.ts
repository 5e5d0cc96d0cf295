import type { AgentTraits, BatchTraits } from '../../contracts/distributor/agent.ts';
import type { Json } from '../../contracts/json.ts';
import type { AgentDeps } from './ports.ts';
import { agentRegistry } from './registry.ts';
import { AgentRunner, type AgentWork } from './agent.ts';
import { apiTransport } from '../client/api-transport.ts';
import { type Client, type ClientOptions, createClient } from '../client/client.ts';
import { discoverConnection, type ConnectionOptions } from '../client/connection.ts';
import type { WatchOptions } from './document-watch.ts';
import type { BatchHandler, Handler } from './handler.ts';
import { httpAgentDeps } from './http-agent.ts';
import { jsonLog } from './json-log.ts';
import { patient, realClock } from '../clock.ts';

/** What every agent is made of. */
interface AgentBasics extends ConnectionOptions, WatchOptions, Pick<ClientOptions, 'contextCache'> {
  /** Unique in the deployment; the same id started again continues as the same agent. */
  readonly id: string;
  /** A kind of agent, for people and reports, for example `reviewer`. */
  readonly type: string;
  readonly capabilities: readonly string[];
  /** Tasks, or batches, it runs at the same time. @default 1 */
  readonly slots?: number;
  /** Facts that routing policies match on, its price, and how it begins and rests; see the registration's schema. */
  readonly traits?: AgentTraits;
  /**
   * How it gets its work: from queues of SQS, or by `http` through the API alone, which needs no permission beyond calling it. @default `http` with a
   * `token`, else `sqs`, which costs less
   */
  readonly transport?: 'sqs' | 'http';
  /** Hears of each `progress()` of its handlers. */
  readonly onProgress?: (task_id: string, share: number, note?: string) => void;
  /** Effects to replace, for tests and for the twin. */
  readonly deps?: Partial<AgentDeps>;
}

/** What `createAgent` is given. The connection is found as described at `ConnectionOptions` when it is left out. */
export interface CreateAgentOptions<Input, Output> extends AgentBasics {
  readonly handler: Handler<Input, Output>;
  readonly batch?: undefined;
}

/** The same for an agent that takes batches: small tasks of one kind come together, and its handler is called once for all of them. */
export interface CreateBatchAgentOptions<Input, Output> extends AgentBasics {
  readonly handler: BatchHandler<Input, Output>;
  readonly batch: BatchTraits;
}

/** An agent: it works from `start` until `stop`. */
export interface Agent {
  readonly id: string;
  /** Registers and begins to take work. Throws CadreError when the deployment refuses it or cannot be reached. */
  start(): Promise<void>;
  /** Finishes or hands back its work and says goodbye; with `deregister` it is removed for good. */
  stop(options?: { readonly graceMs?: number; readonly deregister?: boolean }): Promise<void>;
  /** The attempts in hand, as `task_id#attempt`. */
  held(): readonly string[];
}

/** Makes an agent of a handler. Long polls, leases, heartbeats, large values, results and repeats are its business, not the handler's. */
export function createAgent<Input = Json, Output = unknown>(options: CreateAgentOptions<Input, Output>): Agent;
// One signature for both would not tell a handler's types by whether `batch` is there.
// eslint-disable-next-line @typescript-eslint/unified-signatures
export function createAgent<Input = Json, Output = unknown>(options: CreateBatchAgentOptions<Input, Output>): Agent;
export function createAgent<Input, Output>(
  options: CreateAgentOptions<Input, Output> | CreateBatchAgentOptions<Input, Output>,
): Agent {
  let runner: Promise<AgentRunner> | undefined;
  let started: AgentRunner | undefined;
  const run = async () => {
    const { id, type, capabilities, slots, traits, onProgress, watch, onChange } = options;
    const made = new AgentRunner({
      id,
      type,
      capabilities,
      ...(slots === undefined ? {} : { slots }),
      ...(traits === undefined ? {} : { traits }),
      ...(onProgress === undefined ? {} : { onProgress }),
      watching: { ...(watch && { watch }), ...(onChange && { onChange }) },
      // The input type is the caller's promise about the payloads that this agent's tasks carry.
      work: { handler: options.handler, batch: options.batch } as AgentWork,
      deps: await completeDeps(options, options.deps ?? {}),
    });
    await made.start();
    started = made;
    return made;
  };
  return {
    id: options.id,
    async start() {
      runner ??= run();
      await runner.catch((error: unknown) => {
        runner = undefined;
        throw error;
      });
    },
    async stop(how) {
      await (await runner)?.stop(how);
    },
    held: () => started?.held() ?? [],
  };
}

async function completeDeps(
  options: ConnectionOptions & Pick<AgentBasics, 'transport' | 'contextCache'>,
  given: Partial<AgentDeps>,
): Promise<AgentDeps> {
  const clock = patient(given.clock ?? realClock);
  const log = given.log ?? jsonLog();
  let made: Client | undefined;
  const contexts = given.contexts ?? (() => (made ??= createClient({ ...options, clock })).contexts);
  const heard = given.heard ?? ((change) => made?.contextCache.heard(change));
  const shared = { contexts, heard, clock, log };
  const { sqs, s3, api } = given;
  if (sqs !== undefined && s3 !== undefined && api !== undefined) return { ...shared, sqs, s3, api };
  const connection = discoverConnection(options);
  const call = apiTransport(connection, { clock, fetch: globalThis.fetch });
  const transport = options.transport ?? (connection.token === undefined ? 'sqs' : 'http');
  if (transport === 'http') return { ...httpAgentDeps(call), ...given, ...shared };
  const { connectAgent } = await import('../../platform/aws/agent-connection.ts');
  const { region, credentials, endpoint } = connection;
  const aws = connectAgent({ region, credentials, ...(endpoint === undefined ? {} : { endpoint }) });
  return { ...aws, api: agentRegistry(call), ...given, ...shared };
}
