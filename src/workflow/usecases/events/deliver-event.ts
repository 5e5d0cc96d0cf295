import { awaitingPerLookMax } from '../../../contracts/limits.ts';
import type { AwaitingRow, PublishedRow } from '../../../contracts/workflow/rows.ts';
import { publishedOf } from '../../../contracts/workflow/signal.ts';
import { succeeded } from '../../../distributor/core/tasks/succeeded.ts';
import type { Woken } from '../../../distributor/ports.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { receivedRow } from '../advance/resolve-waits.ts';
import { bringEvent } from './signal-workflow.ts';

/** Workflows that an event is brought to at the same time. More: one event takes all of a function's connections. */
const deliveriesAtOnceMax = 20;
/** Workflows that an event's row names as having taken it. */
const takersShownMax = 25;

/** Brings an event to one workflow; true when a node took it. A wait that is over is forgotten. */
async function bring(deps: WorkflowDeps, row: PublishedRow, wait: AwaitingRow): Promise<boolean> {
  const fate = await bringEvent(deps, receivedRow(row, wait.workflow_id), wait.seq);
  if (fate === 'over') await deps.published.forget(wait);
  return fate === 'taken';
}

/**
 * Brings a published event to the next workflows that wait for it, and notes how far it came. Answers with the row as it is then: without `wake_at` when everybody has
 * it. Throws when one of them could not be reached: the event is still due then, and a repeat finds the others served.
 */
export async function deliverEvent(deps: WorkflowDeps, row: PublishedRow): Promise<PublishedRow> {
  const waits = await deps.published.expecting(row.pool, row, awaitingPerLookMax, row.after);
  const takers: string[] = [];
  for (let at = 0; at < waits.length; at += deliveriesAtOnceMax) {
    const part = waits.slice(at, at + deliveriesAtOnceMax);
    const took = await Promise.all(part.map((wait) => bring(deps, row, wait)));
    takers.push(...part.flatMap(({ workflow_id }, index) => (took[index] === true ? [workflow_id] : [])));
  }
  const { wake_at: _timer, ...rest } = row;
  const taken_by = [...new Set([...row.taken_by, ...takers])].slice(0, takersShownMax);
  const last = waits.at(-1)?.workflow_id;
  const isMore = waits.length === awaitingPerLookMax && last !== undefined;
  const now = new Date(deps.sources.now()).toISOString();
  const next: PublishedRow = { ...rest, taken_by, ...(isMore ? { after: last, wake_at: now } : {}) };
  await deps.published.save(next);
  return next;
}

/** Brings events to those who wait for them that nobody has brought so far: whoever published them may have died, or so many wait that one look is not enough. */
export async function wakeEvents(deps: WorkflowDeps, pool: string, references: readonly string[]): Promise<Woken> {
  const woken = await Promise.allSettled(
    references.map(async (reference) => {
      const topic = publishedOf(reference);
      const row = await deps.published.get(pool, topic, topic.id);
      if (row?.wake_at !== undefined) await deliverEvent(deps, row);
    }),
  );
  const done = succeeded(woken, (index, reason) => {
    deps.log.warn('an event could not be brought to all who wait for it', { event: references[index], reason });
  });
  return { count: done.length, hints: [] };
}
