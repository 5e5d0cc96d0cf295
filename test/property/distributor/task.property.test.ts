import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attemptsMax, backoffMsMax } from '../../../src/contracts/limits.ts';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import { routeOf } from '../../../src/distributor/core/ready/route.ts';
import { newTask } from '../../../src/distributor/core/tasks/task.ts';
import { holdKey, parseHoldKey } from '../../../src/distributor/core/agents/hold.ts';
import { type EndedAttempt, retryDelayMs, settle } from '../../../src/distributor/core/tasks/settle.ts';
import { dueOf, readyOrder } from '../../../src/distributor/core/ready/ready-order.ts';
import { iso, processingRow, startMs } from '../../unit/distributor/rows.ts';

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const endings = fc.record(
  {
    outcome: fc.constantFrom('completed' as const, 'failed' as const, 'released' as const),
    attempt: fc.integer({ min: 1, max: 200 }),
    agent_id: id,
    principal: id,
    error: fc.record({ code: id, message: fc.string(), retryable: fc.boolean() }),
    cause: fc.constantFrom('lease-lost' as const, 'timed-out' as const),
  },
  { requiredKeys: ['outcome', 'attempt', 'agent_id'] },
) as fc.Arbitrary<EndedAttempt>;

const rows = fc
  .record({
    retry_count: fc.integer({ min: 0, max: attemptsMax }),
    max_attempts: fc.integer({ min: 1, max: attemptsMax }),
    backoff_ms: fc.integer({ min: 0, max: backoffMsMax }),
  })
  .map(processingRow);

describe('settling', () => {
  it('always carries the fence of the attempt that ended, and never sets the attempt', () => {
    fc.assert(
      fc.property(rows, endings, jitter, (row, ended, random) => {
        const { change } = settle(row, ended, { now: startMs, random });
        const { attempt, agent_id, principal } = ended;
        expect(change.expect).toEqual({
          status: 'Processing',
          attempt,
          hedges: null,
          assigned_agent: agent_id,
          ...(principal === undefined ? {} : { principal }),
        });
        expect(change.patch).not.toHaveProperty('attempt');
      }),
    );
  });

  it('of a revoked lease gives the task back to its place at once, uncounted, with the fence moved on', () => {
    fc.assert(
      fc.property(rows, endings, jitter, (row, ended, random) => {
        const { kind, change } = settle(
          { ...row, attempt: ended.attempt },
          { ...ended, outcome: 'failed', cause: 'revoked' },
          { now: startMs, random },
        );
        expect(kind).toBe('retry');
        expect(change.expect).toMatchObject({ status: 'Processing', attempt: ended.attempt });
        expect(change.patch).toMatchObject({ status: 'Queued', attempt: ended.attempt + 1, not_before: null });
        expect(change.patch).not.toHaveProperty('retry_count');
        expect(change.index?.partition).toMatch(/^READY#/);
      }),
    );
  });

  it('puts no task back to wait behind its deadline that has a policy for it', () => {
    const policies = fc.constantFrom('drop' as const, 'dead_letter' as const, { reroute: ['other'] });
    const offsets = fc.integer({ min: -10_000, max: 10_000 });
    fc.assert(
      fc.property(rows, endings, jitter, policies, offsets, (base, ended, random, on_expiry, offset) => {
        const row = { ...base, on_expiry, deadline: iso(startMs + offset) };
        const { kind, change } = settle(row, ended, { now: startMs, random });
        if (kind !== 'retry') return;
        if (offset > 0) expect(change.patch).not.toHaveProperty('route');
        else expect(change.patch).toMatchObject({ route: 'other', on_expiry: null });
      }),
    );
  });

  it('leaves exactly the tasks in the index about which something is to be decided, and the dead', () => {
    fc.assert(
      fc.property(rows, endings, jitter, (row, ended, random) => {
        const { kind, change } = settle(row, ended, { now: startMs, random });
        const partition = change.index?.partition.split('#')[0];
        expect(partition).toBe(
          {
            completed: undefined,
            left: undefined,
            failed: 'DEAD',
            retry: change.patch.not_before === null ? 'READY' : 'TIMER',
          }[kind],
        );
        expect(change.patch.status).toBe(
          { completed: 'Completed', left: undefined, failed: 'Failed', retry: 'Queued' }[kind],
        );
      }),
    );
  });

  it('ends a task that only ever fails after exactly its attempts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), jitter, (max_attempts, random) => {
        let row = processingRow({ max_attempts });
        let tries = 0;
        for (let open = true; open; tries += 1) {
          const ended = { outcome: 'failed' as const, attempt: row.attempt, agent_id: 'a1' };
          const { kind, change } = settle(row, ended, { now: startMs, random });
          row = processingRow({ max_attempts, attempt: row.attempt + 1, retry_count: change.patch.retry_count ?? 0 });
          open = kind === 'retry';
        }
        expect(tries).toBe(max_attempts);
      }),
    );
  });

  it('pauses between half and the whole of the doubled backoff, never longer than the longest pause', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: backoffMsMax }),
        fc.integer({ min: 1, max: attemptsMax }),
        jitter,
        (backoff, retry, random) => {
          const full = Math.min(backoffMsMax, backoff * 2 ** (retry - 1));
          const delay = retryDelayMs(backoff, retry, random);
          expect(delay).toBeGreaterThanOrEqual(Math.floor(full / 2));
          expect(delay).toBeLessThanOrEqual(full);
          expect(Number.isInteger(delay)).toBe(true);
        },
      ),
    );
  });
});

