/** One figure, as it is printed: one JSON object a line. */
export interface Figure {
  readonly bench: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** How it was measured, what it is made of, and what was assumed. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A named group of figures. `say` is for progress, which never goes to stdout; `sizes` are those asked for, none: its own. */
export interface Bench {
  readonly about: string;
  run(say: (line: string) => void, sizes: readonly number[]): AsyncIterable<Figure>;
}

/** A number with at most `digits` after the point: more would pretend a precision that no run has. */
export function rounded(value: number, digits = 2): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

/** The value below which a share (0 to 1) of the sorted sample lies; NaN for an empty one. */
export function percentile(sample: readonly number[], share: number): number {
  const sorted = [...sample].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
