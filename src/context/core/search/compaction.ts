import type { SegmentMeta } from './segment.ts';

/** Recent documents that become a segment together. More: every question reads more of them; fewer: more small segments. */
export const flushedEntries = 256;
/** Segments of one size that become one of the next. More: fewer rewrites of each document, more segments to a question. */
const mergedSegments = 4;
/** Documents of the largest segments, which are merged no further: one merge has to fit into a function's memory and time. */
export const segmentDocumentsMax = 262_144;

/** The size class of a segment: each holds `mergedSegments` times the one before. */
function tier({ documents }: SegmentMeta): number {
  return Math.max(0, Math.floor(Math.log(documents / flushedEntries) / Math.log(mergedSegments) + 1e-9));
}

/**
 * The segments to merge next (size-tiered, as in an LSM tree), smallest first, or none. A document is rewritten once for each size it grows through:
 * five times from the first segment to the largest.
 */
export function segmentsToMerge(segments: readonly SegmentMeta[]): readonly SegmentMeta[] {
  const tiers = [...Map.groupBy(segments, tier)].sort(([one], [other]) => one - other);
  for (const [, own] of tiers) {
    const group = own.slice(0, mergedSegments);
    const documents = group.reduce((sum, segment) => sum + segment.documents, 0);
    if (group.length === mergedSegments && documents <= segmentDocumentsMax) return group;
  }
  return [];
}
