import { describe, expect, it } from '@jest/globals';
import { mediumWindowMs, queuedMsMax } from '../../../../src/contracts/limits.ts';
import type { TaskRow } from '../../../../src/contracts/rows.ts';
import { expireChange, expiryChange } from '../../../../src/distributor/core/tasks/expire.ts';
import {
  fenceChange,
  isExpired,
  moveChange,
  newTask,
  promoteChange,
  redriveChange,
  cancelChange,
} from '../../../../src/distributor/core/tasks/task.ts';
import { holdKey, parseHoldKey } from '../../../../src/distributor/core/agents/hold.ts';
import { readyEntry } from '../../../../src/distributor/core/ready/index-entries.ts';
import { iso, processingRow, startMs, taskRow } from '../rows.ts';

const now = startMs + 1_000;
const context = { pool: 'default', now: iso(startMs), body_hash: 'h', submitted_by: 's', correlation_id: 'c' };

function fresh(over: Partial<Parameters<typeof newTask>[0]> = {}): TaskRow {
  const payload = { text: 'null' };
  return newTask(
    { task_id: 't1', task_type: 'x', priority: 'low', required_capabilities: [], payload, ...over },
    context,
  );
}

describe('a new task', () => {
  it('is Queued, untried, with the defaults of the limits', () => {
    expect(fresh()).toMatchObject({
      status: 'Queued',
      attempt: 0,
      retry_count: 0,
      max_attempts: 3,
      backoff_ms: 1_000,
      timeout_ms: 900_000,
      late_results: 0,
      dependencies: [],
      created_at: iso(startMs),
      queued_at: iso(startMs),
    });
  });

  it('keeps its deadline in UTC, so that deadlines sort as text', () => {
    expect(fresh({ deadline: '2026-03-01T01:00:00+02:00' }).deadline).toBe('2026-02-28T23:00:00.000Z');
    expect(fresh()).not.toHaveProperty('deadline');
  });

  it.each([
    ['9999-12-31T23:59:59-23:59', '9999-12-31T23:59:59.999Z'],
    ['0000-01-01T00:00:00+23:59', '0000-01-01T00:00:00.000Z'],
  ])('keeps a deadline that leaves the years 0 to 9999 in UTC inside them: %s', (deadline, kept) => {
    expect(fresh({ deadline }).deadline).toBe(kept);
  });
});

describe('the index entry of a waiting task', () => {
  it('stands in its route, by level, when it is due, and arrival', () => {
    expect(readyEntry(taskRow({ required_capabilities: ['x'], route: 'x' }))).toEqual({
      partition: 'READY#default#x',
      key: `2#${iso(startMs + mediumWindowMs)}#${iso(startMs)}#t1`,
    });
  });
});

describe('a hold key', () => {
  it.each([
    ['t1', 1],
    ['w:node', 12],
    ['a.b_c-d', 999],
  ])('of %s and %d is read back', (task_id, attempt) => {
    expect(parseHoldKey(holdKey(task_id, attempt))).toEqual({ task_id, attempt });
  });
});

describe('fencing off a reservation that was never claimed', () => {
  it('moves the fence of a ready task and leaves it in its place', () => {
    const row = taskRow({ attempt: 3 });
    expect(fenceChange(row)).toEqual({
      task_id: 't1',
      expect: { status: 'Queued', attempt: 3 },
      patch: { attempt: 4 },
      index: readyEntry(row),
    });
  });

  it('leaves a delayed task delayed', () => {
    const row = taskRow({ attempt: 3, not_before: iso(now) });
    expect(fenceChange(row).index).toEqual({ partition: 'TIMER#default', key: `${iso(now)}#t1` });
  });
});

describe('a change of a delayed task', () => {
  const row = taskRow({ attempt: 3, not_before: iso(now), deadline: iso(now), on_expiry: { reroute: ['b'] } });

  it.each([
    ['fenced off', fenceChange(row)],
    ['rerouted at its deadline', expiryChange(row, now)],
    ['moved to another level', moveChange(row, { priority: 'critical' }, now)],
  ])('%s writes the retry time with its timer, which may have fired meanwhile', (_, change) => {
    expect(change?.index?.partition).toBe('TIMER#default');
    expect(change?.patch.not_before).toBe(row.not_before);
  });
});

describe('promoting a task whose retry time has come', () => {
  it('puts it into its place in the ready order, on the fence that was seen', () => {
    const row = taskRow({ attempt: 2, not_before: iso(now) });
    expect(promoteChange(row)).toEqual({
      task_id: 't1',
      expect: { status: 'Queued', attempt: 2 },
      patch: { not_before: null },
      index: readyEntry(row),
    });
  });
});

describe('redriving a failed task', () => {
  it('counts attempts and waiting from zero again while the fence moves on, past a claim that was on its way', () => {
    const row = processingRow({ status: 'Failed', attempt: 3, retry_count: 3, completed_at: iso(startMs) });
    const change = redriveChange(row, now);
    expect(change.expect).toEqual({ status: 'Failed', attempt: 3 });
    expect(change.patch).toEqual({
      status: 'Queued',
      not_before: null,
      attempt: 4,
      assigned_agent: null,
      principal: null,
      started_at: null,
      completed_at: null,
      retry_count: 0,
      queued_at: iso(now),
      due: iso(now + mediumWindowMs),
    });
    expect(change.index).toEqual(readyEntry({ ...row, due: iso(now + mediumWindowMs) }));
  });
});

describe('cancelling', () => {
  it.each([taskRow({ attempt: 1 }), processingRow()])('ends a task on the fence that was seen (case %#)', (row) => {
    expect(cancelChange(row, { now, reason: 'changed my mind' })).toEqual({
      task_id: 't1',
      expect: { status: row.status, attempt: 1, ...(row.status === 'Processing' ? { hedges: null } : {}) },
      patch: {
        status: 'Cancelled',
        completed_at: iso(now),
        not_before: null,
        error: { code: 'cancelled', message: 'changed my mind', retryable: false },
      },
      index: null,
    });
  });
});

describe('a task that waits too long', () => {
  it.each([
    [0, false],
    [1, true],
  ])('is expired %d ms after the longest wait: %s', (over, expired) => {
    expect(isExpired(taskRow(), startMs + queuedMsMax + over)).toBe(expired);
  });

  it('is not expired again right after its redrive', () => {
    const late = startMs + queuedMsMax + 1;
    expect(isExpired(taskRow({ queued_at: iso(late) }), late)).toBe(false);
  });

  it('fails as a dead letter, with nothing counted against its attempts', () => {
    const late = startMs + queuedMsMax + 1;
    const change = expireChange(taskRow({ retry_count: 1, attempt: 1 }), late);
    expect(change.expect).toEqual({ status: 'Queued', attempt: 1 });
    expect(change.patch).toMatchObject({ status: 'Failed', retry_count: 1, error: { code: 'task-expired' } });
    expect(change.index).toEqual({ partition: 'DEAD#default', key: `${iso(late)}#t1` });
  });
});
