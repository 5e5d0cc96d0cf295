import { describe, expect, it } from '@jest/globals';
import {
  flushedEntries,
  segmentDocumentsMax,
  segmentsToMerge,
} from '../../../../src/context/core/search/compaction.ts';
import type { SegmentMeta } from '../../../../src/context/core/search/segment.ts';

const parts = { dictionary: 0, documents: 0, times: 0, vectors: 0, sketches: 0, directory: 0 };
let count = 0;
const segment = (documents: number): SegmentMeta => ({ key: `s${count++}`, documents, tokens: 0, bytes: 0, parts });

describe('compaction', () => {
  it('merges four of a size and leaves three alone', () => {
    const four = Array.from({ length: 4 }, () => segment(flushedEntries));
    expect(segmentsToMerge(four)).toEqual(four);
    expect(segmentsToMerge([...four.slice(1), segment(flushedEntries * 4)])).toEqual([]);
  });

  it('rewrites a document once for each size it grows through, and leaves few segments', () => {
    let segments: SegmentMeta[] = [];
    let written = 0;
    const flushes = 4_096;
    for (let flush = 0; flush < flushes; flush += 1) {
      segments.push(segment(flushedEntries));
      for (let group = segmentsToMerge(segments); group.length > 0; group = segmentsToMerge(segments)) {
        const merged = segment(group.reduce((sum, { documents }) => sum + documents, 0));
        written += merged.documents;
        segments = [...segments.filter((own) => !group.includes(own)), merged];
      }
    }
    expect(segments.map(({ documents }) => documents)).toEqual(Array(4).fill(segmentDocumentsMax));
    expect(written / (flushes * flushedEntries)).toBe(5);
  });
});
