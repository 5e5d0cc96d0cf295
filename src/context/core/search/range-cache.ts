import type { SegmentMeta } from './segment.ts';
import { type OpenSegment, openSegment, type ReadRange } from './open-segment.ts';

/** A segment up to this size is read whole: one call is cheaper than the three that its parts would take. */
const wholeBytesMax = 1024 * 1024;

/** Opens segments through a memory of what was read. Segments never change, so nothing in it is ever stale. */
export type SegmentOpener = (meta: SegmentMeta) => OpenSegment;

/**
 * An opener that keeps the ranges used last, up to `bytesMax`, and asks for none of them twice at the same time. A read that fails is forgotten.
 */
export function cachingOpener(
  read: (key: string, from: number, to: number) => Promise<Uint8Array>,
  bytesMax: number,
): SegmentOpener {
  const kept = new Map<string, { readonly bytes: Promise<Uint8Array>; readonly length: number }>();
  let length = 0;
  const forget = (name: string): void => {
    length -= kept.get(name)?.length ?? 0;
    kept.delete(name);
  };
  const cached = (key: string, from: number, to: number): Promise<Uint8Array> => {
    const name = `${key} ${from} ${to}`;
    const known = kept.get(name);
    const entry = known ?? { bytes: read(key, from, to), length: to - from };
    if (known === undefined) {
      length += entry.length;
      entry.bytes.catch(() => forget(name));
    }
    // A map keeps its order of insertion: what is used moves to the end, what is first was used longest ago.
    kept.delete(name);
    kept.set(name, entry);
    for (const oldest of kept.keys()) {
      if (length <= bytesMax || oldest === name) break;
      forget(oldest);
    }
    return entry.bytes;
  };
  return (meta) => {
    const range: ReadRange =
      meta.bytes <= wholeBytesMax
        ? async (from, to) => (await cached(meta.key, 0, meta.bytes)).subarray(from, to)
        : async (from, to) => (from === to ? new Uint8Array() : cached(meta.key, from, to));
    return openSegment(meta, range);
  };
}
