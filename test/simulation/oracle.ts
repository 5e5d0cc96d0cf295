/** The stored item, as the twin's commits show it. */
export type Item = Readonly<Record<string, unknown>>;

/** Tells of a promise that does not hold: which one, at what time (epoch ms), and what was seen. */
export type Check = (holds: boolean, at: number, promise: string, detail: () => string) => void;
