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
  const values = new Int8Array(vector.length);
  for (let at = 0; at < vector.length; at += 1) values[at] = Math.round((vector[at] as number) / scale);
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

/**
 * The dot product of a query with quantised values, before their scale. Four sums at once: a question calls it for each vector that it looks at, and
 * one sum has to wait for itself.
 */
export function dotQuantised(query: Float32Array, values: Int8Array): number {
  let [one, two, three, four] = [0, 0, 0, 0];
  const even = query.length - (query.length % 4);
  for (let at = 0; at < even; at += 4) {
    one += (query[at] as number) * (values[at] as number);
    two += (query[at + 1] as number) * (values[at + 1] as number);
    three += (query[at + 2] as number) * (values[at + 2] as number);
    four += (query[at + 3] as number) * (values[at + 3] as number);
  }
  for (let at = even; at < query.length; at += 1) one += (query[at] as number) * (values[at] as number);
  return one + two + three + four;
}
