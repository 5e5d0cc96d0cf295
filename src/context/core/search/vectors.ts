import type { Quantised } from './quantise.ts';

/** Vectors that are read in one range. More: fewer calls where documents written together are alike; fewer: fewer bytes where they are not. */
export const vectorsPerRange = 16;

/** Bytes of one vector: its scale, then its values. */
export const vectorBytes = (dimensions: number) => 4 + dimensions;

/** Vectors by ordinal, each in as many bytes; one that is not there has the scale 0. */
export function packVectors(vectors: readonly (Quantised | undefined)[], dimensions: number): Uint8Array {
  const each = vectorBytes(dimensions);
  const bytes = new Uint8Array(vectors.length * each);
  const view = new DataView(bytes.buffer);
  for (const [at, vector] of vectors.entries()) {
    if (vector === undefined) continue;
    view.setFloat32(at * each, vector.scale, true);
    bytes.set(new Uint8Array(vector.values.buffer, vector.values.byteOffset, vector.values.length), at * each + 4);
  }
  return bytes;
}

/** The vector at a place among packed ones, as a view; undefined where there is none. */
export function vectorAt(bytes: Uint8Array, dimensions: number, place: number): Quantised | undefined {
  const from = bytes.byteOffset + place * vectorBytes(dimensions);
  const scale = new DataView(bytes.buffer, from, 4).getFloat32(0, true);
  return scale === 0 ? undefined : { scale, values: new Int8Array(bytes.buffer, from + 4, dimensions) };
}
