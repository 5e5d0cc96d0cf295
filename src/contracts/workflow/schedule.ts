import * as z from 'zod';
import { timeZone, weekdays } from './calendar.ts';
import { timestamp, userId } from '../ids.ts';
import { json } from '../json.ts';
import {
  cronCharactersMax,
  defaultCatchUpMs,
  catchUpMsMax,
  excludedDatesMax,
  scheduleIdCharactersMax,
  scheduleIntervalMsMax,
  scheduleIntervalMsMin,
  scheduleTimesShownMax,
} from '../limits.ts';
import { definitionOrReference } from './workflow.ts';

/** What to do when the time has come and the run before has not ended: leave it out, wait for its end, or cancel it. */
export const overlapRule = z.enum(['skip', 'queue', 'cancel-previous']);

/** Its runs are named `<schedule_id>-<fire time>`, hence the shorter limit. */
export const scheduleId = userId.max(scheduleIdCharactersMax);

/** When something runs: by `cron` or by `every_ms`, one of the two. */
export const scheduleTiming = z.strictObject({
  /** Five parts (minute, hour, day, month, weekday) or a nickname such as `@daily`, in the time zone. */
  cron: z.string().min(1).max(cronCharactersMax).optional(),
  /** Milliseconds between two runs, counted from `starts_at`, else from when the schedule was made. */
  every_ms: z.int().min(scheduleIntervalMsMin).max(scheduleIntervalMsMax).optional(),
  /** For `cron` and for what is excluded. */
  time_zone: timeZone.default('UTC'),
  starts_at: timestamp.optional(),
  ends_at: timestamp.optional(),
  /** Days of the time zone on which nothing runs. */
  exclude: z
    .strictObject({
      dates: z.array(z.iso.date()).max(excludedDatesMax).default([]),
      weekdays: z.array(z.enum(weekdays)).max(weekdays.length).default([]),
    })
    .default({ dates: [], weekdays: [] }),
});
export type ScheduleTiming = z.output<typeof scheduleTiming>;

/** A workflow that runs at times. Its runs get `input` with `fire_at`, the time they stand for. */
export const schedule = z.strictObject({
  schedule_id: scheduleId,
  ...scheduleTiming.shape,
  overlap: overlapRule.default('skip'),
  /** A time that was missed by more than this is left out: the deployment was down, or the schedule waited. */
  catch_up_ms: z.int().min(0).max(catchUpMsMax).default(defaultCatchUpMs),
  /** With `NAME@latest` each run goes by the version that is the newest then. */
  definition: definitionOrReference,
  input: z.record(z.string(), json).default({}),
  /** The namespace of its runs. */
  namespace: userId.optional(),
});
export type Schedule = z.output<typeof schedule>;
export type ScheduleInput = z.input<typeof schedule>;

/** A fire time without a run, and why. */
const missedRun = z.strictObject({ fire_at: timestamp, reason: z.string() });

/** A schedule as every surface shows it. */
export const scheduleView = z.strictObject({
  schedule_id: scheduleId,
  name: z.string(),
  namespace: userId.optional(),
  ...scheduleTiming.shape,
  overlap: overlapRule,
  catch_up_ms: z.int(),
  paused: z.boolean(),
  created_at: timestamp,
  next_at: timestamp.optional(),
  queued: z.array(timestamp),
  last_run: z.strictObject({ workflow_id: userId, fire_at: timestamp }).optional(),
  last_missed: missedRun.optional(),
});
export type ScheduleView = z.output<typeof scheduleView>;

/** How many of the next fire times to show. */
export const scheduleTimesQuery = z.strictObject({
  count: z.coerce.number().int().min(1).max(scheduleTimesShownMax).default(10),
});
export const scheduleTimes = z.strictObject({ items: z.array(timestamp) });
