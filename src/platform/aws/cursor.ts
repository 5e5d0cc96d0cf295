import { CadreError } from '../../contracts/errors.ts';

/** An opaque cursor: the key where a listing goes on. */
export function encodeCursor(key: Record<string, unknown> | undefined): string | undefined {
  return key === undefined ? undefined : Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The key of a cursor. Throws `invalid-input` for text that no listing gave out. */
export function decodeCursor(cursor: string | undefined): Record<string, unknown> | undefined {
  if (cursor === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (typeof key === 'object' && key !== null && 'pk' in key && 'sk' in key) return key;
  } catch {
    // Falls through to the refusal: the reason is the same whatever the text was.
  }
  throw new CadreError('invalid-input', 'this cursor was not given out by a listing', { path: 'cursor' });
}
