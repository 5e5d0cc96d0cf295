import { type Waits, waitsOf } from './measures.ts';
import type { Work } from './work.ts';

/** What became of the tasks of one namespace or submitter. */
export interface SharerReport {
  readonly tasks: number;
  /** From the submission to the first start. */
  readonly wait_ms: Waits;
  /** Its part (0 to 1) of the starts that were made while tasks of more than one of them waited; 0 where there were none. */
  readonly share: number;
}

/** How many starts each had while others waited too; what starts in a moment in which it came has waited for nobody. */
function contested(work: readonly Work[], startedAt: Float64Array, nameOf: (index: number) => string) {
  const moments = work.flatMap(({ at }, index) => {
    const started = startedAt[index] ?? Number.NaN;
    return Number.isNaN(started) || started === at
      ? []
      : [
          { at, index, starts: false },
          { at: started, index, starts: true },
        ];
  });
  moments.sort((one, other) => one.at - other.at || Number(one.starts) - Number(other.starts));
  const waiting = new Map<string, number>();
  const starts = new Map<string, number>();
  for (const { index, starts: isStart } of moments) {
    const name = nameOf(index);
    if (isStart && waiting.size > 1) starts.set(name, (starts.get(name) ?? 0) + 1);
    const left = (waiting.get(name) ?? 0) + (isStart ? -1 : 1);
    if (left > 0) waiting.set(name, left);
    else waiting.delete(name);
  }
  return starts;
}

/** Tells of each namespace (or submitter) how long its tasks waited, and what it got of the slots that others wanted as well; undefined where no task names one. `unnamed` is whose the others are. */
export function sharersOf(
  work: readonly Work[],
  startedAt: Float64Array,
  { by, unnamed }: { readonly by: 'namespace' | 'submitter'; readonly unnamed: string },
): Readonly<Record<string, SharerReport>> | undefined {
  if (work.every((each) => each[by] === undefined)) return undefined;
  const nameOf = (index: number): string => work[index]?.[by] ?? unnamed;
  const starts = contested(work, startedAt, nameOf);
  const all = [...starts.values()].reduce((sum, each) => sum + each, 0);
  const byName = Map.groupBy(work.keys(), nameOf);
  return Object.fromEntries(
    [...byName].sort().map(([name, indexes]) => {
      const waits = Float64Array.from(indexes, (index) => (startedAt[index] ?? Number.NaN) - (work[index]?.at ?? 0));
      const wait_ms = waitsOf(waits.filter((wait) => !Number.isNaN(wait)));
      const share = all === 0 ? 0 : Math.round(((starts.get(name) ?? 0) / all) * 1e5) / 1e5;
      return [name, { tasks: indexes.length, wait_ms, share }];
    }),
  );
}
