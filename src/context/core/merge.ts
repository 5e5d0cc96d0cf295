import type { MergeConflict } from '../../contracts/context/requests.ts';
import type { MergeRule } from '../../contracts/context/merge-rules.ts';
import type { Json } from '../../contracts/json.ts';
import { isList, isObject, keysOf, pointerOf, sameJson } from './pointer.ts';
import { mergePlace, type Sides } from './merge-policies.ts';

/** A place whose value an expression decides: the merge itself evaluates nothing. */
export interface CustomPlace extends Sides {
  readonly path: readonly string[];
  readonly expression: string;
}

/** What a three-way merge came to. `data` counts only when there are no conflicts, and once the custom places are filled in. */
export interface Merged {
  readonly data: Json | undefined;
  readonly conflicts: readonly MergeConflict[];
  readonly custom: readonly CustomPlace[];
}

interface Progress {
  readonly rules: readonly { readonly keys: readonly string[]; readonly rule: MergeRule }[];
  readonly conflicts: MergeConflict[];
  readonly custom: CustomPlace[];
}

/**
 * Merges two changes of one value: `ours` is what is stored, `theirs` what comes later, `base` what both began from. A place that one side left
 * alone takes the other side's value; objects merge key by key, lists of the same length index by index; a place that both changed is merged by
 * its rule, or is a conflict. Nothing that a side changed is ever lost without a rule that says so.
 */
export function merge(
  base: Json | undefined,
  ours: Json | undefined,
  theirs: Json | undefined,
  rules: readonly MergeRule[],
): Merged {
  const progress: Progress = {
    rules: rules.map((rule) => ({ keys: keysOf(rule.path), rule })),
    conflicts: [],
    custom: [],
  };
  const data = mergeAt({ base, ours, theirs }, [], progress);
  return { data, conflicts: progress.conflicts, custom: progress.custom };
}

/** The first rule for a place; `*` stands for any key. */
function ruleFor(path: readonly string[], { rules }: Progress): MergeRule | undefined {
  return rules.find(
    ({ keys }) => keys.length === path.length && keys.every((key, level) => key === '*' || key === path[level]),
  )?.rule;
}

function mergeAt(sides: Sides, path: readonly string[], progress: Progress): Json | undefined {
  const { base, ours, theirs } = sides;
  if (sameJson(theirs, base)) return ours;
  if (sameJson(ours, base)) return theirs;
  const rule = ruleFor(path, progress);
  if (rule?.policy === 'custom') {
    progress.custom.push({ ...sides, path, expression: rule.expression ?? '' });
    return ours;
  }
  if (rule !== undefined) {
    const merged = mergePlace(rule.policy, sides);
    if (!('reason' in merged)) return merged.value;
    return conflict(sides, path, merged.reason, progress);
  }
  if (isObject(ours) && isObject(theirs) && (base === undefined || isObject(base))) {
    return mergeObjects(base ?? {}, ours, theirs, path, progress);
  }
  if (isList(ours) && isList(theirs) && isList(base) && ours.length === base.length && theirs.length === base.length) {
    return base.map(
      (each, index) =>
        mergeAt({ base: each, ours: ours[index], theirs: theirs[index] }, [...path, String(index)], progress) ?? null,
    );
  }
  // Only here: two equal containers may hold places whose rule adds both changes.
  if (sameJson(ours, theirs)) return ours;
  return conflict(sides, path, 'both changed it, and no rule says how to merge it', progress);
}

function mergeObjects(
  base: Readonly<Record<string, Json>>,
  ours: Readonly<Record<string, Json>>,
  theirs: Readonly<Record<string, Json>>,
  path: readonly string[],
  progress: Progress,
): Json {
  const of = (side: Readonly<Record<string, Json>>, key: string) => (Object.hasOwn(side, key) ? side[key] : undefined);
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return Object.fromEntries(
    [...keys].flatMap((key): [string, Json][] => {
      const inside = { base: of(base, key), ours: of(ours, key), theirs: of(theirs, key) };
      const value = mergeAt(inside, [...path, key], progress);
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

function conflict(
  { base, ours, theirs }: Sides,
  path: readonly string[],
  reason: string,
  progress: Progress,
): Json | undefined {
  progress.conflicts.push({
    path: pointerOf(path),
    ...(base === undefined ? {} : { base }),
    ...(ours === undefined ? {} : { ours }),
    ...(theirs === undefined ? {} : { theirs }),
    reason,
  });
  return ours;
}
