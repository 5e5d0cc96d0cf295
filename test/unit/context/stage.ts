import type { ContextAnswer, ContextOperationName, ContextRequest } from '../../../src/contracts/context/operations.ts';
import type { Announcement } from '../../../src/contracts/events.ts';
import { runContextOperation } from '../../../src/context/usecases/operations.ts';
import { contextIndexedAttributes } from '../../../src/platform/aws/context/keys.ts';
import { indexedAttributes, indexName } from '../../../src/platform/aws/keys.ts';
import { s3Objects } from '../../../src/platform/aws/objects.ts';
import { createAdapters, machineSources } from '../../../src/platform/aws/runtime.ts';
import type { TableSchema } from '../../../src/platform/twin/dynamodb/table.ts';
import { createTwinCloud } from '../../../src/platform/twin/twin-cloud.ts';
import { bareDeployment } from '../../support/bare-deployment.ts';

const startMs = Date.parse('2026-11-23T10:00:00.000Z');

/** The documents' table as it is deployed. */
export const contextTable: TableSchema = {
  name: 'contexts',
  pk: 'pk',
  sk: 'sk',
  indexes: [{ name: indexName, pk: 'gsi1pk', sk: 'gsi1sk', projection: [...contextIndexedAttributes] }],
};

/** The table of the work, which has the timers of the sweeps. */
const workTable: TableSchema = {
  name: 'cadre',
  pk: 'pk',
  sk: 'sk',
  indexes: [{ name: indexName, pk: 'gsi1pk', sk: 'gsi1sk', projection: [...indexedAttributes] }],
};

/** The use cases on the real store in the twin; time stands still until it is moved. */
export function contextStage() {
  const cloud = createTwinCloud({ startMs, tables: [contextTable, workTable], buckets: ['bucket'] });
  const clock = { now: startMs };
  let ids = 0;
  const sources = { ...machineSources, now: () => clock.now, id: () => `id-${++ids}` };
  const events: Announcement[] = [];
  const deps = {
    ...createAdapters({ ...cloud.clients, objects: s3Objects(cloud.clients.s3) }, bareDeployment, sources, {
      warn: () => undefined,
    }),
    messenger: { announce: async (announced: readonly Announcement[]) => void events.push(...announced) },
  };
  /** An operation as the API carries it out, for a principal: `text` is the body of the request. */
  const send = (principal: string, name: ContextOperationName, text: string) =>
    runContextOperation(deps, { principal, correlation_id: 'story' }, name, text);
  const as =
    (principal: string) =>
    async <N extends ContextOperationName>(name: N, request: ContextRequest<N>): Promise<ContextAnswer<N>> =>
      (await send(principal, name, JSON.stringify(request))) as ContextAnswer<N>;
  return { cloud, deps, clock, events, send, as, call: as('alice') };
}
