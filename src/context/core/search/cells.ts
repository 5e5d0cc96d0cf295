import { byteReader, byteWriter } from './bytes.ts';
import { dot, dotQuantised, normalise, type Quantised } from './quantise.ts';

/** Fewer vectors than this are read whole: cells would cost more calls than they save bytes. */
const clusteredMin = 2_048;
/** More cells: a larger table of centroids to read before the first vector. */
const cellsMax = 512;
const iterations = 6;
/** Vectors for each centroid that is learnt; more hardly move it. */
const samplesPerCentroid = 32;

/** A vector of a segment's document. */
export interface PlacedVector extends Quantised {
  readonly ordinal: number;
}

/** Vectors that lie together, with the middle of them. */
export interface Cell {
  readonly centroid: Float32Array;
  readonly members: readonly PlacedVector[];
}

/** The position of the centroid that looks most in the vector's direction. */
function nearest(centroids: readonly Float32Array[], values: Int8Array): number {
  let best = 0;
  let highest = -Infinity;
  for (const [at, centroid] of centroids.entries()) {
    const likeness = dotQuantised(centroid, values);
    if (likeness > highest) [best, highest] = [at, likeness];
  }
  return best;
}

function everyNth<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count);
  return Array.from({ length: Math.min(count, items.length) }, (_, at) => items[Math.floor(at * step)] as T);
}

/** Spherical k-means on a sample; begins with evenly spaced vectors, so that the same input gives the same cells. */
function learnCentroids(vectors: readonly PlacedVector[], count: number): Float32Array[] {
  const sample = everyNth(vectors, count * samplesPerCentroid);
  let centroids = everyNth(sample, count).map(({ values }) => normalise(Float32Array.from(values)));
  for (let round = 0; round < iterations; round += 1) {
    const sums = centroids.map((centroid) => new Float32Array(centroid.length));
    for (const { values } of sample) {
      const sum = sums[nearest(centroids, values)];
      if (sum !== undefined)
        for (let at = 0; at < sum.length; at += 1) sum[at] = (sum[at] as number) + (values[at] as number);
    }
    centroids = sums.map((sum, at) => (sum.some((value) => value !== 0) ? normalise(sum) : (centroids[at] ?? sum)));
  }
  return centroids;
}

function split(vectors: readonly PlacedVector[], count: number): Cell[] {
  const centroids = learnCentroids(vectors, count);
  const members = centroids.map((): PlacedVector[] => []);
  for (const vector of vectors) members[nearest(centroids, vector.values)]?.push(vector);
  return centroids.flatMap((centroid, at) => {
    const own = members[at] ?? [];
    return own.length === 0 ? [] : [{ centroid, members: own }];
  });
}

/**
 * The vectors in about as many cells as the root of their number (an inverted file, IVF). They are split twice, coarsely and then within each
 * part, because that compares a vector with 2√k centroids instead of k.
 */
export function toCells(vectors: readonly PlacedVector[]): Cell[] {
  if (vectors.length < clusteredMin) return vectors.length === 0 ? [] : split(vectors, 1);
  const count = Math.min(cellsMax, Math.round(Math.sqrt(vectors.length)));
  return split(vectors, Math.ceil(Math.sqrt(count))).flatMap(({ members }) =>
    split(members, Math.max(1, Math.round((members.length / vectors.length) * count))),
  );
}

/** The cells as the segment's parts: the members of each together, and the table that says where each cell is. Numbers are little-endian. */
export function packCells(cells: readonly Cell[]): { vectors: Uint8Array; table: Uint8Array } {
  const vectors = byteWriter(1 << 16);
  const table = byteWriter(1 << 12);
  for (const { centroid, members } of cells) {
    table.integer(members.length);
    table.bytes(new Uint8Array(centroid.slice().buffer));
    vectors.bytes(new Uint8Array(Uint32Array.from(members, ({ ordinal }) => ordinal).buffer));
    vectors.bytes(new Uint8Array(Float32Array.from(members, ({ scale }) => scale).buffer));
    for (const { values } of members) vectors.bytes(new Uint8Array(values.buffer, values.byteOffset, values.length));
  }
  return { vectors: vectors.done(), table: table.done() };
}

/** Where a cell's members are in the segment's vectors. */
export interface CellPlace {
  readonly centroid: Float32Array;
  readonly from: number;
  readonly to: number;
}

/** The table that `packCells` packed. */
export function unpackTable(bytes: Uint8Array, dimensions: number): CellPlace[] {
  const reader = byteReader(bytes);
  const places: CellPlace[] = [];
  let from = 0;
  while (!reader.done) {
    const to = from + reader.integer() * (8 + dimensions);
    places.push({ centroid: new Float32Array(reader.bytes(dimensions * 4).slice().buffer), from, to });
    from = to;
  }
  return places;
}

/** Calls `each` with every member of a cell; `values` is a view. */
export function eachMember(
  bytes: Uint8Array,
  dimensions: number,
  each: (ordinal: number, scale: number, values: Int8Array) => void,
): void {
  const count = bytes.length / (8 + dimensions);
  const own = bytes.slice();
  const ordinals = new Uint32Array(own.buffer, 0, count);
  const scales = new Float32Array(own.buffer, 4 * count, count);
  for (let at = 0; at < count; at += 1) {
    const values = new Int8Array(own.buffer, 8 * count + at * dimensions, dimensions);
    each(ordinals[at] ?? 0, scales[at] ?? 0, values);
  }
}

/** The places whose centroids look most in the query's direction, best first. */
export function nearestCells(places: readonly CellPlace[], query: Float32Array, count: number): CellPlace[] {
  return places
    .map((place) => ({ place, likeness: dot(place.centroid, query) }))
    .sort((one, other) => other.likeness - one.likeness)
    .slice(0, count)
    .map(({ place }) => place);
}
