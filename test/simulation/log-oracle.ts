import type { Check, Item } from './oracle.ts';

/** A workflow's log has no gaps, and what is in it stays. */
export function createLogOracle(check: Check): (before: Item | undefined, after: Item | undefined, at: number) => void {
  const lastSeq = new Map<string, number>();
  return (before, after, at) => {
    if (after === undefined) return;
    const id = String(after['workflow_id']);
    const seq = Number(after['seq']);
    if (before !== undefined) {
      // What happened stays; only the time at which it is forgotten may be added.
      const isSame = before['text'] === after['text'] && before['at'] === after['at'] && before['seq'] === seq;
      check(isSame, at, 'LogUnbroken', () => `${id}: event ${seq} was written over`);
      return;
    }
    check(
      seq === (lastSeq.get(id) ?? 0) + 1,
      at,
      'LogUnbroken',
      () => `${id}: event ${seq} after ${String(lastSeq.get(id) ?? 0)}`,
    );
    lastSeq.set(id, seq);
  };
}
