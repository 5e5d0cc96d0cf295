import type { Announcement } from '../../../contracts/events.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import { shedPerPulseMax } from '../../../contracts/limits.ts';
import type { OverflowRule } from '../../../contracts/distributor/policy.ts';
import type { PoolRows, RouteRow } from '../../../contracts/rows.ts';
import { orderAt } from '../../core/ready/ready-order.ts';
import { namespaceOf } from '../../core/ready/route.ts';
import { failedNews } from '../../core/tasks/task-news.ts';
import { failChange } from '../../core/tasks/settle.ts';
import type { DistributorDeps } from '../../ports.ts';

/** What a rule's queue is noted under: its namespace, or that of everybody. */
const scopeOf = ({ namespace = '*' }: OverflowRule): string => namespace;

function routesOf(pool: PoolRows, { namespace }: OverflowRule): readonly RouteRow[] {
  return pool.routes.filter((route) => namespace === undefined || namespaceOf(route) === namespace);
}

/** How many tasks of a rule wait in the ready order, counted no further than `most`. */
async function count(deps: DistributorDeps, pool: PoolRows, rule: OverflowRule, most: number): Promise<number> {
  let waiting = 0;
  for (const route of routesOf(pool, rule)) {
    if (waiting >= most) break;
    waiting += await deps.tasks.count(route, most - waiting);
  }
  return waiting;
}

/** Fails what stands last, as dead letters; tasks of workflows are left, since theirs would fail with them. */
async function shed(
  deps: DistributorDeps,
  pool: PoolRows,
  rule: OverflowRule,
  excess: number,
): Promise<readonly Announcement[]> {
  const now = deps.sources.now();
  const at = new Date(now).toISOString();
  const tails = await Promise.all(routesOf(pool, rule).map((route) => deps.tasks.last(route, shedPerPulseMax)));
  const lowest = tails
    .flat()
    .filter(({ task_id }) => workflowOf(task_id) === undefined)
    .sort((one, other) => (orderAt(one.order, at) > orderAt(other.order, at) ? -1 : 1))
    .slice(0, excess);
  const rows = await deps.tasks.get(lowest.map(({ task_id }) => task_id));
  const queued = rows.flatMap((row) => (row?.status === 'Queued' ? [row] : []));
  const message = `more than ${rule.waiting_max} tasks waited, and it stood last (overflow rule ${rule.name})`;
  const changes = queued.map((row) => failChange(row, { code: 'shed', message, retryable: false }, now));
  // One that was claimed meanwhile runs.
  const changed = await deps.tasks.change(changes);
  return queued.flatMap((row, index) => {
    const story = { correlation_id: row.correlation_id, causation_id: row.task_id };
    return changed[index]?.applied === true ? [failedNews(row, changes[index]?.patch ?? {}, story)] : [];
  });
}

/**
 * Counts what waits under the policy's overflow rules: notes which queues are full, so that submissions to them are refused, and sheds what is too much where a rule says so.
 * Answers with the news. Nobody counts between two pulses: so much more may be let in as comes in that time.
 */
export async function watchOverflow(deps: DistributorDeps, pool: PoolRows): Promise<readonly Announcement[]> {
  const { overflow: rules = [] } = pool.policy?.document ?? {};
  const before = pool.full ?? {};
  if (rules.length === 0 && Object.keys(before).length === 0) return [];
  const full: Record<string, string> = {};
  const news: Announcement[] = [];
  for (const rule of rules) {
    const { name, waiting_max } = rule;
    if (rule.then === 'refuse') {
      if ((await count(deps, pool, rule, waiting_max)) >= waiting_max) full[scopeOf(rule)] = name;
      continue;
    }
    const excess = (await count(deps, pool, rule, waiting_max + shedPerPulseMax)) - waiting_max;
    if (excess > 0) news.push(...(await shed(deps, pool, rule, excess)));
  }
  const changed = [...new Set([...Object.keys(full), ...Object.keys(before)])].filter(
    (scope) => full[scope] !== before[scope],
  );
  if (changed.length === 0) return news;
  // Told before it is noted: a crash in between tells it twice, never not at all.
  await deps.messenger.announce(
    changed.map((scope) => ({
      type: 'QueueOverflow',
      data: {
        ...{ pool: pool.pool, rule: full[scope] ?? before[scope] ?? '', full: scope in full },
        ...(scope === '*' ? {} : { namespace: scope }),
      },
      correlation_id: pool.pool,
      causation_id: pool.pool,
    })),
  );
  await deps.agents.noteFull(pool.pool, full);
  return news;
}
