import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { NamespaceKill } from '../../contracts/namespace.ts';
import type { PoolRows, RouteRow } from '../../contracts/rows.ts';
import type { AgentStore } from '../../distributor/ports.ts';
import { fromAgentItem } from './agent-rows.ts';
import { type Database, isApplied, isRefused, queryItems } from './database.ts';
import { canaryKey, poolKey, poolPartition, routeKey } from './keys.ts';
import { fromCanaryItem, fromPolicyItem } from './policy-store.ts';
import { executeStatements, insertStatement } from './statements.ts';
import type { Item } from './task-rows.ts';

function fromRouteItem(item: Item): RouteRow {
  const { pk: _pk, sk: _sk, ...rest } = item;
  return rest as unknown as RouteRow;
}

/** Everything a dispatch needs to know of a pool, in one strongly consistent query. */
export async function readPool(db: Database, pool: string): Promise<PoolRows> {
  const items = await queryItems(db, {
    KeyConditionExpression: 'pk = :pool',
    ExpressionAttributeValues: { ':pool': poolPartition(pool) },
    ConsistentRead: true,
  });
  const of = (prefix: string) => items.filter((item) => String(item['sk']).startsWith(prefix));
  const row = of('#POOL')[0];
  const killed = of('#NAMESPACE#').flatMap((item) =>
    item['killed'] === undefined ? [] : [[String(item['namespace']), item['killed'] as NamespaceKill] as const],
  );
  const policy = fromPolicyItem(of('#POLICY')[0]);
  const tried = policy?.canary === undefined ? undefined : canaryKey(pool, policy.version).sk;
  const canary = tried === undefined ? undefined : fromCanaryItem(of(tried)[0]);
  return {
    pool,
    ...(policy === undefined ? {} : { policy }),
    ...(killed.length === 0 ? {} : { killed: new Map(killed) }),
    ...(canary === undefined ? {} : { canary }),
    armed_until: (row?.['armed_until'] ?? 0) as number,
    ...(row?.['desired_agents'] === undefined
      ? {}
      : { desired_agents: row['desired_agents'] as number, desired_at: row['desired_at'] as number }),
    ...(row?.['gate'] === undefined ? {} : { gate: row['gate'] as string }),
    ...(row?.['starts'] === undefined ? {} : { starts: row['starts'] as NonNullable<PoolRows['starts']> }),
    ...(row?.['full'] === undefined ? {} : { full: row['full'] as NonNullable<PoolRows['full']> }),
    ...(row?.['served'] === undefined ? {} : { served: row['served'] as NonNullable<PoolRows['served']> }),
    agents: of('AGENT#').map(fromAgentItem),
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

/** Notes how many agents are wanted, if it is still noted as `was`; false when another pulse was first. */
export async function desire(
  db: Database,
  pool: string,
  { agents, at }: { readonly agents: number; readonly at: number },
  was: number | undefined,
): Promise<boolean> {
  return isApplied(
    db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: poolKey(pool),
        UpdateExpression: 'SET desired_agents = :desired, desired_at = :at',
        // As it was read: of two pulses that see the same change one tells it.
        ConditionExpression: was === undefined ? 'attribute_not_exists(desired_agents)' : 'desired_agents = :was',
        ExpressionAttributeValues: { ':desired': agents, ':at': at, ...(was === undefined ? {} : { ':was': was }) },
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

/** The overflow rules by which submissions are refused now. */
export async function full(db: Database, pool: string): Promise<NonNullable<PoolRows['full']>> {
  const { Item } = await db.client.send(
    new GetCommand({
      TableName: db.table,
      Key: poolKey(pool),
      ProjectionExpression: '#full',
      ExpressionAttributeNames: { '#full': 'full' },
    }),
  );
  return (Item?.['full'] ?? {}) as NonNullable<PoolRows['full']>;
}

/** Notes these rules: of two pulses that counted at once the last one stands, and the next one counts again. */
export async function noteFull(db: Database, pool: string, rules: NonNullable<PoolRows['full']>): Promise<void> {
  await db.client.send(
    new UpdateCommand({
      TableName: db.table,
      Key: poolKey(pool),
      UpdateExpression: 'SET #full = :rules',
      ExpressionAttributeNames: { '#full': 'full' },
      ExpressionAttributeValues: { ':rules': rules },
    }),
  );
}

/** Notes until when (epoch ms) pulse ticks are on their way. */
export async function arm(db: Database, pool: string, until: number): Promise<void> {
  await db.client.send(
    new UpdateCommand({
      TableName: db.table,
      Key: poolKey(pool),
      UpdateExpression: 'SET armed_until = :until',
      ExpressionAttributeValues: { ':until': until },
    }),
  );
}
