import { describe, expect, it } from '@jest/globals';
import { faultsOf, type HistoryEntry } from '../../history/check.ts';
import { type HistoryOptions, runHistory } from '../../history/run.ts';

async function historyOf(mutant?: HistoryOptions['mutant']): Promise<HistoryEntry[]> {
  const history: HistoryEntry[] = [];
  await runHistory({ clients: 12, operations: 1_200, seed: 7, mutant }, (entry) => history.push(entry));
  return history;
}

const write = (ver: number, value: string, start: number, end: number): HistoryEntry => ({
  ...{ client: 1, key: 'k', op: 'write', base: ver - 1, ver, value, ok: true, start, end },
});
const read = (ver: number, value: string, start: number, end: number): HistoryEntry => ({
  ...{ client: 2, key: 'k', op: 'read', base: null, ver, value, ok: true, start, end },
});

describe('the history of concurrent writers', () => {
  it('is linearizable with faults and unknown outcomes', async () => {
    const history = await historyOf();
    expect(history.filter(({ ok }) => ok === null).length).toBeGreaterThan(5);
    expect(history.filter(({ op, ok }) => op === 'write' && ok === false).length).toBeGreaterThan(50);
    expect(faultsOf(history)).toEqual([]);
  });

  it('shows a planted lost update', async () => {
    expect(faultsOf(await historyOf('lost-update')).join('\n')).toMatch(/one update is lost/);
  });

  it('shows a planted cache that gives what it has without a look at the head', async () => {
    expect(faultsOf(await historyOf('unchecked-cache')).join('\n')).toMatch(/was seen after @\d+ had been answered/);
  });

  it('shows a planted write that was accepted although its writer had not seen the version before it', async () => {
    expect(faultsOf(await historyOf('stale-base')).join('\n')).toMatch(/which was made from @\d+/);
  });

  it.each([
    ['a write from an older version', [write(1, 'a', 0, 1), write(2, 'b', 2, 3), { ...write(3, 'c', 4, 5), base: 1 }]],
    [
      'such a write that nobody answered',
      [write(1, 'a', 0, 1), read(3, 'c', 4, 5), { ...write(3, 'c', 2, 3), ...{ base: 1, ok: null, ver: null } }],
    ],
    ['two writers of one version', [write(1, 'a', 0, 1), write(1, 'b', 0, 2)]],
    ['a read of what nobody wrote', [write(1, 'a', 0, 1), read(2, 'b', 2, 3)]],
    ['a read of another value', [write(1, 'a', 0, 1), read(1, 'b', 2, 3)]],
    ['a stale read', [write(1, 'a', 0, 1), write(2, 'b', 2, 3), read(1, 'a', 4, 5)]],
    ['a read from the future', [read(1, 'a', 0, 1), write(1, 'a', 2, 3)]],
    ['a write that goes back', [write(2, 'b', 0, 1), write(1, 'a', 2, 3)]],
  ])('is refused with %s', (_what, history) => {
    expect(faultsOf(history)).not.toEqual([]);
  });

  it('is accepted where operations overlap', () => {
    expect(
      faultsOf([write(1, 'a', 0, 9), read(1, 'a', 1, 2), write(2, 'b', 3, 8), read(1, 'a', 4, 10), read(2, 'b', 5, 6)]),
    ).toEqual([]);
  });
});
