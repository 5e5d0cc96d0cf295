import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { BrokenInput } from './broken-input.ts';
import { fileBytesMax } from './limits.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The absolute place of `path` below `root`. Refuses, as `path-outside-root`, a path that leaves the root by `..`, by
 * being absolute or by a symbolic link: paths arrive in messages, and a message must not choose what an agent reads.
 */
export function placeBelow(root: string, path: string): string {
  if (path.includes('\0') || isAbsolute(path)) throw outside(path);
  const place = resolve(root, path);
  if (!isBelow(resolve(root), place)) throw outside(path);
  let real: string;
  try {
    real = realpathSync(place);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (!isBelow(realpathSync(root), real)) throw outside(path);
  return real;
}

/**
 * The text of one file below `root`. What is not sound text is refused with a code that says why: `unreadable-file`,
 * `file-too-large`, `nul-bytes`, `invalid-utf8`.
 */
export function readSource(root: string, path: string): string {
  return decodeSource(path, readBytes(path, placeBelow(root, path)));
}

/** Decodes bytes as strict UTF-8, or refuses them as {@link readSource} does. */
export function decodeSource(path: string, bytes: Uint8Array): string {
  if (bytes.includes(0)) throw new BrokenInput('nul-bytes', path, 'holds NUL bytes, so it is no source text');
  try {
    return decoder.decode(bytes);
  } catch {
    throw new BrokenInput('invalid-utf8', path, 'is not valid UTF-8');
  }
}

function readBytes(path: string, place: string): Uint8Array {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
    descriptor = openSync(place, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new BrokenInput('unreadable-file', path, 'is not a regular file');
    if (status.size > fileBytesMax) throw new BrokenInput('file-too-large', path, `is over ${fileBytesMax} bytes`);
    return readFileSync(descriptor);
  } catch (error) {
    throw error instanceof BrokenInput ? error : unreadable(path, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function isBelow(root: string, place: string): boolean {
  const way = relative(root, place);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

const outside = (path: string): BrokenInput =>
  new BrokenInput('path-outside-root', path, 'leads out of the reviewed tree');

function unreadable(path: string, error: unknown): BrokenInput {
  const cause = (error as NodeJS.ErrnoException).code ?? 'unknown';
  const reason =
    cause === 'ENOENT' ? 'does not exist, or is a link to nothing' : cause === 'EACCES' ? 'permission denied' : cause;
  return new BrokenInput('unreadable-file', path, reason);
}
