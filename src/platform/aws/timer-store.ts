import type { Timer, TimerKind } from '../../contracts/rows.ts';
import type { TimerStore } from '../../distributor/ports.ts';
import { type Database, queryItems } from './database.ts';
import { indexName, timerPartition } from './keys.ts';
import type { Item } from './task-rows.ts';

/** What the key of each kind's rows begins with, and which part of it is the row's id. */
const kinds: Readonly<Record<TimerKind, { readonly prefix: string; readonly id: (pk: string, sk: string) => string }>> =
  {
    task: { prefix: 'TASK#', id: (pk) => pk.slice('TASK#'.length) },
    node: { prefix: 'WORKFLOW#', id: (pk, sk) => `${pk.slice('WORKFLOW#'.length)}:${sk.slice('WAIT#'.length)}` },
    sweep: { prefix: 'CONTEXTS#', id: (pk) => pk.slice('CONTEXTS#'.length) },
    schedule: { prefix: 'SCHEDULES#', id: (_pk, sk) => sk },
  };

/** A row of no known kind is left to the version that wrote it. */
function fromIndexItem(item: Item): readonly Timer[] {
  const pk = String(item['pk']);
  const due = String(item['gsi1sk']).split('#', 1)[0] ?? '';
  return (Object.keys(kinds) as TimerKind[])
    .filter((kind) => pk.startsWith(kinds[kind].prefix))
    .map((kind) => ({ kind, id: kinds[kind].id(pk, String(item['sk'])), due }));
}

/** Everything that waits for a time, in one partition of the sparse index for each pool. */
export function createTimerStore(db: Database): TimerStore {
  return {
    due: async (pool, until, limit) => {
      const items = await queryItems(
        db,
        {
          IndexName: indexName,
          KeyConditionExpression: 'gsi1pk = :partition AND gsi1sk <= :until',
          // `~` sorts after `#`: what is due at that very moment is in.
          ExpressionAttributeValues: { ':partition': timerPartition(pool), ':until': `${until}~` },
        },
        limit,
      );
      return items.flatMap(fromIndexItem);
    },
  };
}
