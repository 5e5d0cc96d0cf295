import type { weekdays } from '../../../contracts/workflow/calendar.ts';
import type { Fault } from '../../../contracts/errors.ts';

/** A moment as the clocks of a time zone show it. */
export interface LocalTime {
  readonly date: string;
  readonly weekday: (typeof weekdays)[number];
  /** Since the clocks showed midnight. */
  readonly ms: number;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(time_zone: string): Intl.DateTimeFormat {
  let clock = clocks.get(time_zone);
  if (clock === undefined) {
    const digits = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const;
    clock = new Intl.DateTimeFormat('en-US', {
      ...digits,
      second: '2-digit',
      weekday: 'long',
      hourCycle: 'h23',
      timeZone: time_zone,
    });
    clocks.set(time_zone, clock);
  }
  return clock;
}

/** The time of a moment on the clocks of a time zone. */
export function localTime(at: number, time_zone: string): LocalTime {
  const parts = Object.fromEntries(
    clockOf(time_zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  ) as Record<Intl.DateTimeFormatPartTypes, string>;
  return {
    date: `${parts.year.padStart(4, '0')}-${parts.month}-${parts.day}`,
    weekday: parts.weekday.toLowerCase() as LocalTime['weekday'],
    ms: ((Number(parts.hour) * 60 + Number(parts.minute)) * 60 + Number(parts.second)) * 1_000,
  };
}

/** The fault of a name that is no time zone. */
export function timeZoneFault(time_zone: string, path: string, code: Fault['code']): readonly Fault[] {
  try {
    clockOf(time_zone);
    return [];
  } catch {
    return [{ code, path, message: `"${time_zone}" is no time zone`, fix: 'use a name such as Europe/Berlin' }];
  }
}
