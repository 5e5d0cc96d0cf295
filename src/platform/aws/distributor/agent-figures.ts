import type { TypeFigures } from '../../../contracts/rows.ts';
import type { FiguresAging, FiguresChange } from '../../../distributor/core/agents/figures.ts';
import type { Item } from '../item.ts';

const sums = ['completed', 'failed', 'log', 'log_squared', 'micro_usd', 'tokens'] as const;
const prefix = 'figure:';

/** The attribute of one sum: of its own and at the top, since an addition can create only those. */
function attribute(sum: string, type: string): string {
  return `${prefix}${sum}:${type}`;
}

/** The figures among an agent's attributes; undefined of one that has none. */
export function figuresIn(item: Item): Readonly<Record<string, TypeFigures>> | undefined {
  let figures: Record<string, Record<string, number>> | undefined;
  for (const name in item) {
    if (!name.startsWith(prefix)) continue;
    const end = name.indexOf(':', prefix.length);
    const [sum, type] = [name.slice(prefix.length, end), name.slice(end + 1)];
    figures ??= {};
    const own = (figures[type] ??= { completed: 0, failed: 0, log: 0, log_squared: 0, micro_usd: 0, tokens: 0 });
    own[sum] = item[name] as number;
  }
  return figures as unknown as Readonly<Record<string, TypeFigures>> | undefined;
}

/** True for an attribute that `figuresIn` reads. */
export function isFigure(name: string): boolean {
  return name.startsWith(prefix);
}

/** Parts of an update expression. */
interface UpdateParts {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly conditions: readonly string[];
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number>>;
}

/** Adds figures, in the update that frees the slots. */
export function figuresUpdate(change: FiguresChange): UpdateParts {
  const names: Record<string, string> = {};
  const values: Record<string, number> = {};
  const add: string[] = [];
  for (const [at, [type, figures]] of Object.entries(change).entries()) {
    for (const sum of sums) {
      if (figures[sum] === 0) continue;
      names[`#${sum}${at}`] = attribute(sum, type);
      values[`:${sum}${at}`] = figures[sum];
      add.push(`#${sum}${at} :${sum}${at}`);
    }
  }
  return { add, remove: [], conditions: [], names, values };
}

/** Halves figures by subtraction, so that what is added meanwhile is kept; its condition stops the second of two that saw the same. */
export function agingUpdate({ halve, forget }: FiguresAging): UpdateParts {
  const half = Object.fromEntries(
    Object.entries(halve).map(([type, figures]) => [
      type,
      Object.fromEntries(sums.map((sum) => [sum, -Math.floor(figures[sum] / 2)])) as unknown as TypeFigures,
    ]),
  );
  const { add, names, values } = figuresUpdate(half);
  const seen = Object.values(halve).map(({ completed, failed }, at) => ({ at, completed, failed }));
  const forgotten = forget.flatMap((type) => sums.map((sum) => attribute(sum, type)));
  const conditions = seen.flatMap(({ at, completed, failed }) => [
    ...(completed > 1 ? [`#completed${at} >= :seen_completed${at}`] : []),
    ...(failed > 1 ? [`#failed${at} >= :seen_failed${at}`] : []),
  ]);
  const seenValues = seen.flatMap(({ at, completed, failed }): [string, number][] => [
    ...(completed > 1 ? [[`:seen_completed${at}`, completed] as [string, number]] : []),
    ...(failed > 1 ? [[`:seen_failed${at}`, failed] as [string, number]] : []),
  ]);
  return {
    add,
    remove: forgotten.map((_, at) => `#forgotten${at}`),
    conditions,
    names: { ...names, ...Object.fromEntries(forgotten.map((name, at) => [`#forgotten${at}`, name])) },
    values: { ...values, ...Object.fromEntries(seenValues) },
  };
}
