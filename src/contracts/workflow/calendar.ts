import * as z from 'zod';
import { excludedDatesMax } from '../limits.ts';

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** A name of the IANA database, for example `Europe/Berlin`. */
export const timeZone = z.string().min(1).max(64);

const timeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'write hours and minutes, for example 09:00');

/** When people work: on these weekdays between these times, except on holidays. */
export const workingCalendar = z.strictObject({
  time_zone: timeZone.default('UTC'),
  days: z
    .array(z.enum(weekdays))
    .min(1)
    .max(weekdays.length)
    .default(['monday', 'tuesday', 'wednesday', 'thursday', 'friday']),
  from: timeOfDay.default('09:00'),
  until: z.union([timeOfDay, z.literal('24:00')]).default('17:00'),
  holidays: z.array(z.iso.date()).max(excludedDatesMax).default([]),
});
export type WorkingCalendar = z.output<typeof workingCalendar>;