describe('names', () => {
  it('of holds are read back', () => {
    fc.assert(
      fc.property(id, fc.option(id), fc.integer({ min: 1, max: 1_000_000 }), (own, node, attempt) => {
        const task_id = node === null ? own : `${own}:${node}`;
        expect(parseHoldKey(holdKey(task_id, attempt))).toEqual({ task_id, attempt });
      }),
    );
  });

  it('of routes do not depend on the order or repetition of capabilities, and differ for other requirements', () => {
    const needs = fc.array(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,5}$/), { maxLength: 4 });
    fc.assert(
      fc.property(needs, needs, fc.array(id, { maxLength: 3 }), (some, others, backup_agents) => {
        const of = (required_capabilities: readonly string[]) =>
          routeOf({ required_capabilities, distribution_rules: { backup_agents } });
        expect(of([...some, ...some].toReversed())).toBe(of(some));
        const isSame = some.every((each) => others.includes(each)) && others.every((each) => some.includes(each));
        expect(of(some) === of(others)).toBe(isSame);
      }),
    );
  });
});

describe('the ready order', () => {
  it('compares as text like its parts compare as values', () => {
    const deadlines = fc.option(
      fc.date({ noInvalidDate: true, min: new Date('0001-01-02'), max: new Date('9998-12-30') }),
      { nil: undefined },
    );
    const offsets = fc.constantFrom('Z', '+02:00', '-11:30');
    const tasks = fc.tuple(fc.nat(3), deadlines, offsets, fc.nat(3), id).map(([rank, date, offset, age, task_id]) => {
      const deadline = date === undefined ? undefined : date.toISOString().replace('Z', offset);
      const row = newTask(
        {
          task_id,
          task_type: 'x',
          priority: priorities[rank]!,
          required_capabilities: [],
          payload: {},
          ...(deadline === undefined ? {} : { deadline }),
        },
        { pool: 'p', now: iso(startMs + age), body_hash: '', submitted_by: '', correlation_id: '' },
      );
      return { order: readyOrder(row), parts: [rank, Date.parse(dueOf(row)), age] };
    });
    fc.assert(
      fc.property(tasks, tasks, (a, b) => {
        const at = a.parts.findIndex((part, index) => part !== b.parts[index]);
        if (at >= 0) expect(a.order < b.order).toBe(a.parts[at]! < b.parts[at]!);
      }),
      { numRuns: 500 },
    );
  });
});
