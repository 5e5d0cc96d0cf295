import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BrokenInput } from './broken-input.ts';
import { gitFiles } from './git.ts';
import { asset, languageOfPath, languageOfShebang, type Family, type Kind, type Language } from './languages.ts';
import { fileBytesMax, filesMax, generatedMeanLineChars } from './limits.ts';
import { compareText } from './ordering.ts';
import { readSource } from './source-file.ts';
import { walk } from './walk.ts';

/** One file of the tree: what it is, how large, and, when it cannot be analysed, why. */
export interface ScannedFile {
  readonly path: string;
  readonly language: string;
  readonly kind: Kind;
  readonly family: Family;
  readonly bytes: number;
  readonly lines: number;
  /** Set on a file whose analysis will fail; the plan gives it a task of its own. */
  readonly suspicion?: { readonly code: string; readonly reason: string };
}

/** A file that is counted but not analysed, with the reason. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

/** A whole tree, sorted by path. */
export interface Scan {
  readonly files: readonly ScannedFile[];
  readonly skipped: readonly SkippedFile[];
  readonly inGit: boolean;
  /** Files beyond the limit, which nobody looked at. */
  readonly leftOut: number;
}

/**
 * Lists and classifies the files of `root`: those git knows or would add, or, outside git, all but the usual build
 * products. Throws `unknown-root` when it is no folder, and the signal's reason when aborted.
 */
export async function scanTree(root: string, signal: AbortSignal = new AbortController().signal): Promise<Scan> {
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new BrokenInput('unknown-root', root, 'is no folder that can be read');
  }
  const tracked = await gitFiles(root, signal);
  // A folder that git ignores (a package in node_modules, say) lists as empty, yet somebody asked for its review.
  const inGit = tracked !== undefined && tracked.length > 0;
  const paths = (inGit ? tracked : await walk(root, signal)).sort(compareText);
  const files: ScannedFile[] = [];
  const skipped: SkippedFile[] = [];
  for (const [index, path] of paths.slice(0, filesMax).entries()) {
    if (index % 64 === 0) await nextTurn();
    signal.throwIfAborted();
    const seen = look(root, path);
    if (seen === undefined) continue;
    files.push(seen.file);
    if (seen.skipped !== undefined) skipped.push({ path, reason: seen.skipped });
  }
  return { files, skipped, inGit, leftOut: Math.max(0, paths.length - filesMax) };
}

interface Seen {
  readonly file: ScannedFile;
  readonly skipped?: string;
}

function look(root: string, path: string): Seen | undefined {
  const place = join(root, path);
  const status = lstatSync(place, { throwIfNoEntry: false });
  const guess = languageOfPath(path);
  if (status?.isSymbolicLink()) {
    const lost = statSync(place, { throwIfNoEntry: false }) === undefined;
    if (!lost || guess === undefined || guess.kind === 'asset') return undefined;
    return { file: fileOf(path, guess, 0, 0, { code: 'unreadable-file', reason: 'is a link to nothing' }) };
  }
  // A path git still knows but which is gone from the disk, a submodule, a socket: there is nothing to read.
  if (!status?.isFile()) return undefined;
  if (guess?.kind === 'asset') return { file: fileOf(path, asset, status.size, 0) };
  if (status.size > fileBytesMax) {
    return { file: fileOf(path, asset, status.size, 0), skipped: `over ${fileBytesMax} bytes` };
  }
  return lookInside(root, path, guess, status.size);
}

function lookInside(root: string, path: string, guess: Language | undefined, bytes: number): Seen {
  try {
    const text = readSource(root, path);
    const language = guess ?? languageOfShebang(text.slice(0, 200)) ?? asset;
    const lines = countLines(text);
    if (language.kind === 'code' && isGenerated(path, text, lines)) {
      return { file: fileOf(path, { ...language, kind: 'asset' }, bytes, lines), skipped: 'generated or minified' };
    }
    return { file: fileOf(path, language, bytes, lines) };
  } catch (error) {
    if (!(error instanceof BrokenInput)) throw error;
    // Without a known ending, bytes that are no text are simply a binary file.
    if (guess === undefined) return { file: fileOf(path, asset, bytes, 0) };
    return { file: fileOf(path, guess, bytes, 0, { code: error.code, reason: error.reason }) };
  }
}

/** A machine wrote it: its name, its first lines or its very long lines say so. */
function isGenerated(path: string, text: string, lines: number): boolean {
  if (/\.generated\.\w|(?:_pb2|\.pb)\.\w+$/u.test(path)) return true;
  return (
    /^.{0,8}(?:@generated|Code generated .* DO NOT EDIT)/mu.test(text.slice(0, 1_000)) ||
    text.length / Math.max(1, lines) > generatedMeanLineChars
  );
}

function fileOf(
  path: string,
  language: Language,
  bytes: number,
  lines: number,
  suspicion?: ScannedFile['suspicion'],
): ScannedFile {
  const file = { path, language: language.name, kind: language.kind, family: language.family, bytes, lines };
  return suspicion === undefined ? file : { ...file, suspicion };
}

/** Lines of a text; a last line without its newline counts. */
export function countLines(text: string): number {
  if (text === '') return 0;
  let lines = text.endsWith('\n') ? 0 : 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
