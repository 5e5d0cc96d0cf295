import { GetCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { agentPartsMax } from '../../../contracts/limits.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import { hashOf } from '../../../distributor/core/strategies/hash.ts';
import { fromAgentItem } from './agent-rows.ts';
import { type Database, isRefused } from '../database.ts';
import { agentKey } from '../keys.ts';
import type { Item } from '../item.ts';

/** The part of its own in which an agent of a spread pool stands: 1 to `agentPartsMax`. */
export const ownPart = (agent_id: string): number => 1 + (hashOf(agent_id) % agentPartsMax);

/** Where agents' rows stand, as far as this process knows: with their pool, or in the part that the id tells. */
export interface AgentPlaces {
  /** The key of the row, and the one where it would stand otherwise. */
  keys(pool: string, agent_id: string): { readonly here: AgentKey; readonly elsewhere: AgentKey };
  /** Notes where a row was seen. */
  seen(pool: string, agent_id: string, pk: string): void;
}

export type AgentKey = ReturnType<typeof agentKey>;

/** A row never moves while it is there; what a process remembers wrongly costs it a second call. */
export function createAgentPlaces(): AgentPlaces {
  const apart = new Set<string>();
  return {
    keys: (pool, agent_id) => {
      const together = agentKey(pool, agent_id);
      const own = agentKey(pool, agent_id, ownPart(agent_id));
      return apart.has(`${pool} ${agent_id}`) ? { here: own, elsewhere: together } : { here: together, elsewhere: own };
    },
    seen: (pool, agent_id, pk) => {
      if (pk === agentKey(pool, agent_id).pk) apart.delete(`${pool} ${agent_id}`);
      else apart.add(`${pool} ${agent_id}`);
    },
  };
}

/** Whether a conditional write was refused because there is no such row; it must have asked for the old one (`ALL_OLD`). */
export const isMissing = (error: unknown): boolean => isRefused(error) && (error as { Item?: Item }).Item === undefined;

/** Writes to an agent's row where it stands: where it is thought to be, or else in the other place. Rejects as the write does. */
export async function writeAgent<T>(
  places: AgentPlaces,
  [pool, agent_id]: readonly [pool: string, agent_id: string],
  write: (key: AgentKey) => Promise<T>,
): Promise<T> {
  const { here, elsewhere } = places.keys(pool, agent_id);
  try {
    return await write(here);
  } catch (error) {
    if (!isMissing(error)) throw error;
    try {
      const answer = await write(elsewhere);
      places.seen(pool, agent_id, elsewhere.pk);
      return answer;
    } catch (second) {
      if (isRefused(second) && !isMissing(second)) places.seen(pool, agent_id, elsewhere.pk);
      throw second;
    }
  }
}

/** The table, and where the agents' rows stand in it. */
export interface Agents extends Database {
  readonly places: AgentPlaces;
}

/** One conditional update of an agent's row; undefined when its condition failed. */
export async function updateAgent(
  db: Agents,
  pool: string,
  agent_id: string,
  input: Omit<UpdateCommandInput, 'TableName' | 'Key'>,
): Promise<AgentRow | undefined> {
  try {
    const { Attributes = {} } = await writeAgent(db.places, [pool, agent_id], (Key) =>
      db.client.send(
        new UpdateCommand({
          ...{ TableName: db.table, Key, ReturnValues: 'ALL_NEW', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
          ...input,
        }),
      ),
    );
    return fromAgentItem(Attributes);
  } catch (error) {
    if (isRefused(error)) return undefined;
    throw error;
  }
}

/** An agent's row, strongly consistent, wherever it stands. */
export async function readAgent(db: Agents, pool: string, agent_id: string): Promise<AgentRow | undefined> {
  const { here, elsewhere } = db.places.keys(pool, agent_id);
  for (const Key of [here, elsewhere]) {
    const { Item } = await db.client.send(new GetCommand({ TableName: db.table, Key, ConsistentRead: true }));
    if (Item === undefined) continue;
    db.places.seen(pool, agent_id, Key.pk);
    return fromAgentItem(Item);
  }
  return undefined;
}
