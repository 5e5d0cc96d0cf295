/** Orders by code units: the same on every machine, whatever its locale. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Orders by several keys in turn; a number sorts the larger one first, a text the smaller one. */
export function byKeys<T>(...keys: readonly ((item: T) => number | string)[]): (left: T, right: T) => number {
  return (left, right) => {
    for (const key of keys) {
      const a = key(left);
      const b = key(right);
      if (a === b) continue;
      return typeof a === 'number' && typeof b === 'number' ? b - a : compareText(String(a), String(b));
    }
    return 0;
  };
}
