import type { Quantised } from './quantise.ts';
import {
  type Directory,
  documentsPerBlock,
  type SegmentDocument,
  type SegmentMeta,
  type TermPlace,
  termsOfBlock,
  unpackDirectory,
  unpackDocuments,
} from './segment.ts';
import { documentsPerSketchBlock, sketchBytes } from './sketch.ts';
import { vectorAt, vectorBytes, vectorsPerRange } from './vectors.ts';

/** Bytes of a stored segment, from the first offset up to the second. */
export type ReadRange = (from: number, to: number) => Promise<Uint8Array>;

/** A segment that is read range by range, as little as a query needs. */
export interface OpenSegment {
  readonly meta: SegmentMeta;
  /** Where the postings of the terms are; a term that it does not have is not in the answer. */
  find(terms: readonly string[]): Promise<Map<string, TermPlace>>;
  postings(place: TermPlace): Promise<Uint8Array>;
  /** The documents at these ordinals, in this order. */
  documents(ordinals: readonly number[]): Promise<SegmentDocument[]>;
  /** When each document was written, in epoch seconds. */
  times(): Promise<Uint32Array>;
  /** The sketches of all documents, in blocks of `documentsPerSketchBlock`. */
  sketches(): Promise<Uint8Array[]>;
  /** The vectors of the documents at these ordinals, in this order. */
  vectors(ordinals: readonly number[]): Promise<(Quantised | undefined)[]>;
}

/** The block of the dictionary that would have the term: the last one that does not begin after it. */
function blockOf({ terms }: Directory, term: string): number {
  let low = 0;
  let high = terms.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((terms[middle]?.first ?? '') <= term) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Opens a segment; nothing is read yet. */
export function openSegment(meta: SegmentMeta, read: ReadRange): OpenSegment {
  const { parts } = meta;
  const dimensions = meta.vectors?.dimensions ?? 0;
  let loading: Promise<Directory> | undefined;
  const directory = () => (loading ??= read(parts.directory, meta.bytes).then(unpackDirectory));

  const findInBlock = async (block: number, terms: readonly string[]): Promise<(readonly [string, TermPlace])[]> => {
    const { terms: blocks } = await directory();
    const from = parts.dictionary + (blocks[block]?.at ?? 0);
    const next = blocks[block + 1]?.at;
    const bytes = await read(from, next === undefined ? parts.documents : parts.dictionary + next);
    const wanted = new Set(terms);
    return [...termsOfBlock(bytes, blocks[block]?.postingsAt ?? 0)]
      .filter(({ term }) => wanted.has(term))
      .map((place) => [place.term, place]);
  };

  const block = async (index: number): Promise<SegmentDocument[]> => {
    const { documents } = await directory();
    const from = parts.documents + (documents[index] ?? 0);
    const next = documents[index + 1];
    return unpackDocuments(await read(from, next === undefined ? parts.times : parts.documents + next));
  };

  return {
    meta,
    async find(terms) {
      const known = await directory();
      if (known.terms.length === 0) return new Map();
      const byBlock = Map.groupBy(terms, (term) => blockOf(known, term));
      const found = await Promise.all([...byBlock].map(([at, own]) => findInBlock(at, own)));
      return new Map(found.flat());
    },
    postings: ({ from, to }) => read(from, to),
    async documents(ordinals) {
      const indexes = [...new Set(ordinals.map((ordinal) => Math.floor(ordinal / documentsPerBlock)))];
      const blocks = new Map(await Promise.all(indexes.map(async (index) => [index, await block(index)] as const)));
      return ordinals.flatMap(
        (ordinal) => blocks.get(Math.floor(ordinal / documentsPerBlock))?.[ordinal % documentsPerBlock] ?? [],
      );
    },
    times: async () => new Uint32Array((await read(parts.times, parts.vectors)).slice().buffer),
    sketches: () =>
      Promise.all(
        Array.from({ length: Math.ceil(meta.documents / documentsPerSketchBlock) }, (_, index) => {
          const from = parts.sketches + index * sketchBytes(documentsPerSketchBlock, dimensions);
          return read(from, Math.min(parts.directory, from + sketchBytes(documentsPerSketchBlock, dimensions)));
        }),
      ),
    async vectors(ordinals) {
      const ranges = new Map(
        ordinals.map((ordinal) => {
          const index = Math.floor(ordinal / vectorsPerRange);
          const from = parts.vectors + index * vectorsPerRange * vectorBytes(dimensions);
          return [index, [from, Math.min(parts.sketches, from + vectorsPerRange * vectorBytes(dimensions))]] as const;
        }),
      );
      const bytes = new Map(
        await Promise.all([...ranges].map(async ([index, [from, to]]) => [index, await read(from, to)] as const)),
      );
      return ordinals.map((ordinal) => {
        const own = bytes.get(Math.floor(ordinal / vectorsPerRange));
        return own === undefined ? undefined : vectorAt(own, dimensions, ordinal % vectorsPerRange);
      });
    },
  };
}
