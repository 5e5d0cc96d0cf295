import { byteReader, byteWriter, type ByteWriter } from './bytes.ts';
import { sharedPrefix } from './entry.ts';

/**
 * A segment is one immutable object, read by byte ranges:
 *
 *     postings | dictionary | documents | times | vectors | sketches | directory
 *
 * The dictionary has the terms in order, in blocks; the directory (one small range) says where each block begins, so that a term costs a
 * range of a block and a range of its postings, however large the segment is. Numbers are LEB128, texts are preceded by their length.
 */

/** Counts up when segments change so that this code cannot read older ones: their index is made anew. */
export const segmentFormat = 2;

/** A dictionary block ends after so many bytes. Larger: more bytes for each term looked up; smaller: a larger directory. */
const dictionaryBlockBytes = 8 * 1024;
/** Documents of one block, for the ids of the hits. */
export const documentsPerBlock = 256;

/** What the manifest knows about a segment: all that a reader needs before its first range. */
export interface SegmentMeta {
  /** Where the object is. */
  readonly key: string;
  /** Versions in it, tombstones too. */
  readonly documents: number;
  /** Tokens of all its documents, for their average length. */
  readonly tokens: number;
  readonly bytes: number;
  /** Where each part begins; postings begin at 0, and each part ends where the next one begins. */
  readonly parts: SegmentParts;
  /** How its vectors were made; absent when it has none. */
  readonly vectors?: { readonly model: string; readonly dimensions: number };
}

/** The offsets of a segment's parts in bytes. */
export interface SegmentParts {
  readonly dictionary: number;
  readonly documents: number;
  readonly times: number;
  readonly vectors: number;
  readonly sketches: number;
  readonly directory: number;
}

/** A document in a segment; its place there is its ordinal. */
export interface SegmentDocument {
  readonly id: string;
  readonly version: number;
  readonly deleted: boolean;
}

/** A term with its postings: pairs of a step from the last ordinal and an impact. Written before the next term is asked for. */
export interface TermPostings {
  readonly term: string;
  /** Documents that have it. */
  readonly found: number;
  readonly postings: Uint8Array;
}

/** A block of the dictionary or of the documents: where it begins and, for terms, with which and where its postings begin. */
interface TermBlock {
  readonly first: string;
  readonly at: number;
  readonly postingsAt: number;
}

/** The directory of a segment. Offsets are within their part. */
export interface Directory {
  readonly terms: readonly TermBlock[];
  readonly documents: readonly number[];
}

/** Writes terms in their order: postings one after the other, names and sizes into the dictionary's blocks. */
export function termWriter() {
  const postings = byteWriter(1 << 16);
  const dictionary = byteWriter(1 << 14);
  const blocks: TermBlock[] = [];
  let previous = '';
  let blockEnd = 0;
  return {
    add({ term, found, postings: bytes }: TermPostings): void {
      if (blocks.length === 0 || dictionary.length >= blockEnd) {
        blocks.push({ first: term, at: dictionary.length, postingsAt: postings.length });
        blockEnd = dictionary.length + dictionaryBlockBytes;
        previous = '';
      }
      const shared = sharedPrefix(previous, term);
      dictionary.integer(shared);
      dictionary.text(term.slice(shared));
      dictionary.integer(found);
      dictionary.integer(bytes.length);
      postings.bytes(bytes);
      previous = term;
    },
    done: () => ({ postings: postings.done(), dictionary: dictionary.done(), blocks }),
  };
}

/** A term as its dictionary block tells it. */
export interface TermPlace {
  readonly found: number;
  /** Offsets in the segment. */
  readonly from: number;
  readonly to: number;
}

/** The terms of one block, in order, with their places. */
export function* termsOfBlock(bytes: Uint8Array, postingsAt: number): Generator<TermPlace & { readonly term: string }> {
  const reader = byteReader(bytes);
  let term = '';
  let from = postingsAt;
  while (!reader.done) {
    const shared = reader.integer();
    term = term.slice(0, shared) + reader.text();
    const found = reader.integer();
    const to = from + reader.integer();
    yield { term, found, from, to };
    from = to;
  }
}

/** The documents in blocks, and where each block begins. */
export function packDocuments(documents: readonly SegmentDocument[]): { bytes: Uint8Array; blocks: number[] } {
  const writer = byteWriter(documents.length * 24);
  const blocks: number[] = [];
  let previous = '';
  for (const [ordinal, { id, version, deleted }] of documents.entries()) {
    if (ordinal % documentsPerBlock === 0) {
      blocks.push(writer.length);
      previous = '';
    }
    const shared = sharedPrefix(previous, id);
    writer.integer(shared);
    writer.text(id.slice(shared));
    writer.integer(version * 2 + (deleted ? 1 : 0));
    previous = id;
  }
  return { bytes: writer.done(), blocks };
}

/** The documents of one block. */
export function unpackDocuments(bytes: Uint8Array): SegmentDocument[] {
  const reader = byteReader(bytes);
  const documents: SegmentDocument[] = [];
  let id = '';
  while (!reader.done) {
    const shared = reader.integer();
    id = id.slice(0, shared) + reader.text();
    const version = reader.integer();
    documents.push({ id, version: Math.floor(version / 2), deleted: version % 2 === 1 });
  }
  return documents;
}

/** The directory as the segment's last part. */
export function packDirectory({ terms, documents }: Directory): Uint8Array {
  const writer = byteWriter();
  writer.integer(terms.length);
  for (const { first, at, postingsAt } of terms) {
    writer.text(first);
    writer.integer(at);
    writer.integer(postingsAt);
  }
  for (const at of documents) writer.integer(at);
  return writer.done();
}

/** The directory that `packDirectory` packed. */
export function unpackDirectory(bytes: Uint8Array): Directory {
  const reader = byteReader(bytes);
  const terms: TermBlock[] = [];
  for (let left = reader.integer(); left > 0; left -= 1) {
    terms.push({ first: reader.text(), at: reader.integer(), postingsAt: reader.integer() });
  }
  const documents: number[] = [];
  while (!reader.done) documents.push(reader.integer());
  return { terms, documents };
}

/** Appends one posting; gives back the ordinal for the next one's step. */
export function addPosting(writer: ByteWriter, previous: number, ordinal: number, impact: number): number {
  writer.integer(ordinal - previous);
  writer.byte(impact);
  return ordinal;
}

/** Calls `each` with every posting. The loop is written out, because it runs once for each document that has a common word. */
export function eachPosting(postings: Uint8Array, each: (ordinal: number, impact: number) => void): void {
  let ordinal = 0;
  for (let at = 0; at < postings.length; at += 1) {
    let byte = postings[at++] ?? 0;
    let step = byte & 127;
    for (let shift = 7; byte > 127; shift += 7) {
      byte = postings[at++] ?? 0;
      step += (byte & 127) << shift;
    }
    ordinal += step;
    each(ordinal, postings[at] ?? 0);
  }
}
