import { scheduleQueueMax } from '../../../contracts/limits.ts';
import type { ScheduleRow } from '../../../contracts/workflow/rows.ts';
import type { Schedule, ScheduleView } from '../../../contracts/workflow/schedule.ts';
import { nextFireTime } from './schedule-times.ts';

/** A queued time looks again after this, should nobody tell that the run before has ended. Shorter: a long run is asked for more often. */
const queuedCheckMs = 5 * 60_000;

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** The id of the run for a fire time: the same again for a repeat. */
export function runIdOf(schedule_id: string, fire_at: string): string {
  return `${schedule_id}-${fire_at.replace(/[-:]|\.000/g, '')}`;
}

function nextAt(row: Pick<ScheduleRow, 'timing' | 'created_at'>, after: number): Pick<ScheduleRow, 'next_at'> {
  const next = nextFireTime(row.timing, Date.parse(row.created_at), after);
  return next === undefined ? {} : { next_at: timeOf(next) };
}

/** A row in which something changed: counted up, and with the timer that the change asks for. */
function changed(row: ScheduleRow, patch: Partial<ScheduleRow>, now: number): ScheduleRow {
  const { wake_at: _timer, ...rest } = { ...row, ...patch, version: row.version + 1 };
  if (rest.paused) return rest;
  // What is being started is due at once: whoever dies on it is followed by the next pulse.
  const times = [
    ...(rest.starting === undefined ? [] : [timeOf(now)]),
    ...(rest.queued.length === 0 ? [] : [timeOf(now + queuedCheckMs)]),
    ...(rest.next_at === undefined ? [] : [rest.next_at]),
  ].sort();
  const [first] = times;
  return first === undefined ? rest : { ...rest, wake_at: first };
}

/** Nothing is to be done yet: wait on, until the next time or the next look at the queue. */
export function waitOn(row: ScheduleRow, now: number): ScheduleRow {
  return changed(row, {}, now);
}

function without<K extends 'next_at' | 'starting' | 'last_run'>(row: ScheduleRow, key: K): Omit<ScheduleRow, K> {
  const { [key]: _gone, ...rest } = row;
  return rest;
}

/** A new schedule. */
export function newSchedule(
  schedule: Schedule,
  context: Pick<ScheduleRow, 'pool' | 'workflow' | 'body_hash' | 'created_by'> & { readonly now: number },
): ScheduleRow {
  const { schedule_id, overlap, catch_up_ms, definition, input: _input, namespace, ...timing } = schedule;
  const { now, ...given } = context;
  const row: ScheduleRow = {
    ...given,
    schedule_id,
    version: 0,
    timing,
    overlap,
    catch_up_ms,
    name: typeof definition === 'string' ? definition : definition.name,
    ...(namespace === undefined ? {} : { namespace }),
    created_at: timeOf(now),
    paused: false,
    queued: [],
  };
  return changed({ ...row, ...nextAt(row, now) }, {}, now);
}

/** Pauses, or lets go on from now: what fell into the pause is left out. */
export function setPaused(row: ScheduleRow, paused: boolean, now: number): ScheduleRow {
  const next = paused ? {} : nextAt(row, now);
  return changed({ ...(paused ? row : without(row, 'next_at')), ...next }, { paused }, now);
}

/** Wants the schedule to be looked at now: the run that queued times wait for has ended. */
export function hurried(row: ScheduleRow, now: number): ScheduleRow | undefined {
  if (row.paused || row.queued.length === 0) return undefined;
  return { ...changed(row, {}, now), wake_at: timeOf(now) };
}

function begin(row: ScheduleRow, fire_at: string, patch: Partial<ScheduleRow>, now: number): ScheduleRow {
  const last_run = { fire_at, workflow_id: runIdOf(row.schedule_id, fire_at) };
  return changed(row, { ...patch, starting: { fire_at, ...patch.starting }, last_run }, now);
}

/**
 * Decides about the next time that has come; undefined when there is nothing to decide. `previousRuns`: the last run has not ended. Never decides while a
 * run is still to be started.
 */
export function decideFire(row: ScheduleRow, now: number, previousRuns: boolean): ScheduleRow | undefined {
  if (row.paused || row.starting !== undefined) return undefined;
  const [waiting, ...queued] = row.queued;
  if (waiting !== undefined && !previousRuns) return begin(row, waiting, { queued }, now);
  const fire_at = row.next_at;
  if (fire_at === undefined || Date.parse(fire_at) > now) return undefined;
  const oldest = now - row.catch_up_ms;
  if (Date.parse(fire_at) < oldest) {
    const reason = 'it was missed by more than catch_up_ms';
    return changed(
      { ...without(row, 'next_at'), ...nextAt(row, oldest - 1) },
      { last_missed: { fire_at, reason } },
      now,
    );
  }
  const after = { ...without(row, 'next_at'), ...nextAt(row, Date.parse(fire_at)) };
  if (!previousRuns && waiting === undefined) return begin(after, fire_at, {}, now);
  if (row.overlap === 'cancel-previous') {
    const cancel = row.last_run === undefined ? {} : { cancel: row.last_run.workflow_id };
    return begin(after, fire_at, { starting: { fire_at, ...cancel } }, now);
  }
  if (row.overlap === 'queue' && row.queued.length < scheduleQueueMax)
    return changed(after, { queued: [...row.queued, fire_at] }, now);
  const reason = row.overlap === 'queue' ? 'too many times wait' : 'the run before had not ended';
  return changed(after, { last_missed: { fire_at, reason } }, now);
}

/** The run was started, or refused for a reason that trying again does not mend. */
export function started(row: ScheduleRow, refusal: string | undefined, now: number): ScheduleRow {
  const fire_at = row.starting?.fire_at ?? '';
  const done = without(row, 'starting');
  if (refusal === undefined) return changed(done, {}, now);
  return changed(
    without(done, 'last_run'),
    { last_missed: { fire_at, reason: `the run was refused: ${refusal}` } },
    now,
  );
}

/** The next fire times of a schedule, whatever will be left out of them. */
export function fireTimes(row: Pick<ScheduleRow, 'timing' | 'created_at'>, after: number, count: number): string[] {
  const times: string[] = [];
  for (let at: number | undefined = after; times.length < count;) {
    at = nextFireTime(row.timing, Date.parse(row.created_at), at);
    if (at === undefined) break;
    times.push(timeOf(at));
  }
  return times;
}

/** A schedule as every surface shows it. */
export function scheduleViewOf(row: ScheduleRow): ScheduleView {
  const { schedule_id, name, timing, overlap, catch_up_ms, paused, created_at, next_at, queued } = row;
  return {
    schedule_id,
    name,
    ...(row.namespace === undefined ? {} : { namespace: row.namespace }),
    ...timing,
    overlap,
    catch_up_ms,
    paused,
    created_at,
    ...(next_at === undefined || paused ? {} : { next_at }),
    queued: [...queued],
    ...(row.last_run === undefined ? {} : { last_run: row.last_run }),
    ...(row.last_missed === undefined ? {} : { last_missed: row.last_missed }),
  };
}
