import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { agentPartsMax } from '../../../contracts/limits.ts';
import type { NamespaceKill } from '../../../contracts/distributor/namespace.ts';
import type { PoolRows, RouteRow } from '../../../contracts/rows.ts';
import type { AgentStore } from '../../../distributor/ports.ts';
import type { AgentPlaces } from './agent-access.ts';
import { fromAgentItem } from './agent-rows.ts';
import { type Database, getItems, isApplied, isRefused, queryItems } from '../database.ts';
import { canaryKey, policyHeadKey, poolKey, poolPartition, routeKey } from '../keys.ts';
import { fromCanaryItem, fromPolicyItem } from './policy-store.ts';
import { executeStatements, insertStatement } from '../statements.ts';
import type { Item } from '../item.ts';

function fromRouteItem(item: Item): RouteRow {
  const { pk: _pk, sk: _sk, ...rest } = item;
  return rest as unknown as RouteRow;
}

const readPartition = (db: Database, pool: string, part: number): Promise<Item[]> =>
  queryItems(db, {
    KeyConditionExpression: 'pk = :pool',
    ExpressionAttributeValues: { ':pool': poolPartition(pool, part) },
    ConsistentRead: true,
  });

/** The agents of a spread pool that stand apart from it. Read after the pool's own rows: whoever passes its gate must have read every agent after it. */
async function readApart(db: Database, pool: string): Promise<readonly Item[]> {
  const parts = Array.from({ length: agentPartsMax }, (_, index) => readPartition(db, pool, index + 1));
  return (await Promise.all(parts)).flat();
}

const byAgent = (one: Item, other: Item): number => (String(one['sk']) < String(other['sk']) ? -1 : 1);

const fullOf = (row: Item | undefined): Pick<PoolRows, 'full'> =>
  row?.['full'] === undefined ? {} : { full: row['full'] as NonNullable<PoolRows['full']> };

/** Everything a dispatch needs to know of a pool, strongly consistent: in one query, or in two steps for one that is spread. */
export async function readPool(db: Database, places: AgentPlaces, pool: string): Promise<PoolRows> {
  const items = await readPartition(db, pool, 0);
  const of = (prefix: string) => items.filter((item) => String(item['sk']).startsWith(prefix));
  const row = of('#POOL')[0];
  const killed = of('#NAMESPACE#').flatMap((item) =>
    item['killed'] === undefined ? [] : [[String(item['namespace']), item['killed'] as NamespaceKill] as const],
  );
  const policy = fromPolicyItem(of('#POLICY')[0]);
  const spread = row?.['spread'] as number | undefined;
  const agents = spread !== undefined ? [...of('AGENT#'), ...(await readApart(db, pool))].sort(byAgent) : of('AGENT#');
  for (const item of agents) places.seen(pool, String(item['agent_id']), String(item['pk']));
  const tried = policy?.canary === undefined ? undefined : canaryKey(pool, policy.version).sk;
  const canary = tried === undefined ? undefined : fromCanaryItem(of(tried)[0]);
  return {
    pool,
    ...(policy === undefined ? {} : { policy }),
    ...(killed.length === 0 ? {} : { killed: new Map(killed) }),
    ...(canary === undefined ? {} : { canary }),
    armed_until: (row?.['armed_until'] ?? 0) as number,
    ...(row?.['desired_agents'] === undefined ? {} : { desired_agents: row['desired_agents'] as number }),
    ...(row?.['fewer'] === undefined ? {} : { fewer: row['fewer'] as NonNullable<PoolRows['fewer']> }),
    ...(row?.['gate'] === undefined ? {} : { gate: row['gate'] as string }),
    ...(row?.['starts'] === undefined ? {} : { starts: row['starts'] as NonNullable<PoolRows['starts']> }),
    ...fullOf(row),
    ...(row?.['served'] === undefined ? {} : { served: row['served'] as NonNullable<PoolRows['served']> }),
    ...(spread === undefined ? {} : { spread }),
    agents: agents.map(fromAgentItem),
    routes: of('ROUTE#').map(fromRouteItem),
  };
}

