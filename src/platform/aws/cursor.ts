import { CadreError } from '../../contracts/errors.ts';

/** An opaque cursor: the key where a listing goes on. */
export function encodeCursor(key: Record<string, unknown> | undefined): string | undefined {
  return key === undefined ? undefined : Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** Whether these are the attributes of a key, all of them texts, in the partition of this listing. */
function isKeyIn(key: Readonly<Record<string, unknown>>, partition: Readonly<Record<string, string>>): boolean {
  const names = ['pk', 'sk', ...('gsi1pk' in partition ? ['gsi1pk', 'gsi1sk'] : [])];
  if (Object.keys(key).length !== names.length) return false;
  const isText = (name: string): boolean => typeof key[name] === 'string' && key[name] !== '';
  return names.every(isText) && Object.entries(partition).every(([name, value]) => key[name] === value);
}

/**
 * The key of a cursor. Throws `invalid-input` for text that no listing gave out, and for the cursor of another one than that of this `partition` (`pk`, or `gsi1pk` of the index),
 * which the service would refuse.
 */
export function decodeCursor(
  cursor: string | undefined,
  partition?: Readonly<Record<string, string>>,
): Record<string, unknown> | undefined {
  if (cursor === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const isKey = typeof key === 'object' && key !== null && 'pk' in key && 'sk' in key;
    if (isKey && (partition === undefined || isKeyIn({ ...key }, partition))) return { ...key };
  } catch {
    // Falls through to the refusal: the reason is the same whatever the text was.
  }
  throw new CadreError('invalid-input', 'this cursor was not given out by this listing', { path: 'cursor' });
}
