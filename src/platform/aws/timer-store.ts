import type { Timer, TimerKind } from '../../contracts/rows.ts';
import type { TimerStore } from '../../distributor/ports.ts';
import { type Database, queryItems } from './database.ts';
import { indexName, timerPartition } from './keys.ts';
import type { Item } from './item.ts';

/** What the keys of each kind's rows begin with, and what the rest of them says of the row's id. */
const kinds: Readonly<
  Record<TimerKind, { readonly pk: string; readonly sk: string; readonly id: (pk: string, sk: string) => string }>
> = {
  task: { pk: 'TASK#', sk: 'TASK', id: (pk) => pk },
  deadline: { pk: 'TASK#', sk: 'DEADLINE', id: (pk) => pk },
  node: { pk: 'WORKFLOW#', sk: 'WAIT#', id: (pk, sk) => `${pk}:${sk}` },
  approval: { pk: 'WORKFLOW#', sk: 'APPROVAL#', id: (pk, sk) => `${pk}:${sk}` },
  event: { pk: 'EVENTS#', sk: 'PUBLISHED#', id: (pk, sk) => `${pk.slice(pk.indexOf('#') + 1)}#${sk}` },
  sweep: { pk: 'CONTEXTS#', sk: '', id: (pk) => pk },
  schedule: { pk: 'SCHEDULES#', sk: '', id: (_pk, sk) => sk },
};

/** A row of no known kind is left to the version that wrote it. */
function fromIndexItem(item: Item): readonly Timer[] {
  const pk = String(item['pk']);
  const sk = String(item['sk']);
  const due = String(item['gsi1sk']).split('#', 1)[0] ?? '';
  return (Object.keys(kinds) as TimerKind[]).flatMap((kind) => {
    const begins = kinds[kind];
    if (!pk.startsWith(begins.pk) || !sk.startsWith(begins.sk)) return [];
    return { kind, id: begins.id(pk.slice(begins.pk.length), sk.slice(begins.sk.length)), due };
  });
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