/** Writes the routes that are new to the table; `known` remembers those that were written before. */
export async function addRoutes(db: Database, known: Set<string>, routes: readonly RouteRow[]): Promise<void> {
  const fresh = [...new Map(routes.map((row) => [`${row.pool} ${row.route}`, row])).entries()].filter(
    ([name]) => !known.has(name),
  );
  // A route that exists already is as good as one just written: both are for ever the same.
  await executeStatements(
    db,
    fresh.map(([, row]) => insertStatement(db.table, { ...routeKey(row.pool, row.route), ...row })),
  );
  for (const [name] of fresh) known.add(name);
}

/** Notes how many agents are wanted and since when fewer are, if both are still noted as they were read; false when another pulse was first. */
export async function desire(
  db: Database,
  { pool, desired_agents: was, fewer: since }: Parameters<AgentStore['desire']>[0],
  { agents, fewer }: Parameters<AgentStore['desire']>[1],
): Promise<boolean> {
  return isApplied(
    db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: poolKey(pool),
        UpdateExpression: `SET desired_agents = :desired${fewer === undefined ? ' REMOVE fewer' : ', fewer = :fewer'}`,
        // As both were read: of two pulses that see the same change one tells it, and a late one does not let agents go whose work came meanwhile.
        ConditionExpression: [
          was === undefined ? 'attribute_not_exists(desired_agents)' : 'desired_agents = :was',
          since === undefined ? 'attribute_not_exists(fewer)' : 'fewer = :since',
        ].join(' AND '),
        ExpressionAttributeValues: {
          ':desired': agents,
          ...(fewer === undefined ? {} : { ':fewer': fewer }),
          ...(was === undefined ? {} : { ':was': was }),
          ...(since === undefined ? {} : { ':since': since }),
        },
      }),
    ),
  );
}

/** Notes that a round starts work under limits; false when another round has since the pool was read. */
export async function pass(
  db: Database,
  pool: string,
  { id, was, starts = {}, served = {} }: Parameters<AgentStore['pass']>[1],
): Promise<boolean> {
  try {
    await db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: poolKey(pool),
        UpdateExpression: 'SET gate = :id, starts = :starts, served = :served',
        // As it was read, before the agents: whoever went through since then has holds that this round did not count.
        ConditionExpression: was === undefined ? 'attribute_not_exists(gate)' : 'gate = :was',
        ExpressionAttributeValues: {
          ':id': id,
          ':starts': starts,
          ':served': served,
          ...(was === undefined ? {} : { ':was': was }),
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return true;
  } catch (error) {
    if (!isRefused(error)) throw error;
    // A call repeated after a lost answer finds its own round in the way.
    const { Item } = error as { Item?: Record<string, unknown> };
    const stored = Item?.['gate'] as { S?: string } | string | undefined;
    return (typeof stored === 'object' ? stored.S : stored) === id;
  }
}

/** What a pool says of submissions, in one read of two rows. */
export async function admission(db: Database, pool: string): ReturnType<AgentStore['admission']> {
  const [row, head] = await getItems(db, [poolKey(pool), policyHeadKey(pool)]);
  const policy = fromPolicyItem(head);
  return {
    ...fullOf(row),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** Notes something on the pool's row, whatever it said before. */
async function note(db: Database, pool: string, name: 'full' | 'spread' | 'armed_until', value: unknown) {
  await db.client.send(
    new UpdateCommand({
      TableName: db.table,
      Key: poolKey(pool),
      UpdateExpression: 'SET #name = :value',
      ExpressionAttributeNames: { '#name': name },
      ExpressionAttributeValues: { ':value': value },
    }),
  );
}

/** Notes these rules: of two pulses that counted at once the last one stands, and the next one counts again. */
export const noteFull = (db: Database, pool: string, rules: NonNullable<PoolRows['full']>): Promise<void> =>
  note(db, pool, 'full', rules);

/** Whether new agents of a pool stand apart from it, strongly consistent. */
export async function isSpread(db: Database, pool: string): Promise<boolean> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: poolKey(pool), ProjectionExpression: 'spread', ConsistentRead: true }),
  );
  return Item?.['spread'] !== undefined;
}

/** Lets new agents stand apart from their pool, for ever: nobody has to ask where an agent went. `tasks`: what a dispatcher hands out of a round itself. */
export const spread = (db: Database, pool: string, tasks: number): Promise<void> => note(db, pool, 'spread', tasks);

/** Notes until when (epoch ms) pulse ticks are on their way. */
export const arm = (db: Database, pool: string, until: number): Promise<void> => note(db, pool, 'armed_until', until);
