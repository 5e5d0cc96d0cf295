import { createHash } from 'node:crypto';
import { CadreError } from '../../contracts/errors.ts';

/** Before what could not begin a level as it is. No escape follows it, so that it can be told from a text that begins with `0_`. */
const prefix = '0_';
/** Characters of a level. Longer: a checkpoint's levels pass what a document's id may have. */
const levelCharactersMax = 56;

/** Any text as one level of a document's id: what an id may not have is escaped as `_` and its bytes in hex. No two texts share a level. */
export function levelOf(text: string): string {
  if (!text.isWellFormed()) throw new CadreError('invalid-input', 'half of a surrogate pair is no UTF-8 text');
  const escaped = encodeURIComponent(text)
    .replace(/[_!~*'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%', '_');
  return /^[A-Za-z0-9]/.test(escaped) ? escaped : `${prefix}${escaped}`;
}

/** The text of a level. */
export function textOf(level: string): string {
  return decodeURIComponent(level.replace(/^0_(?![0-9A-F]{2})/, '').replaceAll('_', '%'));
}

/** The same for texts of any length, which cannot be told from their level: a long one becomes its hash. */
export function shortLevelOf(text: string): string {
  const level = levelOf(text);
  return level.length <= levelCharactersMax
    ? level
    : `${prefix}h${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
}

/** The same for ids that grow with time (LangGraph's are UUIDs of version 6): the newest one comes first in a listing. */
export function newestFirstLevelOf(id: string): string {
  return shortLevelOf(id).replace(/[0-9a-f]/g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));
}
