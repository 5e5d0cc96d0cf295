import { diff3Merge } from 'node-diff3';
import type { MergeRule } from '../../contracts/context/merge-rules.ts';
import { canonicalJson, type Json } from '../../contracts/json.ts';
import { isList, sameJson } from './pointer.ts';

/** A place on the three sides; undefined where a side has nothing. */
export interface Sides {
  readonly base: Json | undefined;
  readonly ours: Json | undefined;
  readonly theirs: Json | undefined;
}

/** The merged value (undefined: nothing), or why there is none. */
export type PlaceMerge = { readonly value: Json | undefined } | { readonly reason: string };

/** Merges a place that both sides changed. */
export function mergePlace(policy: Exclude<MergeRule['policy'], 'custom'>, sides: Sides): PlaceMerge {
  switch (policy) {
    case 'last_writer':
      return { value: sides.theirs };
    case 'max':
      return numbers(sides, (_base, ours, theirs) => Math.max(ours, theirs));
    case 'min':
      return numbers(sides, (_base, ours, theirs) => Math.min(ours, theirs));
    case 'sum':
      return numbers(sides, (base, ours, theirs) => ours + theirs - base);
    case 'union':
      return union(sides);
    case 'append':
      return append(sides);
    case 'text':
      return text(sides);
  }
}

/** Numbers; without a base both began at 0, which matters to a sum only. */
function numbers(
  { base = 0, ours, theirs }: Sides,
  of: (base: number, ours: number, theirs: number) => number,
): PlaceMerge {
  if (typeof base !== 'number' || typeof ours !== 'number' || typeof theirs !== 'number')
    return { reason: 'the rule is for numbers, and a side has something else there' };
  const value = of(base, ours, theirs);
  return Number.isFinite(value) ? { value } : { reason: 'the sum is too large for a number' };
}

/** Lists as sets: what a side added is in, what a side took away is out. Ours keeps its order, additions of theirs follow. */
function union({ base = [], ours, theirs }: Sides): PlaceMerge {
  if (!isList(base) || !isList(ours) || !isList(theirs))
    return { reason: 'the rule is for lists, and a side has something else there' };
  const keys = (list: readonly Json[]) => new Set(list.map(canonicalJson));
  const [before, mine, later] = [keys(base), keys(ours), keys(theirs)];
  const seen = new Set<string>();
  const once = (each: Json): boolean => {
    const key = canonicalJson(each);
    return !seen.has(key) && Boolean(seen.add(key));
  };
  const kept = ours.filter((each) => !before.has(canonicalJson(each)) || later.has(canonicalJson(each)));
  const added = theirs.filter((each) => !before.has(canonicalJson(each)) && !mine.has(canonicalJson(each)));
  return { value: [...kept, ...added].filter(once) };
}

/** Lists that only grow: both additions stay, the stored one first. */
function append({ base = [], ours, theirs }: Sides): PlaceMerge {
  if (!isList(base) || !isList(ours) || !isList(theirs))
    return { reason: 'the rule is for lists, and a side has something else there' };
  const grew = (list: readonly Json[]) =>
    list.length >= base.length && base.every((each, at) => sameJson(each, list[at]));
  if (!grew(ours) || !grew(theirs)) return { reason: 'a side changed what was in the list, which only grows' };
  return { value: [...ours, ...theirs.slice(base.length)] };
}

/** Texts line by line, as diff3 merges them. */
function text({ base = '', ours, theirs }: Sides): PlaceMerge {
  if (typeof base !== 'string' || typeof ours !== 'string' || typeof theirs !== 'string')
    return { reason: 'the rule is for texts, and a side has something else there' };
  const regions = diff3Merge(ours.split('\n'), base.split('\n'), theirs.split('\n'), { excludeFalseConflicts: true });
  const lines: string[] = [];
  for (const { ok } of regions) {
    if (ok === undefined) return { reason: 'both changed the same lines' };
    lines.push(...ok);
  }
  return { value: lines.join('\n') };
}
