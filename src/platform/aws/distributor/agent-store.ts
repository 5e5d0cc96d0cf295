import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { assignmentsPerRoundMax } from '../../../contracts/limits.ts';
import type { FiguresAging } from '../../../distributor/core/agents/figures.ts';
import type { AgentStore, BatchFence, HeardFrom } from '../../../distributor/ports.ts';
import { agingUpdate, figuresUpdate } from './agent-figures.ts';
import {
  type AgentKey,
  type Agents,
  createAgentPlaces,
  isMissing,
  readAgent,
  updateAgent,
  writeAgent,
} from './agent-access.ts';
import { type Database, isRefused } from '../database.ts';
import { addRoutes, admission, arm, desire, noteFull, pass, readPool, spread } from './pool-store.ts';
import { executeStatements, type StatementResult } from '../statements.ts';

/** What a reservation of slots for batches asks for besides, and moves on. */
function batchClauses(batches: BatchFence | undefined) {
  if (batches === undefined) return { set: '', condition: '', names: {}, values: {} };
  const { was, is } = batches;
  return {
    set: ', batches = :batches',
    // Still the last batch that the round has read: holds alone do not tell how many slots they have. And the agent still takes batches.
    condition: ` AND attribute_exists(#batch) AND ${was === undefined ? 'attribute_not_exists(batches)' : 'batches = :was'}`,
    names: { '#batch': 'batch' },
    values: { ':batches': is, ...(was === undefined ? {} : { ':was': was }) },
  };
}

