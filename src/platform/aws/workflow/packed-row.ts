import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { CadreError } from '../../../contracts/errors.ts';
import { packedBytesMax } from '../../../contracts/limits.ts';

/**
 * What lives as long as its row, packed, so that it need not lie in the bucket, where values expire. Throws `too-large` for what fits no row; `what` it is and the `fix` are told.
 */
export function packed(value: unknown, what: { readonly name: string; readonly fix: string }): Uint8Array {
  const body = deflateRawSync(JSON.stringify(value));
  if (body.length <= packedBytesMax) return body;
  const message = `packed, the ${what.name} has ${body.length} bytes, more than ${packedBytesMax}: ${what.fix}`;
  throw new CadreError('too-large', message, { path: 'definition' });
}

/** The value that was packed. The table is ours alone, so its shape is trusted. */
export function unpacked(attribute: unknown): unknown {
  return JSON.parse(inflateRawSync(attribute as Uint8Array).toString());
}
