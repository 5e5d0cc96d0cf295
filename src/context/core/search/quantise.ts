/** A turned vector in one byte a dimension: `values × scale`, to about half a percent of its largest value. */
export interface Quantised {
  readonly scale: number;
  readonly values: Int8Array;
}

const smallestValue = 1e-30;

/** A sign for each place and pass, the same for ever: stored vectors were turned by them. Longer vectors take them round again. */
const signs = Int8Array.from({ length: 8_192 }, (_, place) => {
  // Steps of MurmurHash3.
  let hash = Math.imul(place + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) & 1) === 0 ? 1 : -1;
});

/** The Walsh-Hadamard transform of `length` values (a power of two), in place, lengths kept. */
function hadamard(values: Float32Array, from: number, length: number): void {
  for (let half = 1; half < length; half *= 2) {
    for (let at = from; at < from + length; at += 2 * half) {
      for (let low = at; low < at + half; low += 1) {
        const one = values[low] as number;
        const other = values[low + half] as number;
        values[low] = one + other;
        values[low + half] = one - other;
      }
    }
  }
  const size = 1 / Math.sqrt(length);
  for (let at = from; at < from + length; at += 1) values[at] = (values[at] as number) * size;
}

/**
 * The vector after a fixed rotation, which keeps dot products and spreads what stood in a few dimensions over all of them: bytes and sketches
 * would lose most of a vector with a few large values. Where the length is no power of two, two overlapping parts are turned one after the other.
 */
export function turned(vector: Float32Array): Float32Array {
  const values = vector.slice();
  const part = 2 ** Math.floor(Math.log2(Math.max(1, values.length)));
  for (const [pass, from] of [0, values.length - part].entries()) {
    for (let at = 0; at < values.length; at += 1)
      values[at] = (values[at] as number) * (signs[(2 * at + pass) % signs.length] as number);
    hadamard(values, from, Math.min(part, values.length));
  }
  return values;
}

/** The vector, turned, with its largest value at 127. */
export function quantise(vector: Float32Array): Quantised {
  const spread = turned(vector);
  let largest = 0;
  for (const value of spread) largest = Math.max(largest, Math.abs(value));
  // Below this, single precision has no scale left; the vector is as good as zero.
  const scale = largest < smallestValue ? 1 : largest / 127;
  const values = new Int8Array(spread.length);
  for (let at = 0; at < spread.length; at += 1) values[at] = Math.round((spread[at] as number) / scale);
  return { scale: Math.fround(scale), values };
}

/** The vector at length one, so that a dot product is the cosine. The zero vector stays. */
export function normalise(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** The dot product of two vectors of one length. */
export function dot(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at += 1) sum += (one[at] as number) * (other[at] as number);
  return sum;
}

/** The dot product of a turned query with quantised values, before their scale. */
export function dotQuantised(query: Float32Array, values: Int8Array): number {
  let sum = 0;
  for (let at = 0; at < query.length; at += 1) sum += (query[at] as number) * (values[at] as number);
  return sum;
}
