import type { MergeConflict } from '../../../contracts/context/requests.ts';
import type { MergeRule } from '../../../contracts/context/merge-rules.ts';
import type { Json } from '../../../contracts/json.ts';
import { keepingMasked, withoutMasked, type Access } from '../../core/access.ts';
import { evaluated } from './evaluate-expression.ts';
import { merge, type CustomPlace } from '../../core/merge.ts';
import { pointerOf, withValueAt } from '../../core/pointer.ts';

/** Merged data, or the places that two changes cannot share. */
export type MergeOutcome =
  { readonly ok: true; readonly data: Json } | { readonly ok: false; readonly conflicts: MergeConflict[] };

/** The value that an expression gives for a place; a failure or nothing is a conflict there, told with its reason. */
async function evaluate({
  path,
  expression,
  base,
  ours,
  theirs,
}: CustomPlace): Promise<{ value: Json } | MergeConflict> {
  const conflict = (reason: string): MergeConflict => ({
    path: pointerOf(path),
    ...(base === undefined ? {} : { base }),
    ...(ours === undefined ? {} : { ours }),
    ...(theirs === undefined ? {} : { theirs }),
    reason,
  });
  const outcome = await evaluated(expression, { base, ours, theirs });
  return 'value' in outcome ? outcome : conflict(outcome.reason);
}

/**
 * Merges two changes of one document's data, the custom rules included, as the later writer sees it: no side, and so no rule, has the places that are
 * masked for it. In the merged data they are as they are stored.
 */
export async function mergeData(
  sides: { readonly base: Json; readonly ours: Json; readonly theirs: Json },
  rules: readonly MergeRule[],
  { mask }: Access,
): Promise<MergeOutcome> {
  const seen = (data: Json) => withoutMasked(data, mask);
  const merged = merge(seen(sides.base), seen(sides.ours), seen(sides.theirs), rules);
  const conflicts = [...merged.conflicts];
  let data = merged.data ?? null;
  for (const place of merged.custom) {
    const decided = await evaluate(place);
    if ('value' in decided) data = withValueAt(data, place.path, decided.value) ?? null;
    else conflicts.push(decided);
  }
  return conflicts.length === 0 ? { ok: true, data: keepingMasked(data, sides.ours, mask) } : { ok: false, conflicts };
}
