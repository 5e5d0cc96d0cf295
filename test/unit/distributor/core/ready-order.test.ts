import { describe, expect, it } from '@jest/globals';
import { criticalWindowMs, highWindowMs, lowWindowMs, mediumWindowMs } from '../../../../src/contracts/limits.ts';
import type { TaskRow } from '../../../../src/contracts/rows.ts';
import { dueOf, levelOf, orderAt, readyOrder } from '../../../../src/distributor/core/ready/ready-order.ts';
import { iso, startMs, taskRow } from '../rows.ts';

const row = (task_id: string, over: Partial<TaskRow> = {}) => taskRow({ task_id, ...over });
const sorted = (rows: readonly TaskRow[], order: (row: TaskRow) => string = readyOrder) =>
  [...rows].sort((a, b) => (order(a) < order(b) ? -1 : 1)).map(({ task_id }) => task_id);

describe('a waiting task', () => {
  it.each([
    ['critical', criticalWindowMs],
    ['high', highWindowMs],
    ['medium', mediumWindowMs],
    ['low', lowWindowMs],
  ] as const)('of level %s is due when its window of %d ms has passed', (priority, windowMs) => {
    expect(dueOf(row('t', { priority }))).toBe(iso(startMs + windowMs));
  });

  it.each([
    ['at its deadline, when that comes first', startMs + 5_000, startMs + 5_000],
    [
      'when its window has passed, when the deadline comes later',
      startMs + mediumWindowMs + 1,
      startMs + mediumWindowMs,
    ],
    ['no sooner for a deadline that had passed before it came', startMs, startMs + mediumWindowMs],
  ])('is due %s', (_when, deadline, due) => {
    expect(dueOf(row('t', { deadline: iso(deadline) }))).toBe(iso(due));
  });

  it('is due when its redrive said', () => {
    expect(dueOf(row('t', { deadline: iso(startMs + 1), due: iso(startMs + 7) }))).toBe(iso(startMs + 7));
  });
});

describe('the ready order', () => {
  const rows = [
    row('low-due-soon', { priority: 'low', deadline: iso(startMs + 1) }),
    row('b-later', { priority: 'high' }),
    row('a-same-time', { priority: 'high' }),
    row('earlier', { priority: 'high', created_at: iso(startMs - 1) }),
    row('deadline', { priority: 'high', deadline: iso(startMs + 3_000) }),
    row('medium', { priority: 'medium', deadline: iso(startMs + 2_000) }),
    row('critical', { priority: 'critical' }),
  ];

  it('goes by level, then by when a task is due, then by arrival, then by id', () => {
    expect(sorted(rows)).toEqual([
      'critical',
      'deadline',
      'earlier',
      'a-same-time',
      'b-later',
      'medium',
      'low-due-soon',
    ]);
  });

  it.each([
    [0, ['critical', 'deadline', 'earlier', 'a-same-time', 'b-later', 'medium', 'low-due-soon']],
    [2_000, ['low-due-soon', 'medium', 'critical', 'deadline', 'earlier', 'a-same-time', 'b-later']],
    [highWindowMs, ['low-due-soon', 'medium', 'deadline', 'critical', 'earlier', 'a-same-time', 'b-later']],
  ])('lets what is due after %d ms stand before all others, by when it was due', (ms, expected) => {
    expect(sorted(rows, (each) => orderAt(readyOrder(each), iso(startMs + ms)))).toEqual(expected);
  });

  it('tells its level', () => {
    expect(rows.map((each) => levelOf(readyOrder(each)))).toEqual([3, 1, 1, 1, 1, 2, 0]);
  });
});
