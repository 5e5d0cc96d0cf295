/** What an event is about: a step of a task's attempt, or of an agent's life. */
export const [accepted, begun, worked, settled, looked, interrupted, handedBack] = [0, 1, 2, 3, 4, 5, 6] as const;
export const [outlived, escalating] = [7, 8] as const;
export const [joined, failed, lost, left] = [9, 10, 11, 12] as const;
const kinds = 16;
/** Attempts of a task (lives of an agent) that an event tells apart. */
const turns = 64;

/** An event as a plain number, which is all that the queue holds: `(subject * turns + turn) * kinds + kind`. */
export const packed = (subject: number, turn: number, kind: number): number =>
  (subject * turns + (turn % turns)) * kinds + kind;

/** The parts of an event. */
export function unpacked(event: number) {
  return { kind: event % kinds, turn: Math.floor(event / kinds) % turns, subject: Math.floor(event / kinds / turns) };
}

/** Whether an event is about this attempt or life, and not about an earlier one. */
export const isTurn = (current: number, turn: number): boolean => current % turns === turn;
