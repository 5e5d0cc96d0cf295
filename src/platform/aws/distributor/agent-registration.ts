import { refused } from '../../../contracts/errors.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import type { AgentStore } from '../../../distributor/ports.ts';
import { type Agents, ownPart, readAgent, updateAgent } from './agent-access.ts';
import { agentKey } from '../keys.ts';
import { isSpread } from './pool-store.ts';
import { transact } from '../transact.ts';

/** Times a registration is tried again that met another one of the same agent. */
const registrationRacesMax = 3;

/** What a registration says or leaves out; what it leaves out is gone. The last three count from the registration on. */
const optional = [
  'labels',
  'usd_per_hour',
  'warm_up',
  'maintenance',
  'batch',
  'failed_in_a_row',
  'completed_since',
  'worked_ms',
] as const;

/** Renews an agent that is there; undefined when nobody is, or it belongs to another principal. */
async function renew(db: Agents, row: AgentRow): Promise<AgentRow | undefined> {
  const {
    holds: _holds,
    wanted: _wanted,
    reported: _reported,
    completed: _completed,
    failed: _failed,
    pool,
    agent_id,
    ...fresh
  } = row;
  const entries = Object.entries(fresh).filter(([, value]) => value !== undefined);
  const absent = optional.filter((name) => row[name] === undefined);
  const names = [...entries.map(([name]) => name), ...absent];
  return updateAgent(db, pool, agent_id, {
    // What an earlier life of this agent holds, and its record, stay: the pulse settles the holds, by their leases.
    UpdateExpression: `SET ${entries.map(([name]) => `#${name} = :${name}`).join(', ')} REMOVE ${['reported', ...absent.map((name) => `#${name}`)].join(', ')}`,
    // An agent id belongs to the principal that registered it first.
    ConditionExpression: '#principal = :principal',
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(entries.map(([name, value]) => [`:${name}`, value])),
  });
}

/** Writes the row of a new agent; false when there is one of this id, in either place. */
async function enter(db: Agents, row: AgentRow): Promise<boolean> {
  const { pool, agent_id, wanted: _wanted, reported: _reported, ...rest } = row;
  const key = agentKey(pool, agent_id, (await isSpread(db, pool)) ? ownPart(agent_id) : 0);
  const { here, elsewhere } = db.places.keys(pool, agent_id);
  const Item = Object.fromEntries(
    Object.entries({ ...rest, pool, agent_id }).filter(([, value]) => value !== undefined),
  );
  const cancelled = await transact(db, [
    // Nobody in either place: of two registrations of which one did not know yet that the pool is spread, one happens.
    { Put: { TableName: db.table, Item: { ...key, ...Item }, ConditionExpression: 'attribute_not_exists(pk)' } },
    {
      ConditionCheck: {
        TableName: db.table,
        Key: here.pk === key.pk ? elsewhere : here,
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    },
  ]);
  if (cancelled === undefined) db.places.seen(pool, agent_id, key.pk);
  return cancelled === undefined;
}

/** Creates an agent, or renews it for its own principal. */
export async function register(db: Agents, row: AgentRow): ReturnType<AgentStore['register']> {
  const { pool, agent_id } = row;
  // Again where it was entered or removed in between.
  for (let race = 0; race < registrationRacesMax; race += 1) {
    const renewed = await renew(db, row);
    if (renewed !== undefined) return { ok: true, value: renewed };
    const other = await readAgent(db, pool, agent_id);
    if (other !== undefined && other.principal !== row.principal) return refused('agent-conflict');
    if (other === undefined && (await enter(db, row))) return { ok: true, value: row };
  }
  return refused('agent-conflict');
}
