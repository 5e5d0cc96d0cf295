import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { busyRouteTasksMin, largePoolReadyPartsMax, readyPartsMax } from '../../../contracts/limits.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import { hashOf } from '../../../distributor/core/strategies/hash.ts';
import { type Database, isApplied } from '../database.ts';
import { routeKey } from '../keys.ts';
import { isSpread } from './pool-store.ts';

/** Routes that are remembered. More: those of a process that sees very many are counted anew. */
const countedRoutesMax = 1_000;

/** Tasks of a route since a moment, and until when it counts as busy (epoch ms). */
interface Seen {
  readonly since: number;
  readonly tasks: number;
  readonly busyUntil: number;
}

/** A route stays busy for so long: all its tasks are spread then, those too that come before it is so again. */
const busyMs = 10_000;

/**
 * Parts stand empty for so long once they are noted: a round that read the pool before would not look there, and hand out what comes later. Shorter: a slow round overtakes;
 * longer: a flood stays in one partition.
 */
const emptyMs = 2_000;

/** Over how many parts a route's tasks are spread, from when on, and when that is looked at again (epoch ms). */
interface Spread {
  readonly parts: number;
  readonly from: number;
  readonly until: number;
}

const nameOf = ({ pool, route }: TaskRow): string => `${pool} ${route}`;

/** Tells in which part of its route's index a new task waits. */
export type PartOf = (row: TaskRow) => number;

/**
 * Spreads the tasks of a route that come fast over several partitions of the index, since one takes 1,000 writes a second and each task makes two. What this process
 * accepts in a second is its measure, by the rows' own times; the others stay in the first part, where every reader looks at no more cost. How many parts a route has is
 * written on its row before anything stands in them, and only grows: whoever reads the pool knows where to look. It is looked at anew whenever the route becomes busy, since the pool may have grown.
 */
export function spreadRoutes(db: Database): (rows: readonly TaskRow[]) => Promise<PartOf> {
  const seen = new Map<string, Seen>();
  const spread = new Map<string, Spread>();
  const isBusy = (row: TaskRow): boolean => {
    const { created_at, not_before } = row;
    // What waits for a time stands elsewhere.
    if (not_before !== undefined) return false;
    const now = Date.parse(created_at);
    const last = seen.get(nameOf(row)) ?? { since: now, tasks: 0, busyUntil: 0 };
    const { since, tasks } = now - last.since < 1_000 ? last : { since: now, tasks: 0 };
    const busyUntil = tasks >= busyRouteTasksMin ? now + busyMs : last.busyUntil;
    if (seen.size >= countedRoutesMax) seen.clear();
    seen.set(nameOf(row), { since, tasks: tasks + 1, busyUntil });
    return now < busyUntil;
  };
  return async (rows) => {
    const busy = new Set(rows.filter(isBusy));
    await Promise.all(
      [...Map.groupBy(busy, nameOf)].map(async ([name, [row]]) => {
        const now = Date.parse(row?.created_at ?? '');
        const last = spread.get(name);
        if (row === undefined || (last?.until ?? 0) > now) return;
        const parts = (await isSpread(db, row.pool)) ? largePoolReadyPartsMax : readyPartsMax;
        if (!(await noteParts(db, row, parts))) return;
        spread.set(name, { parts, from: last?.parts === parts ? last.from : now + emptyMs, until: now + busyMs });
      }),
    );
    return (row) => {
      const { parts, from } = spread.get(nameOf(row)) ?? { parts: 1, from: 0 };
      return busy.has(row) && Date.parse(row.created_at) >= from ? hashOf(row.task_id) % parts : 0;
    };
  };
}

/** Notes on a route's row how many parts it has; false when there is no such row, or it has more. */
async function noteParts(db: Database, { pool, route }: TaskRow, parts: number): Promise<boolean> {
  return isApplied(
    db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: routeKey(pool, route),
        UpdateExpression: 'SET parts = :parts',
        // Only a route that is known: readers find its parts by its row. Never fewer: tasks stand in them.
        ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(parts) OR parts <= :parts)',
        ExpressionAttributeValues: { ':parts': parts },
      }),
    ),
  );
}