const reserve =
  (db: Agents): AgentStore['reserve'] =>
  async (pool, agent_id, holds, occupiedMax, { next_turn, batches } = {}) => {
    const keys = Object.keys(holds);
    const ofBatches = batchClauses(batches);
    const write = (Key: AgentKey) =>
      db.client.send(
        new UpdateCommand({
          TableName: db.table,
          Key,
          UpdateExpression: `SET ${keys.map((_, index) => `holds.#k${index} = :h${index}`).join(', ')}${next_turn === undefined ? '' : ', next_turn = :turn'}${ofBatches.set}`,
          // Room and willingness: stops two dispatchers from filling the same slot, work for an agent that leaves or was stopped, and more
          // than an agent takes that registered with fewer slots since the dispatcher read it.
          ConditionExpression: `size(holds) <= :max AND draining = :no AND attribute_not_exists(stopped) AND #capacity >= :capacity${ofBatches.condition}`,
          ExpressionAttributeNames: {
            ...Object.fromEntries(keys.map((key, index) => [`#k${index}`, key])),
            ...{ '#capacity': 'capacity', ...ofBatches.names },
          },
          ExpressionAttributeValues: {
            ...Object.fromEntries(keys.map((key, index) => [`:h${index}`, holds[key]])),
            ':max': occupiedMax,
            ':capacity': batches?.slots ?? occupiedMax + keys.length,
            ':no': false,
            ...(next_turn === undefined ? {} : { ':turn': next_turn }),
            ...ofBatches.values,
          },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
    try {
      await writeAgent(db.places, [pool, agent_id], write);
      return true;
    } catch (error) {
      if (!isRefused(error)) throw error;
      // A call repeated after a lost answer finds its own reservation in the way.
      const { Item } = error as { Item?: Record<string, { M?: Record<string, unknown> }> };
      const before = Item?.['holds']?.M ?? Item?.['holds'] ?? {};
      return keys.every((key) => key in before);
    }
  };

async function remove(db: Agents, pool: string, agent_id: string): Promise<boolean> {
  const write = (Key: AgentKey) =>
    db.client.send(
      new DeleteCommand({
        TableName: db.table,
        Key,
        // Nothing in hand: a task that is Processing must stay listed by somebody, or nobody would ever find it lost.
        ConditionExpression: 'size(holds) = :none',
        ExpressionAttributeValues: { ':none': 0 },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  try {
    await writeAgent(db.places, [pool, agent_id], write);
    return true;
  } catch (error) {
    // Gone already is as good.
    if (isMissing(error)) return true;
    if (isRefused(error)) return false;
    throw error;
  }
}

/** The clauses of a release that proves its sender alive: the lease, and what the agent did. */
function heardClauses({ at, lease_until, completed, failed, worked_ms, figures }: HeardFrom) {
  const added = figuresUpdate(figures);
  const success = completed > 0 ? ['completed :completed', 'completed_since :completed'] : [];
  const failure = failed > 0 ? ['failed :failed', ...(completed > 0 ? [] : ['failed_in_a_row :failed'])] : [];
  const add = [...success, ...failure, ...(worked_ms > 0 ? ['worked_ms :worked'] : []), ...added.add];
  return {
    // One success ends a row of failures.
    remove: completed > 0 ? ['failed_in_a_row'] : [],
    rest: ` SET last_heartbeat = :at, lease_until = :lease${add.length === 0 ? '' : ` ADD ${add.join(', ')}`}`,
    names: added.names,
    values: {
      ':at': at,
      ':lease': lease_until,
      ...(completed > 0 ? { ':completed': completed } : {}),
      ...(failed > 0 ? { ':failed': failed } : {}),
      ...(worked_ms > 0 ? { ':worked': worked_ms } : {}),
      ...added.values,
    },
  };
}

const release =
  (db: Agents): AgentStore['release'] =>
  async (pool, agent_id, released, heardFrom) => {
    // Once each: a batch may carry a result twice, and DynamoDB refuses an update that names a path twice.
    const keys = [...new Set(released)];
    const heard = heardFrom && heardClauses(heardFrom);
    const removes = [...keys.map((_, index) => `holds.#k${index}`), ...(heard?.remove ?? [])];
    return updateAgent(db, pool, agent_id, {
      UpdateExpression: `REMOVE ${removes.join(', ')}${heard?.rest ?? ''}`,
      // Only an agent that is registered: a release must not make a row.
      ConditionExpression: 'attribute_exists(pk)',
      // As it was: what was in the slots, and whether anything waits for them, which no release changes.
      ReturnValues: 'ALL_OLD',
      ExpressionAttributeNames: {
        ...Object.fromEntries(keys.map((key, index) => [`#k${index}`, key])),
        ...heard?.names,
      },
      ...(heard === undefined ? {} : { ExpressionAttributeValues: heard.values }),
    });
  };

async function age(db: Agents, pool: string, agent_id: string, aging: FiguresAging): Promise<void> {
  const { add, remove, conditions, names, values } = agingUpdate(aging);
  const clauses = [
    add.length === 0 ? '' : `ADD ${add.join(', ')}`,
    remove.length === 0 ? '' : `REMOVE ${remove.join(', ')}`,
  ];
  await updateAgent(db, pool, agent_id, {
    UpdateExpression: clauses.join(' '),
    // Still as many as were seen: another pulse may have halved them already.
    ConditionExpression: ['attribute_exists(pk)', ...conditions].join(' AND '),
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
  });
}

const heartbeat =
  (db: Agents): AgentStore['heartbeat'] =>
  async (beats) => {
    const statementOf = ({ beat, principal, at, lease_until }: (typeof beats)[number], key: AgentKey) => ({
      key,
      // The sender must be the agent's principal, and an older report must not undo a newer one.
      Statement: `UPDATE "${db.table}" SET "last_heartbeat"=? SET "reported_at"=? SET "lease_until"=? SET "reported"=? SET "draining"=? WHERE "pk"=? AND "sk"=? AND "principal"=? AND "reported_at"<=?`,
      Parameters: [at, at, lease_until, beat.holding, beat.leaving ?? false, key.pk, key.sk, principal, at],
    });
    const placed = beats.map((each) => ({ each, ...db.places.keys(each.beat.pool, each.beat.agent_id) }));
    const first = await executeStatements(
      db,
      placed.map(({ each, here }) => statementOf(each, here)),
    );
    const missed = placed.filter((_, index) => isAbsent(first[index]));
    const second = await executeStatements(
      db,
      missed.map(({ each, elsewhere }) => statementOf(each, elsewhere)),
    );
    for (const [index, { each, elsewhere }] of missed.entries())
      if (!isAbsent(second[index])) db.places.seen(each.beat.pool, each.beat.agent_id, elsewhere.pk);
    return placed.map(
      (each, index) => (first[index]?.applied ?? false) || (second[missed.indexOf(each)]?.applied ?? false),
    );
  };

/** Whether a statement met no row at all. */
const isAbsent = (result: StatementResult | undefined): boolean =>
  result?.applied === false && result.item === undefined;

/** Agents, routes and the pool's own row: one item collection, read by one query; the agents of a spread pool stand in further ones. */
export function createAgentStore(database: Database): AgentStore {
  const db: Agents = { ...database, places: createAgentPlaces() };
  const known = new Set<string>();
  return {
    pool: (pool) => readPool(db, db.places, pool),
    spread: (pool, tasks = assignmentsPerRoundMax) => spread(db, pool, tasks),
    get: (pool, agent_id) => readAgent(db, pool, agent_id),
    // On demand: only the API registers, and seldom.
    register: async (row) => (await import('./agent-registration.ts')).register(db, row),
    drain: async (pool, agent_id) => {
      await updateAgent(db, pool, agent_id, {
        UpdateExpression: 'SET draining = :yes',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':yes': true },
      });
    },
    stop: async (pool, agent_id, stop) => {
      const stopped = await updateAgent(db, pool, agent_id, {
        UpdateExpression: 'SET stopped = :stop',
        // A drain does not give a killed agent back what it holds.
        ConditionExpression: `attribute_exists(pk)${stop.how === 'killed' ? '' : ' AND (attribute_not_exists(stopped) OR stopped.how = :how)'}`,
        ExpressionAttributeValues: { ':stop': stop, ...(stop.how === 'killed' ? {} : { ':how': stop.how }) },
      });
      return stopped ?? readAgent(db, pool, agent_id);
    },
    revive: (pool, agent_id) =>
      updateAgent(db, pool, agent_id, {
        UpdateExpression: 'REMOVE stopped',
        ConditionExpression: 'attribute_exists(pk)',
      }),
    remove: (pool, agent_id) => remove(db, pool, agent_id),
    reserve: reserve(db),
    release: release(db),
    age: (pool, agent_id, aging) => age(db, pool, agent_id, aging),
    want: async (pool, agent_id, routes, occupied) =>
      (await updateAgent(db, pool, agent_id, {
        UpdateExpression: 'ADD wanted :routes',
        // Still as full as the dispatcher saw: otherwise a slot came free in between and nobody would be told of it.
        ConditionExpression: 'attribute_exists(pk) AND size(holds) >= :occupied',
        ExpressionAttributeValues: { ':routes': new Set(routes), ':occupied': occupied },
      })) !== undefined,
    preempt: async (pool, agent_id, key, at) =>
      (await updateAgent(db, pool, agent_id, {
        UpdateExpression: 'SET holds.#key.preempted_at = :at',
        // A hold that was released meanwhile has made way already.
        ConditionExpression: 'attribute_exists(holds.#key)',
        ExpressionAttributeNames: { '#key': key },
        ExpressionAttributeValues: { ':at': at },
      })) !== undefined,
    unwant: async (pool, agent_id, routes) => {
      await updateAgent(db, pool, agent_id, {
        UpdateExpression: 'DELETE wanted :routes',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':routes': new Set(routes) },
      });
    },
    suspect: async (pool, agent_id, last_heartbeat, at) => {
      await updateAgent(db, pool, agent_id, {
        UpdateExpression: 'SET lease_until = :at',
        // Unless it has reported since: then it is alive after all.
        ConditionExpression: 'last_heartbeat = :last',
        ExpressionAttributeValues: { ':at': at, ':last': last_heartbeat },
      });
    },
    heartbeat: heartbeat(db),
    addRoutes: (routes) => addRoutes(db, known, routes),
    arm: (pool, until) => arm(db, pool, until),
    pass: (pool, round) => pass(db, pool, round),
    admission: (pool) => admission(db, pool),
    noteFull: (pool, rules) => noteFull(db, pool, rules),
    desire: (was, desired) => desire(db, was, desired),
  };
}
