import { impactOf } from './bm25.ts';
import { byteReader, byteWriter } from './bytes.ts';
import { countTokens, tokensOf } from './tokens.ts';
import type { Quantised } from './quantise.ts';

/** One version of a document as the index keeps it: no text, only what finds it. */
export interface IndexEntry {
  readonly id: string;
  readonly version: number;
  /** A tombstone: it has no terms, and hides older versions. */
  readonly deleted: boolean;
  /** Epoch milliseconds. */
  readonly updated_at: number;
  readonly tokens: number;
  /** Tokens of the text and the labels it is filtered by, each with its impact; a label's is 0. */
  readonly terms: ReadonlyMap<string, number>;
  readonly vector?: Quantised;
}

/** A document on its way into the index. Labels contain a colon, which no token does: `type:knowledge`, `tag:urgent`, `path:project/`. */
export interface Indexable {
  readonly id: string;
  readonly version: number;
  readonly updated_at: number;
  readonly text: string;
  readonly labels: readonly string[];
  readonly vector?: Quantised;
}

/**
 * Bytes of one document's terms that are indexed; of the tokens of a text the first ones are kept. More: a row of a text without spaces, where nearly
 * every pair of characters is a term of its own, passes DynamoDB's 400 KB.
 */
export const termBytesMax = 256 * 1024;
/** What a term takes in a row beside its characters: its length, what it shares with the one before, and its impact. */
const termOverheadBytes = 4;

const encoder = new TextEncoder();

/** The entry of a document. */
export function entryOf({ id, version, updated_at, text, labels, vector }: Indexable): IndexEntry {
  const tokens = tokensOf(text);
  const terms = new Map<string, number>();
  let bytes = 0;
  for (const [token, occurrences] of countTokens(tokens)) {
    bytes += encoder.encode(token).length + termOverheadBytes;
    if (bytes > termBytesMax) break;
    terms.set(token, impactOf(occurrences, tokens.length));
  }
  for (const label of labels) terms.set(label, 0);
  return {
    id,
    version,
    deleted: false,
    updated_at,
    tokens: tokens.length,
    terms,
    ...(vector === undefined ? {} : { vector }),
  };
}

/** The entry of a document that is gone since this version. */
export function tombstone(id: string, version: number, updated_at: number): IndexEntry {
  return { id, version, deleted: true, updated_at, tokens: 0, terms: new Map() };
}

/** The characters that two texts begin with alike. */
export function sharedPrefix(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one.charCodeAt(length) === other.charCodeAt(length)) {
    length += 1;
  }
  // A pair of surrogates is not torn: half a character has no bytes.
  const last = one.charCodeAt(length - 1);
  return length > 0 && last >= 0xd800 && last <= 0xdbff ? length - 1 : length;
}

/** An entry as bytes, for the row of a recent document; its id and version stand beside them. */
export function packEntry(entry: IndexEntry): Uint8Array {
  const writer = byteWriter();
  writer.byte(entry.deleted ? 1 : 0);
  writer.integer(entry.updated_at);
  writer.integer(entry.tokens);
  writer.integer(entry.terms.size);
  let previous = '';
  for (const [term, impact] of [...entry.terms].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const shared = sharedPrefix(previous, term);
    writer.integer(shared);
    writer.text(term.slice(shared));
    writer.byte(impact);
    previous = term;
  }
  if (entry.vector !== undefined) {
    writer.bytes(new Uint8Array(Float32Array.of(entry.vector.scale).buffer));
    writer.bytes(
      new Uint8Array(entry.vector.values.buffer, entry.vector.values.byteOffset, entry.vector.values.length),
    );
  }
  return writer.done();
}

/** The entry that `packEntry` packed. */
export function unpackEntry(id: string, version: number, bytes: Uint8Array): IndexEntry {
  const reader = byteReader(bytes);
  const deleted = reader.byte() === 1;
  const updated_at = reader.integer();
  const tokens = reader.integer();
  const terms = new Map<string, number>();
  let term = '';
  for (let left = reader.integer(); left > 0; left -= 1) {
    const shared = reader.integer();
    term = term.slice(0, shared) + reader.text();
    terms.set(term, reader.byte());
  }
  const entry = { id, version, deleted, updated_at, tokens, terms };
  if (reader.done) return entry;
  const scale = new Float32Array(reader.bytes(4).slice().buffer)[0] ?? 0;
  return { ...entry, vector: { scale, values: new Int8Array(bytes.slice(reader.at).buffer) } };
}

/** The newest entry of each document: a recent document has one for each version, until they become a segment. */
export function newestOf(entries: readonly IndexEntry[]): IndexEntry[] {
  const newest = new Map<string, IndexEntry>();
  for (const entry of entries) {
    const known = newest.get(entry.id);
    if (known === undefined || known.version < entry.version) newest.set(entry.id, entry);
  }
  return [...newest.values()];
}
