import { type Outcome, refused } from '../../../contracts/errors.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { publishedEventsMax } from '../../../contracts/limits.ts';
import type { PublishedRow } from '../../../contracts/workflow/rows.ts';
import type { EventRequest, PublishedView } from '../../../contracts/workflow/signal.ts';
import { storeText } from '../../../distributor/core/tasks/stored-json.ts';
import { tickDelays } from '../../../distributor/core/tasks/timers.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { deliverEvent } from './deliver-event.ts';

/** An event for whoever waits for its key, and who publishes it. */
export interface PublishEventRequest {
  readonly event: EventRequest & { readonly id: string };
  readonly principal: string;
}

/** An event that its publisher has not brought to everybody after this time is brought by the pulse. Shorter: both do it. */
const graceMs = 10_000;

async function toRow(deps: WorkflowDeps, { event, principal }: PublishEventRequest): Promise<PublishedRow> {
  const { id, name, key, data, ttl_ms } = event;
  const now = deps.sources.now();
  const body_hash = deps.sources.hash(canonicalJson(event));
  const timeOf = (ms: number): string => new Date(ms).toISOString();
  return {
    ...{ pool: defaultPool, name, key, id, body_hash, by: principal, taken_by: [] },
    ...(data === undefined ? {} : { data: await storeText(deps, `events/${body_hash}`, JSON.stringify(data)) }),
    ...{ received_at: timeOf(now), kept_until: timeOf(now + ttl_ms), wake_at: timeOf(now + graceMs) },
  };
}

function viewOf({ id, name, key, received_at, kept_until, taken_by }: PublishedRow): PublishedView {
  return { id, name, key, received_at, kept_until, taken_by: [...taken_by] };
}

/**
 * Publishes an event for all workflows that wait for its name and key: its row first, due until it was brought to those who wait now; whoever waits later finds it until
 * it is kept no longer. The same id with the same body is a repeat. Refused with `signal-conflict`, or `too-many-signals` when its name and key keep as many as they may.
 */
export async function publishEvent(deps: WorkflowDeps, request: PublishEventRequest): Promise<Outcome<PublishedView>> {
  const row = await toRow(deps, request);
  const { pool, name, key, id } = row;
  const kept = await deps.published.kept(pool, row, deps.sources.now());
  if (kept.length >= publishedEventsMax && !kept.some((each) => each.id === id))
    return refused('too-many-signals', `${kept.length} events "${name}" with the key "${key}" are kept`, 'key');
  const current = (await deps.published.publish(row)) ?? row;
  if (current.body_hash !== row.body_hash)
    return refused(
      'signal-conflict',
      `"${name}" with the key "${key}" was published as "${id}" with another body`,
      'id',
    );
  if (current.wake_at === undefined) return { ok: true, value: viewOf(current) };
  await deps.messenger.ticks(pool, tickDelays([current.wake_at], deps.sources.now()));
  try {
    return { ok: true, value: viewOf(await deliverEvent(deps, current)) };
  } catch (reason) {
    // It is published: the pulse brings it to whom it could not be brought now.
    deps.log.warn('a published event could not be brought to all who wait for it', { name, key, id, reason });
    return { ok: true, value: viewOf(current) };
  }
}
