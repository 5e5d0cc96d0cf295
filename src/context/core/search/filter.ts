import type { IndexEntry } from './entry.ts';
import type { OpenSegment } from './open-segment.ts';
import { eachPosting } from './segment.ts';

/** Which documents may be found. */
export interface Filter {
  /** A document needs one label of each list. */
  readonly labels: readonly (readonly string[])[];
  /** Epoch milliseconds: written at this time or later. */
  readonly from?: number;
  /** Epoch milliseconds: written at this time or earlier. */
  readonly to?: number;
}

/** Whether a recent document passes. */
export function passes(entry: IndexEntry, { labels, from, to }: Filter): boolean {
  if (entry.deleted || (from !== undefined && entry.updated_at < from) || (to !== undefined && entry.updated_at > to)) {
    return false;
  }
  return labels.every((any) => any.some((label) => entry.terms.has(label)));
}

/** The documents of a segment that pass: by ordinal, 1 or 0, and how many they are. Undefined: all of them. */
export interface Passing {
  readonly flags: Uint8Array;
  readonly count: number;
}

/**
 * Reads the labels' postings, and the times when they matter. A segment keeps whole seconds: a document written in the second of a bound passes,
 * and the caller, who reads it anyway, looks again.
 */
export async function passingOf(segment: OpenSegment, { labels, from, to }: Filter): Promise<Passing | undefined> {
  const timed = from !== undefined || to !== undefined;
  if (labels.length === 0 && !timed) return undefined;
  const places = await segment.find(labels.flat());
  const read = async (label: string) => {
    const place = places.get(label);
    return place === undefined ? new Uint8Array() : segment.postings(place);
  };
  const [lists, times] = await Promise.all([
    Promise.all(labels.map((any) => Promise.all(any.map(read)))),
    timed ? segment.times() : undefined,
  ]);
  // A document that passed the first n lists has the flag n.
  const flags = new Uint8Array(segment.meta.documents);
  for (const [at, any] of lists.entries()) {
    for (const postings of any) {
      eachPosting(postings, (ordinal) => {
        if (flags[ordinal] === at) flags[ordinal] = at + 1;
      });
    }
  }
  const earliest = from === undefined ? 0 : Math.floor(from / 1000);
  const latest = to === undefined ? Infinity : Math.floor(to / 1000);
  let count = 0;
  for (let ordinal = 0; ordinal < flags.length; ordinal += 1) {
    const time = times?.[ordinal] ?? earliest;
    const pass = flags[ordinal] === labels.length && time >= earliest && time <= latest;
    flags[ordinal] = pass ? 1 : 0;
    if (pass) count += 1;
  }
  return { flags, count };
}
