import { duplicatePairsMax, duplicatePlacesMax, fingerprintsBytesMax } from '../limits.ts';
import type { MaskedSource } from '../masked-source.ts';
import { byKeys } from '../ordering.ts';

/** Significant lines in one fingerprint. */
export const fingerprintLines = 6;
/** Neighbouring fingerprints of which the smallest is kept: any shared block of 6 + 3 - 1 = 8 lines leaves one. */
export const winnowingWindow = 3;
/** Shorter shared blocks are idiom, not duplication. */
export const duplicateLinesMin = 10;

/** The fingerprints of one file: pairs of a hash and the index of the significant line at which it starts. */
export interface Fingerprints {
  readonly path: string;
  readonly marks: readonly number[];
}

/** A line as it is compared, with its number in the file. */
export interface SignificantLine {
  readonly text: string;
  readonly line: number;
}

/** The same block at two places, with its length in significant lines. */
export interface Duplicate {
  readonly lines: number;
  readonly first: { readonly path: string; readonly from: number; readonly to: number };
  readonly second: { readonly path: string; readonly from: number; readonly to: number };
}

/** The lines that count: code without comments, white space and bare brackets, imports left out. */
export function significantLines(text: string, source: MaskedSource): SignificantLine[] {
  const kept: SignificantLine[] = [];
  const raw = text.split('\n');
  for (const [index, masked] of source.code.split('\n').entries()) {
    const bare = masked.trim();
    if (!/[A-Za-z0-9]/u.test(bare) || /^(?:import|from|using|package|#include|use|export \*)\b/u.test(bare)) continue;
    // Strings count as they stand: two tables of different words are not the same block.
    kept.push({ text: (raw[index] ?? '').trim().replace(/\s+/gu, ' '), line: index + 1 });
  }
  return kept;
}

/** The fingerprints of one file by winnowing (Schleimer, Wilkerson, Aiken 2003). */
export function fingerprintsOf(path: string, lines: readonly SignificantLine[]): Fingerprints {
  const hashes = lines.map((line) => hashText(line.text));
  const grams: number[] = [];
  for (let at = 0; at + fingerprintLines <= hashes.length; at++) {
    grams.push(hashes.slice(at, at + fingerprintLines).reduce((hash, next) => mix(hash, next), 0x811c9dc5));
  }
  const marks: number[] = [];
  let last = -1;
  for (let from = 0; from < grams.length; from++) {
    let smallest = from;
    for (let at = from + 1; at < Math.min(grams.length, from + winnowingWindow); at++) {
      if ((grams[at] ?? 0) <= (grams[smallest] ?? 0)) smallest = at;
    }
    if (smallest === last) continue;
    marks.push(grams[smallest] ?? 0, smallest);
    last = smallest;
  }
  return { path, marks };
}

/**
 * Thins the fingerprints of a group until they fit a message. It keeps hashes by their value, so that two groups keep
 * the same ones and long blocks still meet.
 */
export function thin(files: readonly Fingerprints[]): Fingerprints[] {
  let kept = files.filter((file) => file.marks.length > 0);
  for (let divisor = 2; JSON.stringify(kept).length > fingerprintsBytesMax && divisor <= 1_024; divisor *= 2) {
    kept = kept.map(({ path, marks }) => ({
      path,
      marks: marks.filter((_, at) => (marks[at - (at % 2)] ?? 0) % divisor === 0),
    }));
  }
  return kept.filter((file) => file.marks.length > 0);
}

/**
 * Joins the fingerprints of all groups and compares the candidates line by line with `linesOf`, growing each to its
 * full length. Answers the longest blocks first; a block inside another one of the same two files is left out.
 */
export function findDuplicates(
  files: readonly Fingerprints[],
  linesOf: (path: string) => readonly SignificantLine[],
): Duplicate[] {
  const found: Duplicate[] = [];
  const covered = new Map<string, { from: number; to: number }[]>();
  for (const { a, b } of candidates(files)) {
    const left = linesOf(a.path);
    const right = linesOf(b.path);
    // Two places on one diagonal belong to the same block.
    const diagonal = `${a.path}\0${b.path}\0${a.at - b.at}`;
    const known = covered.get(diagonal) ?? [];
    if (known.some(({ from, to }) => a.at >= from && a.at < to)) continue;
    const { from, to } = grow(left, right, a.at, b.at, a.path === b.path);
    if (to - from < duplicateLinesMin) continue;
    covered.set(diagonal, [...known, { from, to }]);
    const shift = b.at - a.at;
    found.push({
      lines: to - from,
      first: place(a.path, left, from, to),
      second: place(b.path, right, from + shift, to + shift),
    });
  }
  return withoutNested(found);
}

interface Place {
  readonly path: string;
  readonly at: number;
}

function candidates(files: readonly Fingerprints[]): { a: Place; b: Place }[] {
  const places = new Map<number, Place[]>();
  for (const { path, marks } of [...files].sort(byKeys((file) => file.path))) {
    for (let at = 0; at + 1 < marks.length; at += 2) {
      const hash = marks[at] ?? 0;
      const known = places.get(hash) ?? [];
      if (known.push({ path, at: marks[at + 1] ?? 0 }) === 1) places.set(hash, known);
    }
  }
  const pairs: { a: Place; b: Place }[] = [];
  for (const known of places.values()) {
    if (known.length > duplicatePlacesMax) continue;
    for (const [index, a] of known.entries()) {
      for (const b of known.slice(index + 1)) if (pairs.length < duplicatePairsMax * 10) pairs.push({ a, b });
    }
  }
  return pairs.sort(
    byKeys(
      (each) => each.a.path,
      (each) => each.b.path,
      (each) => -each.a.at,
      (each) => -each.b.at,
    ),
  );
}

function grow(
  left: readonly SignificantLine[],
  right: readonly SignificantLine[],
  a: number,
  b: number,
  same: boolean,
) {
  const shift = b - a;
  const matches = (at: number): boolean => left[at] !== undefined && left[at].text === right[at + shift]?.text;
  let from = a;
  let to = a;
  // Within one file a block must not grow into its own copy.
  while (matches(to) && (!same || to < b)) to++;
  if (to === a) return { from, to };
  while (matches(from - 1) && (!same || to - from < Math.abs(shift))) from--;
  return { from, to };
}

function place(path: string, lines: readonly SignificantLine[], from: number, to: number): Duplicate['first'] {
  return { path, from: lines[from]?.line ?? 0, to: lines[to - 1]?.line ?? 0 };
}

const longestFirst = byKeys<Duplicate>(
  (each) => each.lines,
  (each) => each.first.path,
  (each) => each.second.path,
  (each) => -each.first.from,
  (each) => -each.second.from,
);

function withoutNested(found: readonly Duplicate[]): Duplicate[] {
  const kept: Duplicate[] = [];
  for (const each of [...found].sort(longestFirst)) {
    const nested = kept.some((other) => inside(each.first, other.first) && inside(each.second, other.second));
    if (!nested && kept.length < duplicatePairsMax) kept.push(each);
  }
  return kept;
}

const inside = (inner: Duplicate['first'], outer: Duplicate['first']): boolean =>
  inner.path === outer.path && inner.from >= outer.from && inner.to <= outer.to;

/** FNV-1a over UTF-16 units: fast, and the same on every machine. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = mix(hash, text.charCodeAt(at));
  return hash;
}

const mix = (hash: number, next: number): number => Math.imul(hash ^ next, 0x01000193) >>> 0;
