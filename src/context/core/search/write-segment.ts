import { byteWriter, joined } from './bytes.ts';
import type { IndexEntry } from './entry.ts';
import type { Quantised } from './quantise.ts';
import {
  addPosting,
  packDirectory,
  packDocuments,
  type SegmentDocument,
  type SegmentMeta,
  type TermPostings,
  termWriter,
} from './segment.ts';
import { documentsPerSketchBlock, packSketches } from './sketch.ts';
import { packVectors } from './vectors.ts';

/** A segment that is not stored yet: its bytes and what the manifest is to know about it. */
export interface NewSegment {
  readonly meta: SegmentMeta;
  readonly bytes: Uint8Array;
}

/** What a segment is made of: documents by ordinal, terms in order. */
export interface SegmentContent {
  readonly documents: readonly (SegmentDocument & { readonly updated_at: number })[];
  readonly tokens: number;
  readonly terms: Iterable<TermPostings>;
  /** By ordinal. */
  readonly vectors: readonly (Quantised | undefined)[];
  /** The model that made the vectors: vectors of two models cannot be compared. */
  readonly model: string;
}

function packedVectors(
  vectors: readonly (Quantised | undefined)[],
  dimensions: number | undefined,
): readonly [Uint8Array, Uint8Array] {
  if (dimensions === undefined) return [new Uint8Array(), new Uint8Array()];
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < vectors.length; at += documentsPerSketchBlock) {
    blocks.push(packSketches(vectors.slice(at, at + documentsPerSketchBlock), dimensions));
  }
  return [packVectors(vectors, dimensions), joined(blocks)];
}

/** Lays the content out as one object that will be stored under `key`. */
export function writeSegment(key: string, { documents, tokens, terms, vectors, model }: SegmentContent): NewSegment {
  const writer = termWriter();
  for (const term of terms) writer.add(term);
  const { postings, dictionary, blocks } = writer.done();
  const ids = packDocuments(documents);
  const seconds = Uint32Array.from(documents, ({ updated_at }) => Math.floor(updated_at / 1000));
  const dimensions = vectors.find((vector) => vector !== undefined)?.values.length;
  const parts = [
    postings,
    dictionary,
    ids.bytes,
    new Uint8Array(seconds.buffer),
    ...packedVectors(vectors, dimensions),
    packDirectory({ terms: blocks, documents: ids.blocks }),
  ];
  const bytes = joined(parts);
  let end = 0;
  const begins = parts.map((part) => (end += part.length) - part.length);
  const [, toDictionary = 0, toDocuments = 0, toTimes = 0, toVectors = 0, toSketches = 0, toDirectory = 0] = begins;
  const meta: SegmentMeta = {
    key,
    documents: documents.length,
    tokens,
    bytes: bytes.length,
    parts: {
      dictionary: toDictionary,
      documents: toDocuments,
      times: toTimes,
      vectors: toVectors,
      sketches: toSketches,
      directory: toDirectory,
    },
    ...(dimensions === undefined ? {} : { vectors: { model, dimensions } }),
  };
  return { meta, bytes };
}

/** The first segment of recent documents. Their order gives the ordinals. */
export function segmentOf(key: string, entries: readonly IndexEntry[], model: string): NewSegment {
  const lists = new Map<string, { readonly ordinal: number; readonly impact: number }[]>();
  for (const [ordinal, { terms }] of entries.entries()) {
    for (const [term, impact] of terms) {
      const list = lists.get(term);
      if (list === undefined) lists.set(term, [{ ordinal, impact }]);
      else list.push({ ordinal, impact });
    }
  }
  const names = [...lists.keys()].sort();
  const writer = byteWriter();
  return writeSegment(key, {
    documents: entries,
    tokens: entries.reduce((sum, { tokens }) => sum + tokens, 0),
    terms: names.values().map((term) => {
      const list = lists.get(term) ?? [];
      let previous = 0;
      for (const { ordinal, impact } of list) previous = addPosting(writer, previous, ordinal, impact);
      return { term, found: list.length, postings: writer.take() };
    }),
    vectors: entries.map(({ vector }) => vector),
    model,
  });
}
