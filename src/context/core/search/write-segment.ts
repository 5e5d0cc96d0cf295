import { byteWriter } from './bytes.ts';
import { packCells, type PlacedVector, toCells } from './cells.ts';
import type { IndexEntry } from './entry.ts';
import {
  addPosting,
  packDirectory,
  packDocuments,
  type SegmentDocument,
  type SegmentMeta,
  type TermPostings,
  termWriter,
} from './segment.ts';

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
  readonly vectors: readonly PlacedVector[];
  /** The model that made the vectors: vectors of two models cannot be compared. */
  readonly model: string;
}

/** Lays the content out as one object that will be stored under `key`. */
export function writeSegment(key: string, { documents, tokens, terms, vectors, model }: SegmentContent): NewSegment {
  const writer = termWriter();
  for (const term of terms) writer.add(term);
  const { postings, dictionary, blocks } = writer.done();
  const ids = packDocuments(documents);
  const seconds = Uint32Array.from(documents, ({ updated_at }) => Math.floor(updated_at / 1000));
  const cells = toCells(vectors);
  const packed = packCells(cells);
  const parts = [
    postings,
    dictionary,
    ids.bytes,
    new Uint8Array(seconds.buffer),
    packed.vectors,
    packed.table,
    packDirectory({ terms: blocks, documents: ids.blocks }),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  const begins: number[] = [];
  let at = 0;
  for (const part of parts) {
    begins.push(at);
    bytes.set(part, at);
    at += part.length;
  }
  const [, toDictionary = 0, toDocuments = 0, toTimes = 0, toVectors = 0, toCellTable = 0, toDirectory = 0] = begins;
  const dimensions = vectors[0]?.values.length;
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
      cells: toCellTable,
      directory: toDirectory,
    },
    ...(dimensions === undefined ? {} : { vectors: { model, dimensions, cells: cells.length } }),
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
  return writeSegment(key, {
    documents: entries,
    tokens: entries.reduce((sum, { tokens }) => sum + tokens, 0),
    terms: names.values().map((term) => {
      const list = lists.get(term) ?? [];
      const writer = byteWriter(list.length * 3);
      let previous = 0;
      for (const { ordinal, impact } of list) previous = addPosting(writer, previous, ordinal, impact);
      return { term, found: list.length, postings: writer.done() };
    }),
    vectors: entries.flatMap(({ vector }, ordinal) => (vector === undefined ? [] : [{ ordinal, ...vector }])),
    model,
  });
}
