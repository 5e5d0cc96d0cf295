import type { Announcement } from '../../../contracts/events.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import { shedPerPulseMax } from '../../../contracts/limits.ts';
import type { OverflowRule } from '../../../contracts/distributor/policy.ts';
import type { FullQueues, PoolRows, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import { countedRoutes } from '../../core/ready/overflow.ts';
import { isDueAt, levelOf, orderAt } from '../../core/ready/ready-order.ts';
import { failedNews } from '../../core/tasks/task-news.ts';
import { failChange } from '../../core/tasks/settle.ts';
import type { DistributorDeps } from '../../ports.ts';

/** How many tasks of a rule wait in the ready order, counted no further than `most`. */
async function count(deps: DistributorDeps, pool: PoolRows, rule: OverflowRule, most: number): Promise<number> {
  let waiting = 0;
  for (const route of countedRoutes(pool, rule)) {
    if (waiting >= most) break;
    waiting += await deps.tasks.count(route, most - waiting);
  }
  return waiting;
}

/** What stands last in a route at this moment (RFC 3339), and perhaps more. What is due stands before what is not, of higher levels too: where it is in the page, these are asked for their ends. */
async function readTail(deps: DistributorDeps, route: RouteRow, at: string): Promise<readonly ReadyTask[]> {
  const page = await deps.tasks.last(route, shedPerPulseMax);
  const first = page.at(-1);
  if (first === undefined || page.length < shedPerPulseMax || !page.some(({ order }) => isDueAt(order, at)))
    return page;
  const levels = Array.from({ length: levelOf(first.order) + 1 }, (_, level) => level);
  const ends = await Promise.all(levels.map((level) => deps.tasks.last(route, shedPerPulseMax, level)));
  return [...new Map([...page, ...ends.flat()].map((task) => [task.task_id, task])).values()];
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
  const tails = await Promise.all(countedRoutes(pool, rule).map((route) => readTail(deps, route, at)));
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

/** What is told of queues that have become full, or have room again. */
function overflowNews(pool: string, before: FullQueues, full: FullQueues): readonly Announcement[] {
  const names = [...new Set([...Object.keys(full), ...Object.keys(before)])];
  return names.flatMap((rule): readonly Announcement[] => {
    const [was, is] = [before[rule], full[rule]];
    const told = is ?? was;
    if (told === undefined || JSON.stringify(was) === JSON.stringify(is)) return [];
    const data = { pool, rule, ...told, full: is !== undefined };
    return [{ type: 'QueueOverflow', data, correlation_id: pool, causation_id: pool }];
  });
}

/**
 * Counts what waits under the policy's overflow rules: notes which queues are full, so that submissions to them are refused or spilled, and sheds what is too much where a rule
 * says so. Answers with the news. Nobody counts between two pulses: so much more may be let in as comes in that time.
 */
export async function watchOverflow(deps: DistributorDeps, pool: PoolRows): Promise<readonly Announcement[]> {
  const { overflow: rules = [] } = pool.policy?.document ?? {};
  const before = pool.full ?? {};
  if (rules.length === 0 && Object.keys(before).length === 0) return [];
  const full: Record<string, FullQueues[string]> = {};
  const shedding: Announcement[] = [];
  for (const rule of rules) {
    const { name, namespace, waiting_max, then } = rule;
    if (then !== 'shed_lowest') {
      const isFull = (await count(deps, pool, rule, waiting_max)) >= waiting_max;
      if (isFull) full[name] = { then, ...(namespace === undefined ? {} : { namespace }) };
      continue;
    }
    const excess = (await count(deps, pool, rule, waiting_max + shedPerPulseMax)) - waiting_max;
    if (excess > 0) shedding.push(...(await shed(deps, pool, rule, excess)));
  }
  const news = overflowNews(pool.pool, before, full);
  if (news.length === 0) return shedding;
  // Told before it is noted: a crash in between tells it twice, never not at all.
  await deps.messenger.announce(news);
  await deps.agents.noteFull(pool.pool, full);
  return shedding;
}
