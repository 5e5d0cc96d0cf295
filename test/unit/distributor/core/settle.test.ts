import { describe, expect, it } from '@jest/globals';
import { backoffMsMax } from '../../../../src/contracts/limits.ts';
import type { TaskRow } from '../../../../src/contracts/rows.ts';
import { type EndedAttempt, retryDelayMs, settle } from '../../../../src/distributor/core/tasks/settle.ts';
import { readyEntry } from '../../../../src/distributor/core/ready/index-entries.ts';
import { iso, processingRow, startMs } from '../rows.ts';

const now = startMs + 5_000;
const error = { code: 'boom', message: 'it broke', retryable: true };
const ended = (over: Partial<EndedAttempt> = {}): EndedAttempt => ({
  outcome: 'failed',
  attempt: 1,
  agent_id: 'a1',
  principal: 'principal-a1',
  error,
  ...over,
});
const settled = (row: TaskRow, attempt: EndedAttempt, random = 0) => settle(row, attempt, { now, random });

describe('the fence of a settled attempt', () => {
  const fence = { status: 'Processing', attempt: 1, hedges: null, assigned_agent: 'a1', principal: 'principal-a1' };

  it.each(['completed', 'failed', 'released'] as const)(
    'names status, attempt, agent and principal when %s',
    (outcome) => {
      expect(settled(processingRow(), ended({ outcome })).change.expect).toEqual(fence);
    },
  );

  it('leaves the principal out when Cadre itself settles a lost lease', () => {
    const { principal: _nobody, ...lost } = ended({ cause: 'lease-lost' });
    expect(settled(processingRow(), lost).change.expect).toEqual({
      status: 'Processing',
      attempt: 1,
      hedges: null,
      assigned_agent: 'a1',
    });
  });

  it('names the attempt that ended, not the one that the row shows', () => {
    expect(settled(processingRow({ attempt: 7 }), ended()).change.expect.attempt).toBe(1);
  });
});

describe('a completed attempt', () => {
  it('ends the task with its output and takes it out of the index', () => {
    const { kind, change } = settled(processingRow(), ended({ outcome: 'completed', output: { text: '42' } }));
    expect(kind).toBe('completed');
    expect(change.patch).toEqual({ status: 'Completed', completed_at: iso(now), output: { text: '42' }, error: null });
    expect(change.index).toBeNull();
  });

  it('without an output clears an earlier one, and the error of an earlier attempt', () => {
    const { error: _none, ...quiet } = ended({ outcome: 'completed' });
    expect(settled(processingRow({ error }), quiet).change.patch).toMatchObject({ output: null, error: null });
  });
});

describe('a released attempt', () => {
  it('goes back to its place at once, with nothing counted', () => {
    const row = processingRow({ retry_count: 2, max_attempts: 3 });
    const settlement = settled(row, ended({ outcome: 'released' }));
    expect(settlement).toMatchObject({ kind: 'retry', delay_ms: 0 });
    expect(settlement.change.patch).toEqual({
      status: 'Queued',
      assigned_agent: null,
      principal: null,
      started_at: null,
      not_before: null,
      queued_at: iso(now),
    });
    expect(settlement.change.index).toEqual(readyEntry(row));
  });
});

describe('a failed attempt', () => {
  it.each([
    [0, 3, 'retry'],
    [1, 3, 'retry'],
    [2, 3, 'failed'],
    [3, 3, 'failed'],
    [0, 1, 'failed'],
    [98, 100, 'retry'],
    [99, 100, 'failed'],
  ] as const)('after %d retries of %d attempts: %s', (retry_count, max_attempts, kind) => {
    const settlement = settled(processingRow({ retry_count, max_attempts }), ended());
    expect(settlement.kind).toBe(kind);
    expect(settlement.change.patch.retry_count).toBe(retry_count + 1);
    expect(settlement.change.patch.error).toEqual(error);
  });

  it('waits among the delayed until its retry time', () => {
    const settlement = settled(processingRow({ backoff_ms: 4_000 }), ended(), 0);
    expect(settlement).toMatchObject({ kind: 'retry', delay_ms: 2_000 });
    expect(settlement.change.patch.not_before).toBe(iso(now + 2_000));
    expect(settlement.change.index).toEqual({ partition: 'TIMER#default', key: `${iso(now + 2_000)}#t1` });
  });

  it('is ready at once when its definition wants no pause', () => {
    const row = processingRow({ backoff_ms: 0 });
    expect(settled(row, ended()).change.index).toEqual(readyEntry(row));
  });

  it('is not tried again when the error says that this is useless', () => {
    const settlement = settled(processingRow(), ended({ error: { ...error, retryable: false } }));
    expect(settlement.kind).toBe('failed');
    expect(settlement.change.index).toEqual({ partition: 'DEAD#default', key: `${iso(now)}#t1` });
    expect(settlement.change.patch).toMatchObject({ status: 'Failed', completed_at: iso(now), not_before: null });
  });

  it('keeps agent and principal on a Failed row, by which a repeat is told from a forgery', () => {
    const { patch } = settled(processingRow({ max_attempts: 1 }), ended()).change;
    expect(patch).not.toHaveProperty('assigned_agent');
    expect(patch).not.toHaveProperty('principal');
  });

  it.each([
    [undefined, 'task-failed'],
    ['lease-lost', 'lease-lost'],
    ['timed-out', 'timed-out'],
  ] as const)('without an error gets one that says why (%s)', (cause, code) => {
    const { error: _none, ...silent } = ended(cause === undefined ? {} : { cause });
    expect(settled(processingRow(), silent).change.patch.error).toMatchObject({ code, retryable: true });
  });

  it('by a lost lease is counted and ready at once; by a time-out it waits', () => {
    expect(settled(processingRow(), ended({ cause: 'lease-lost' }))).toMatchObject({ kind: 'retry', delay_ms: 0 });
    expect(settled(processingRow(), ended({ cause: 'lease-lost' })).change.patch.retry_count).toBe(1);
    expect(settled(processingRow(), ended({ cause: 'timed-out' }))).toMatchObject({ kind: 'retry', delay_ms: 500 });
  });
});

describe('the pause before a retry', () => {
  it.each([
    [1, 0, 500],
    [1, 0.999_999, 1_000],
    [2, 0, 1_000],
    [3, 0, 2_000],
    [9, 0, 128_000],
    [10, 0, backoffMsMax / 2],
    [100, 0.999_999_9, backoffMsMax],
  ])('number %d at jitter %d is %d ms', (retry, random, delay) => {
    expect(retryDelayMs(1_000, retry, random)).toBe(delay);
  });

  it('is none when none is wanted', () => {
    expect(retryDelayMs(0, 5, 0.7)).toBe(0);
  });
});
