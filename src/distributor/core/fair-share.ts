import type { Served } from '../../contracts/rows.ts';

/** Whose turn it is among the namespaces of a pool, level by level, during one round. */
export interface FairShare {
  /** Where the next task of a namespace stands in a level: the lowest is served first. It may rise during a round, never fall. */
  turnOf(namespace: string, level: number): number;
  /** Counts a start. */
  take(namespace: string, level: number): void;
  /** How far all have come, for the next round; undefined when nothing was counted. */
  served(): Served | undefined;
}

/**
 * Start-time fair queueing (Goyal, Vin and Cheng, 1996) with starts as the measure: each start moves its namespace on by one over its weight, and who has come least far is
 * next. Who had nothing waiting begins where the others are: a pause earns nothing. Of two that have work waiting in a level all the time, what they started divided by
 * their weights never differs by more than one over each weight. `weights` by namespace; `*` is for all others, 1 where it is not given.
 */
export function openFairShare(weights: Readonly<Record<string, number>>, before: Served = {}): FairShare {
  const levels = new Map<number, { now: number; next: Map<string, number> }>();
  let isCounted = false;
  const levelOf = (level: number) => {
    const known = levels.get(level);
    if (known !== undefined) return known;
    const { now = 0, next = {} } = before[level] ?? {};
    const opened = { now, next: new Map(Object.entries(next)) };
    levels.set(level, opened);
    return opened;
  };
  const turnOf = (namespace: string, level: number): number => {
    const { now, next } = levelOf(level);
    return Math.max(now, next.get(namespace) ?? 0);
  };
  return {
    turnOf,
    take: (namespace, level) => {
      const turn = turnOf(namespace, level);
      const opened = levelOf(level);
      const weight = (Object.hasOwn(weights, namespace) ? weights[namespace] : weights['*']) ?? 1;
      opened.now = turn;
      opened.next.set(namespace, turn + 1 / weight);
      isCounted = true;
    },
    served: () => {
      if (!isCounted) return undefined;
      const after = [...levels].map(([level, { now, next }]) => {
        // Who is not ahead stands where everybody stands that has no entry.
        const ahead = [...next].filter(([, turn]) => turn > now);
        return [level, { now, next: Object.fromEntries(ahead) }] as const;
      });
      return { ...before, ...Object.fromEntries(after) };
    },
  };
}
