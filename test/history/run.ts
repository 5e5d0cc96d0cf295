import { GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { CadreError } from '../../src/contracts/errors.ts';
import type { ChangeAnswer, GetDocumentAnswer } from '../../src/contracts/context/requests.ts';
import type { SearchDeps } from '../../src/context/index-ports.ts';
import { runContextOperation } from '../../src/context/usecases/operations.ts';
import { s3Objects } from '../../src/platform/aws/objects.ts';
import { createAdapters, machineSources } from '../../src/platform/aws/runtime.ts';
import { createTwinCloud, type TwinClients, type TwinProcess } from '../../src/platform/twin/twin-cloud.ts';
import { contextTable } from '../unit/context/stage.ts';
import type { HistoryEntry } from './check.ts';
import { bareDeployment } from '../support/bare-deployment.ts';

/** Mistakes that the check must find. */
export const historyMutants = ['lost-update', 'unchecked-cache', 'stale-base'] as const;

/** How to make a history. The same options give the same one. */
export interface HistoryOptions {
  readonly clients: number;
  readonly operations: number;
  readonly seed: number | string;
  readonly mutant?: (typeof historyMutants)[number] | undefined;
}

/** Answers are lost, calls are throttled, transactions meet, and every call takes its time. */
const faults = { lostAnswer: 0.02, throttle: 0.01, transactionConflict: 0.03, latencyMsMax: 20, clockSkewMsMax: 2_000 };
/** Tries of one operation whose answer did not come; then its outcome stays unknown. */
const triesMax = 3;

type Send = (command: { readonly input: unknown }, ...rest: unknown[]) => Promise<unknown>;

/** The same client with another way to send. */
function sending(client: TwinClients['dynamodb'], other: (send: Send) => Send): TwinClients['dynamodb'] {
  const { send } = client as unknown as { send: Send };
  const planted = other((command, ...rest) => send.call(client, command, ...rest));
  return new Proxy(client, {
    get: (target, name) => (name === 'send' ? planted : (Reflect.get(target, name) as unknown)),
  });
}

const mistakes: Readonly<Partial<Record<(typeof historyMutants)[number], (send: Send) => Send>>> = {
  // Writes forget the condition on the head and on the version row.
  'lost-update':
    (send) =>
    (command, ...rest) => {
      if (!(command instanceof TransactWriteCommand)) return send(command, ...rest);
      const { TransactItems = [] } = command.input;
      const bare = TransactItems.map(({ Put }) => ({ Put: { TableName: Put?.TableName, Item: Put?.Item } }));
      return send(new TransactWriteCommand({ TransactItems: bare }), ...rest);
    },
  // The look at the head, without which nothing is given from a cache, is answered from the memory of the process.
  'unchecked-cache': (send) => {
    const looked = new Map<string, Promise<unknown>>();
    return (command, ...rest) => {
      if (!(command instanceof GetCommand) || command.input.Key?.['sk'] !== 'HEAD') return send(command, ...rest);
      const name = String(command.input.Key['pk']);
      const look = looked.get(name) ?? send(command, ...rest);
      looked.set(name, look);
      return look;
    };
  },
};

function depsOf(process: TwinProcess, mutant: HistoryOptions['mutant'], id: () => string): SearchDeps {
  const { dynamodb } = process.clients;
  const mistake = mutant && mistakes[mutant];
  const clients = { ...process.clients, dynamodb: mistake ? sending(dynamodb, mistake) : dynamodb };
  const sources = { ...machineSources, now: () => process.now(), id, random: () => 0.5 };
  const adapters = createAdapters({ ...clients, objects: s3Objects(clients.s3) }, bareDeployment, sources, {
    warn: () => undefined,
  });
  return { ...adapters, messenger: { announce: async () => undefined } };
}

/** Documents so large that processes keep them (above 4 KB), and small ones, turn by turn. Of a large one each part tells who wrote it. */
function dataOf(key: string, by: string): { readonly by: string; readonly text?: string } {
  return Number(key.split('/')[1]) % 2 === 0 ? { by, text: `${by} `.repeat(1_000) } : { by };
}

/** Who wrote what was read; two writers in one value are told as such. */
function writerOf(key: string, data: unknown): string {
  const { by } = data as { by: string };
  return JSON.stringify(data) === JSON.stringify(dataOf(key, by)) ? by : `${by}, and another one`;
}

/** Whether a failure tells that nothing happened, rather than nothing at all. */
function isRefusal(error: unknown): error is CadreError {
  return error instanceof CadreError;
}

/** Runs concurrent clients against the real use cases on the twin with faults; tells each operation when it is over. */
export async function runHistory(options: HistoryOptions, tell: (entry: HistoryEntry) => void): Promise<void> {
  const { clients, operations, seed, mutant } = options;
  const cloud = createTwinCloud({ seed, faults, tables: [contextTable], buckets: ['bucket'] });
  const random = cloud.random.fork('history');
  const { clock } = cloud;
  const keys = Array.from({ length: Math.max(2, Math.ceil(clients / 5)) }, (_, n) => `register/${n}`);
  let ids = 0;
  let left = operations;
  const setup = createTwinCloudDeps(cloud, () => `setup-${++ids}`);
  for (const context_id of keys)
    await clock.drive(
      retrying(() =>
        call(setup, 0, 'create', {
          context_id,
          context_type: 'knowledge',
          data: dataOf(context_id, `${context_id}@1`),
          operation_id: `create-${context_id.replace('/', '-')}`,
        }),
      ),
    );
  for (const key of keys)
    tell({ client: -1, key, op: 'write', base: 0, ver: 1, value: `${key}@1`, ok: true, start: 0, end: 0 });

  async function client(number: number): Promise<void> {
    const deps = depsOf(cloud.process(`client-${number}`), mutant, () => `id-${++ids}`);
    const known = new Map<string, number>();
    while (left-- > 0) {
      // Most of the traffic goes to few documents, where clients meet.
      const key = keys[Math.floor(random.next() ** 2 * keys.length)] ?? keys[0] ?? '';
      const base = known.get(key);
      const entry =
        base === undefined || random.chance(0.4) ? await read(deps, number, key) : await write(deps, number, key, base);
      if (entry.ver !== null) known.set(key, entry.ver);
      tell(entry);
    }
  }

  async function read(deps: SearchDeps, number: number, key: string): Promise<HistoryEntry> {
    const start = clock.now();
    const told = { client: number, key, op: 'read' as const, base: null, start };
    try {
      const answer = (await call(deps, number, 'get', { context_id: key })) as GetDocumentAnswer;
      if (answer.unchanged) throw new Error('a read without a known version is never unchanged');
      const { version, data } = answer.document;
      return { ...told, ver: version, value: writerOf(key, data), ok: true, end: clock.now() };
    } catch {
      return { ...told, ver: null, value: null, ok: null, end: null };
    }
  }

  async function write(deps: SearchDeps, number: number, key: string, base: number): Promise<HistoryEntry> {
    const operation_id = `w-${++ids}`;
    const start = clock.now();
    const told = { client: number, key, op: 'write' as const, base, value: operation_id, start };
    // A mistake that no condition of the table sees: whatever the writer saw, its change is made from the latest version.
    const latest = mutant === 'stale-base' ? (await read(deps, number, key)).ver : null;
    const request = {
      context_id: key,
      expected_version: latest ?? base,
      data: dataOf(key, operation_id),
      operation_id,
    };
    for (let tries = 1; tries <= triesMax; tries += 1) {
      try {
        const { outcome, head } = (await call(deps, number, 'put', request)) as ChangeAnswer;
        return { ...told, ver: head.version, ok: outcome === 'written' || outcome === 'repeated', end: clock.now() };
      } catch (error) {
        // A refusal after an unknown answer does not tell what the first try did.
        if (isRefusal(error) && tries === 1) return { ...told, ver: null, ok: false, end: clock.now() };
        if (random.chance(0.3)) break;
      }
    }
    return { ...told, ver: null, ok: null, end: null };
  }

  await clock.drive(
    Promise.all(Array.from({ length: clients }, (_, number) => client(number))),
    Number.MAX_SAFE_INTEGER / 2,
  );
}

function createTwinCloudDeps(cloud: ReturnType<typeof createTwinCloud>, id: () => string): SearchDeps {
  return depsOf(cloud.process('setup'), undefined, id);
}

async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (isRefusal(error)) throw error;
    }
  }
}

function call(deps: SearchDeps, client: number, name: 'create' | 'get' | 'put', request: object): Promise<object> {
  const caller = { principal: `client-${client}`, correlation_id: 'history' };
  return runContextOperation(deps, caller, name, JSON.stringify(request));
}
