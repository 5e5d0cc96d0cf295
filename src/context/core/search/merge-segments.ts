import { byteWriter } from './bytes.ts';
import type { Quantised } from './quantise.ts';
import {
  addPosting,
  eachPosting,
  type SegmentDocument,
  type TermPostings,
  type TermPlace,
  termsOfBlock,
  unpackDirectory,
  unpackDocuments,
} from './segment.ts';
import { vectorAt } from './vectors.ts';
import { type NewSegment, writeSegment } from './write-segment.ts';

/** A document that survives, with its place in the merged segment. */
interface Survivors {
  /** For each input, the new ordinal of each of its documents; -1 when a newer version or a tombstone took its place. */
  readonly places: readonly Int32Array[];
  readonly documents: (SegmentDocument & { readonly updated_at: number })[];
}

function documentsOf({ meta: { parts }, bytes }: NewSegment): (SegmentDocument & { readonly updated_at: number })[] {
  const { documents } = unpackDirectory(bytes.subarray(parts.directory));
  const part = bytes.subarray(parts.documents, parts.times);
  const seconds = new Uint32Array(bytes.slice(parts.times, parts.vectors).buffer);
  return documents
    .flatMap((at, block) => unpackDocuments(part.subarray(at, documents[block + 1])))
    .map((document, ordinal) => ({ ...document, updated_at: (seconds[ordinal] ?? 0) * 1000 }));
}

/** The newest version of each document. A tombstone stays while an older segment may still have what it hides. */
function survivors(inputs: readonly NewSegment[], keepTombstones: boolean, without: ReadonlySet<string>): Survivors {
  const all = inputs.map(documentsOf);
  const newest = new Map<string, number>();
  for (const { id, version } of all.flat()) newest.set(id, Math.max(version, newest.get(id) ?? version));
  const documents: Survivors['documents'] = [];
  const taken = new Set<string>();
  const places = all.map((list) =>
    Int32Array.from(list, (document) => {
      if (document.version !== newest.get(document.id) || taken.has(document.id)) return -1;
      taken.add(document.id);
      if (document.deleted ? !keepTombstones : without.has(document.id)) return -1;
      return documents.push(document) - 1;
    }),
  );
  return { places, documents };
}

/** All terms of a segment, in order. */
function* termsOf({ meta: { parts }, bytes }: NewSegment): Generator<TermPlace & { readonly term: string }, undefined> {
  const { terms } = unpackDirectory(bytes.subarray(parts.directory));
  const dictionary = bytes.subarray(parts.dictionary, parts.documents);
  for (const [block, { at, postingsAt }] of terms.entries()) {
    yield* termsOfBlock(dictionary.subarray(at, terms[block + 1]?.at), postingsAt);
  }
  return undefined;
}

/** The terms of all inputs in one order, their postings moved to the new ordinals. The inputs' documents follow each other, so do their postings. */
function* mergeTerms(inputs: readonly NewSegment[], { places }: Survivors): Generator<TermPostings> {
  const streams = inputs.map((input, at) => ({ input, places: places[at], terms: termsOf(input) }));
  const heads = streams.map(({ terms }) => terms.next().value);
  const writer = byteWriter();
  for (;;) {
    const term = heads.reduce<string | undefined>(
      (least, head) => (head && (least === undefined || head.term < least) ? head.term : least),
      undefined,
    );
    if (term === undefined) return;
    let previous = 0;
    let found = 0;
    for (const [at, stream] of streams.entries()) {
      const head = heads[at];
      if (!head || head.term !== term) continue;
      eachPosting(stream.input.bytes.subarray(head.from, head.to), (ordinal, impact) => {
        const place = stream.places?.[ordinal] ?? -1;
        if (place < 0) return;
        previous = addPosting(writer, previous, place, impact);
        found += 1;
      });
      heads[at] = stream.terms.next().value;
    }
    if (found > 0) yield { term, found, postings: writer.take() };
  }
}

/** The vectors of all inputs at their new places, as views of the inputs. */
function vectorsOf(
  inputs: readonly NewSegment[],
  { places, documents }: Survivors,
  model: string,
): (Quantised | undefined)[] {
  const vectors = new Array<Quantised | undefined>(documents.length).fill(undefined);
  for (const [at, { meta, bytes }] of inputs.entries()) {
    if (meta.vectors?.model !== model) continue;
    const part = bytes.subarray(meta.parts.vectors, meta.parts.sketches);
    for (const [ordinal, place] of places[at]?.entries() ?? []) {
      if (place >= 0) vectors[place] = vectorAt(part, meta.vectors.dimensions, ordinal);
    }
  }
  return vectors;
}

/**
 * One segment with the newest version of every document of the inputs. Give the inputs oldest first, and say whether older segments remain
 * outside: only then do tombstones stay. Nothing of the documents `without` does. Vectors of another model than `model` are left behind. Lengths of documents are not in the segments one by
 * one, so the tokens of superseded versions are taken as the average ones.
 */
export function mergeSegments(
  key: string,
  inputs: readonly NewSegment[],
  {
    keepTombstones,
    model,
    without = new Set(),
  }: { readonly keepTombstones: boolean; readonly model: string; readonly without?: ReadonlySet<string> },
): NewSegment {
  const survived = survivors(inputs, keepTombstones, without);
  const documents = inputs.reduce((sum, { meta }) => sum + meta.documents, 0);
  const tokens = inputs.reduce((sum, { meta }) => sum + meta.tokens, 0);
  return writeSegment(key, {
    documents: survived.documents,
    tokens: documents === 0 ? 0 : Math.round((tokens * survived.documents.length) / documents),
    terms: mergeTerms(inputs, survived),
    vectors: vectorsOf(inputs, survived, model),
    model,
  });
}
