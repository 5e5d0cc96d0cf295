import { doomed } from './scenario.ts';
import type { Item } from './oracle.ts';

/** The longest a round of a dispatch takes from its reading to its last claim (ms). */
const roundMsMax = 5_000;

/** Nothing of a killed namespace starts, but for rounds that had read the pool before. */
export function createNamespaceOracle(broken: (at: number, detail: string) => void) {
  let killedAt: number | undefined;
  return (before: Item | undefined, after: Item | undefined, at: number): void => {
    const sk = after?.['sk'];
    if (typeof sk === 'string' && sk.startsWith('#NAMESPACE#')) {
      killedAt = after?.['killed'] === undefined ? undefined : (killedAt ?? at);
      return;
    }
    const starts = after?.['status'] === 'Processing' && before?.['status'] === 'Queued';
    if (!starts || after['namespace'] !== doomed || killedAt === undefined || at - killedAt <= roundMsMax) return;
    broken(at, `${String(after['task_id'])} began, killed ${at - killedAt} ms ago`);
  };
}
