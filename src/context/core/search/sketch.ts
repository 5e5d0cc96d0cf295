import type { Quantised } from './quantise.ts';

/**
 * A vector in two bits a dimension, and one factor that makes its estimated dot products unbiased (as in RaBitQ, Gao and others 2024). After the
 * turn its values are spread evenly around zero, so that steps of their root mean square serve every vector. A question looks at the sketch of
 * every document and only at the best ones' bytes.
 */

/** Values of one byte of a sketch. */
const valuesPerByte = 4;
/** What the four codes stand for, in steps. */
const levels = [-1.5, -0.5, 0.5, 1.5] as const;
/** Documents whose sketches lie together and are read in one range. More: fewer calls, of which each takes longer. */
export const documentsPerSketchBlock = 65_536;

/** Bytes of the sketches of so many documents of one block. */
export function sketchBytes(documents: number, dimensions: number): number {
  return documents * (4 + Math.ceil(dimensions / valuesPerByte));
}

/** Writes the sketch at `at` and answers with its factor; a zero vector has none (0). */
function writeSketch({ scale, values }: Quantised, bytes: Uint8Array, at: number): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  const step = Math.sqrt(squares / values.length);
  if (step === 0) return 0;
  let along = 0;
  for (let place = 0; place < values.length; place += 1) {
    const value = values[place] as number;
    const code = Math.max(0, Math.min(3, Math.floor(value / step) + 2));
    along += value * (levels[code] as number);
    bytes[at + (place >> 2)] = (bytes[at + (place >> 2)] as number) | (code << (2 * (place & 3)));
  }
  return (scale * squares) / along;
}

/** The sketches of one block, by ordinal: all factors, then all codes. Documents without a vector have the factor 0. */
export function packSketches(vectors: readonly (Quantised | undefined)[], dimensions: number): Uint8Array {
  const bytes = new Uint8Array(sketchBytes(vectors.length, dimensions));
  const factors = new Float32Array(bytes.buffer, 0, vectors.length);
  const each = Math.ceil(dimensions / valuesPerByte);
  for (const [at, vector] of vectors.entries()) {
    if (vector !== undefined) factors[at] = writeSketch(vector, bytes, 4 * vectors.length + at * each);
  }
  return bytes;
}

/** What each value of each byte of a sketch adds to the dot product with a turned query. */
export function sketchTable(query: Float32Array): Float32Array {
  const table = new Float32Array(256 * Math.ceil(query.length / valuesPerByte));
  for (let at = 0; at < table.length; at += 1) {
    for (let place = 0; place < valuesPerByte; place += 1) {
      const value = query[(at >> 8) * valuesPerByte + place] ?? 0;
      table[at] = (table[at] as number) + value * (levels[(at >> (2 * place)) & 3] as number);
    }
  }
  return table;
}

/**
 * Calls `each` with the estimate of every document of a block that has a vector and, when there are `flags`, the flag 1 at `first` plus its place.
 * The loop is written out with two sums: a question runs it for every document there is.
 */
export function eachEstimate(
  bytes: Uint8Array,
  table: Float32Array,
  { first, flags }: { readonly first: number; readonly flags: Uint8Array | undefined },
  each: (ordinal: number, estimate: number) => void,
): void {
  const codes = table.length / 256;
  const count = bytes.length / (4 + codes);
  // A view of floats must begin at a multiple of four, which a range of a segment need not.
  const factors = new Float32Array(bytes.slice(0, 4 * count).buffer);
  for (let place = 0; place < count; place += 1) {
    const factor = factors[place] as number;
    if (factor === 0 || (flags !== undefined && flags[first + place] !== 1)) continue;
    const from = 4 * count + place * codes;
    let [even, odd] = [0, 0];
    for (let at = 0; at < codes - 1; at += 2) {
      even += table[at * 256 + (bytes[from + at] as number)] as number;
      odd += table[at * 256 + 256 + (bytes[from + at + 1] as number)] as number;
    }
    if (codes % 2 === 1) even += table[(codes - 1) * 256 + (bytes[from + codes - 1] as number)] as number;
    each(first + place, factor * (even + odd));
  }
}
