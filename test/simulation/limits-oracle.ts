import type { TaskRow } from '../../src/contracts/rows.ts';
import { secondRunOf } from './hedge-oracle.ts';
import type { Check, Item } from './oracle.ts';

/** What is promised of concurrency keys and rate limits, counted apart from the code under test. */
export function createLimitsOracle(check: Check): (before: Item, after: Item, at: number) => void {
  /** By concurrency key: what is Processing. By rate limit: when its starts were decided. */
  const running = new Map<string, Set<string>>();
  const starts = new Map<string, number[]>();
  /** Of a key never more run than its limit, and of a rate limit never more start in any period, whoever decides. */
  function checkLimits(before: Item, after: Item, at: number): void {
    const { task_id, distribution_rules, status, distribution } = after as unknown as TaskRow;
    const { concurrency, rate_limit: rate } = distribution_rules ?? {};
    const isStart = status === 'Processing' && before['status'] !== 'Processing';
    if (concurrency !== undefined) {
      const those = running.get(concurrency.key) ?? new Set<string>();
      running.set(concurrency.key, those);
      if (status === 'Processing') those.add(task_id);
      else those.delete(task_id);
      // A second run counts like the first.
      if (secondRunOf(after) !== undefined) those.add(`${task_id} again`);
      else those.delete(`${task_id} again`);
      check(those.size <= concurrency.limit, at, 'LimitKept', () => `${[...those].join(', ')} run at once`);
    }
    if (rate !== undefined && isStart) {
      const decidedAt = Date.parse(distribution?.distribution_time ?? '');
      const all = [...(starts.get(rate.key) ?? []), decidedAt];
      starts.set(rate.key, all);
      const near = all.filter((each) => Math.abs(each - decidedAt) < rate.period_ms).sort((one, other) => one - other);
      const isOver = near.some((each, index) => (near[index + rate.limit] ?? Infinity) - each < rate.period_ms);
      check(!isOver, at, 'RateKept', () => `${task_id} is one too many in ${rate.period_ms} ms: ${near.join(', ')}`);
    }
  }
  return checkLimits;
}
