import type { Candidate, IndexView } from '../../../src/context/core/search/candidates.ts';
import { type IndexEntry } from '../../../src/context/core/search/entry.ts';
import { type OpenSegment, openSegment } from '../../../src/context/core/search/open-segment.ts';
import { hashedModel } from '../../../src/context/core/search/hashed-embedding.ts';
import { type NewSegment, segmentOf } from '../../../src/context/core/search/write-segment.ts';

/** A segment that is read from memory. */
export const opened = ({ meta, bytes }: NewSegment): OpenSegment =>
  openSegment(meta, async (from, to) => bytes.subarray(from, to));

/** The entries in segments of the given sizes, the rest recent. */
export function viewOf(entries: readonly IndexEntry[], sizes: readonly number[]): IndexView {
  let at = 0;
  const segments = sizes.flatMap((size) => {
    const part = entries.slice(at, at + size);
    at += size;
    return part.length === 0 ? [] : [opened(segmentOf(`segment-${at}`, part, hashedModel))];
  });
  return { segments, recent: entries.slice(at) };
}

/** Candidates with scores that survive the 32-bit sums of a segment. */
export const shown = (candidates: readonly Candidate[]) =>
  candidates.map(({ id, version, score }) => ({ id, version, score: Math.round(score * 1000) / 1000 }));
