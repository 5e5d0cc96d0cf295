/** A vector in one byte a dimension: `values × scale`, to about half a percent of its largest value. */
export interface Quantised {
  readonly scale: number;
  readonly values: Int8Array;
}

const smallestValue = 1e-30;

/** The vector with its largest value at 127. */
export function quantise(vector: Float32Array): Quantised {
  let largest = 0;
  for (const value of vector) largest = Math.max(largest, Math.abs(value));
  // Below this, single precision has no scale left; the vector is as good as zero.
  const scale = largest < smallestValue ? 1 : largest / 127;
  return { scale: Math.fround(scale), values: Int8Array.from(vector, (value) => Math.round(value / scale)) };
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
  for (let at = 0; at < one.length; at += 1) sum += (one[at] ?? 0) * (other[at] ?? 0);
  return sum;
}

/** The dot product of a query with the quantised vector that begins at `from`, before its scale. */
export function dotQuantised(query: Float32Array, values: Int8Array, from = 0): number {
  let sum = 0;
  for (let at = 0; at < query.length; at += 1) sum += (query[at] ?? 0) * (values[from + at] ?? 0);
  return sum;
}
