import type { TaskRow } from '../../src/contracts/rows.ts';
import type { Commit } from '../../src/platform/twin/dynamodb/store.ts';
import type { Check } from './oracle.ts';

/** How far a function's clock may be ahead (ms). */
const clockSkewMsMax = 250;

/** What is promised of singleton and debounce keys, told by the tasks' rows alone. A commit is judged as a whole: who is replaced goes with who replaces it. */
export function createKeysOracle(check: Check): (commit: Commit) => void {
  /** By key: what waits or runs of a singleton, and what waits of a debounce and was never tried. */
  const live = new Map<string, Set<string>>();
  const note = (name: string, task_id: string, isIn: boolean): void => {
    const those = live.get(name) ?? new Set<string>();
    live.set(name, those);
    if (isIn) those.add(task_id);
    else those.delete(task_id);
  };
  return ({ at, changes }) => {
    for (const { after } of changes) {
      if (after?.['sk'] !== 'TASK' || after['distribution_rules'] === undefined) continue;
      const { task_id, distribution_rules, status, attempt, created_at } = after as unknown as TaskRow;
      const { singleton, debounce } = distribution_rules ?? {};
      if (singleton !== undefined)
        note(`singleton ${singleton.key}`, task_id, status === 'Queued' || status === 'Processing');
      if (debounce === undefined) continue;
      note(`debounce ${debounce.key}`, task_id, status === 'Queued' && attempt === 0);
      const early = Date.parse(created_at) + debounce.delay_ms - at;
      check(status !== 'Processing' || early <= 2 * clockSkewMsMax, at, 'DelayKept', () => `${task_id} ${early} ms`);
    }
    for (const [name, those] of live)
      check(those.size <= 1, at, 'OneOfAKey', () => `${name}: ${[...those].join(', ')}`);
  };
}
