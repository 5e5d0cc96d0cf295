import { isStale, type Shard } from '../../core/dispatch/shards.ts';
import { handOut, type HandOutDeps } from './hand-out.ts';

/**
 * Hands out what another dispatcher decided, on the same conditions as its own. What comes too late, or finds its slot taken, is left to a new decision. Answers with how many tasks began.
 */
export async function handOutShard(deps: HandOutDeps, shard: Shard): Promise<number> {
  const now = deps.sources.now();
  const { pool, assignments } = shard;
  const begun = isStale(shard, now)
    ? []
    : (await handOut(deps, { pool }, { assignments, limits: { starts: {} } }, now)).claimed;
  const left = assignments.filter((each) => !begun.includes(each));
  if (left.length > 0) await deps.messenger.hint([{ pool, routes: [...new Set(left.map(({ task }) => task.route))] }]);
  return begun.length;
}
