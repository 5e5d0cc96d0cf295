import type { TaskRow } from '../../../contracts/rows.ts';

/** The rule of a task about others with its key; undefined: it has none. */
export function keyRuleOf({ distribution_rules: rules }: Pick<TaskRow, 'distribution_rules'>) {
  if (rules?.singleton !== undefined) return { kind: 'singleton', ...rules.singleton } as const;
  return rules?.debounce === undefined ? undefined : ({ kind: 'debounce', ...rules.debounce } as const);
}
export type KeyRule = NonNullable<ReturnType<typeof keyRuleOf>>;
