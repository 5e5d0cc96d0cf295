import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TaskRow } from '../../../src/contracts/rows.ts';
import type { Assignment } from '../../../src/distributor/core/dispatch/assignment.ts';
import { noAmount } from '../../../src/distributor/core/dispatch/budget.ts';
import { readyOrder } from '../../../src/distributor/core/ready/ready-order.ts';
import { claimChange } from '../../../src/distributor/core/tasks/claim.ts';
import { decideHedges } from '../../../src/distributor/core/tasks/decide-hedges.ts';
import { isLive, loserOf, newestToken } from '../../../src/distributor/core/tasks/runs.ts';
import { settle } from '../../../src/distributor/core/tasks/settle.ts';
import type { TaskChange } from '../../../src/distributor/core/tasks/task-change.ts';
import { agentRow, poolRows, startMs, taskRow } from '../../unit/distributor/rows.ts';

const agents = ['a', 'b', 'c'].map((agent_id) =>
  agentRow({ agent_id, capacity: 4, principal: `principal-${agent_id}` }),
);
const price = { micro_usd: 70, tokens: 7 };
const estimate = { usd: price.micro_usd / 1_000_000, tokens: price.tokens };

/** What somebody decided over the row as it was, and may write later; nothing is read again in between. */
interface Decided {
  readonly change: TaskChange;
  readonly run: { readonly attempt: number; readonly agent_id: string };
  readonly what: 'claim' | 'hedge' | 'completed' | 'ended';
}

/** The conditional write: what is expected must be there, `null` being nothing. */
function written(row: TaskRow, { expect: expected, patch }: TaskChange): TaskRow | undefined {
  const stored = row as unknown as Record<string, unknown>;
  const holds = Object.entries(expected).every(([name, value]) => (stored[name] ?? null) === value);
  if (!holds) return undefined;
  const after = { ...stored, ...patch };
  return Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null)) as unknown as TaskRow;
}

const step = fc.record({
  kind: fc.constantFrom('claim', 'hedge', 'hedge', 'completed', 'failed', 'lost', 'released', 'revoked'),
  /** Which agent gets it, or which of the runs that were ever given out ends. */
  which: fc.nat(9),
  /** How many other decisions are written before this one. */
  later: fc.nat(2),
});

/** A task, everything that was decided about it, and what became of that. */
function createStory() {
  let row: TaskRow = taskRow({
    task_id: 't',
    max_attempts: 5,
    distribution_rules: { hedge: { after_ms: 1_000 }, estimate },
  });
  const given: Decided['run'][] = [];
  let wins = 0;

  function decide({ kind, which }: { readonly kind: string; readonly which: number }): Decided | undefined {
    const now = startMs + 10_000;
    if (kind === 'claim') {
      if (row.status !== 'Queued') return undefined;
      const agent = agents[which % agents.length]!;
      const task = { ...row, order: readyOrder(row) };
      const attempt = row.attempt + 1;
      const log = { id: '', task_id: 't', agent_id: agent.agent_id, distribution_time: '', reasons: [] } as never;
      const assignment: Assignment = { task, agent, attempt, log };
      return { change: claimChange(assignment, now), run: { attempt, agent_id: agent.agent_id }, what: 'claim' };
    }
    if (kind === 'hedge') {
      if (row.status !== 'Processing' || row.hedge !== undefined) return undefined;
      const [assignment] = decideHedges({
        now,
        pool: poolRows(agents, []),
        rows: [row],
        customScores: undefined,
      }).assignments;
      if (assignment === undefined) return undefined;
      const { attempt, agent } = assignment;
      return { change: claimChange(assignment, now), run: { attempt, agent_id: agent.agent_id }, what: 'hedge' };
    }
    const run = given[which % Math.max(1, given.length)];
    if (run === undefined) return undefined;
    const cause = { lost: 'lease-lost', revoked: 'revoked' }[kind] as 'lease-lost' | 'revoked' | undefined;
    const outcome = kind === 'completed' || kind === 'released' ? kind : 'failed';
    const ended = {
      outcome,
      ...run,
      principal: `principal-${run.agent_id}`,
      ...(cause === undefined ? {} : { cause }),
    } as const;
    const { change } = settle(row, ended, { now, random: 0 });
    return { change, run, what: kind === 'completed' ? 'completed' : 'ended' };
  }

  function write({ change, run, what }: Decided): void {
    const before = row;
    const after = written(before, change);
    if (after === undefined) return;
    row = after;
    if (what === 'claim' || what === 'hedge') {
      // A token is given once, and higher than all before it.
      expect(run.attempt).toBeGreaterThan(Math.max(0, ...given.map(({ attempt }) => attempt)));
      given.push(run);
    }
    if (what === 'hedge') {
      expect(before.hedge).toBeUndefined();
      expect(row.hedge?.agent_id).not.toBe(row.assigned_agent);
    }
    expect(newestToken(row)).toBeGreaterThanOrEqual(Math.max(0, ...given.map(({ attempt }) => attempt)));
    const isOtherLive = before.hedge !== undefined && isLive(before, run);
    if (what === 'ended' && isOtherLive) {
      expect(row).toMatchObject({ status: 'Processing', retry_count: before.retry_count });
      expect(row.hedge).toBeUndefined();
      // The other run goes on with its lease.
      const other = given.find((each) => isLive(before, each) && each.attempt !== run.attempt);
      expect(other !== undefined && isLive(row, other)).toBe(true);
    }
    if (what === 'completed') {
      wins += 1;
      expect(isLive(before, run)).toBe(true);
      expect(row).toMatchObject({ status: 'Completed', attempt: run.attempt, assigned_agent: run.agent_id });
      const losers = given.filter((each) => isLive(before, each) && each.attempt !== run.attempt);
      // Who lost is named, to be told to stop, and what it cost is booked.
      expect(loserOf(row).map(({ attempt, agent_id }) => ({ attempt, agent_id }))).toEqual(losers);
      const { spent: was = noAmount } = before;
      const { spent: is = noAmount } = row;
      const booked = { micro_usd: is.micro_usd - was.micro_usd, tokens: is.tokens - was.tokens };
      expect(booked).toEqual(losers.length === 0 ? noAmount : price);
    }
    expect(wins).toBeLessThanOrEqual(1);
  }
  return { decide, write };
}

describe('a task that may be hedged', () => {
  it('has two runs at most, with tokens of their own; the first result wins, the other run is named and booked, and an end without result leaves the task to the other', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 3, maxLength: 30 }), (steps) => {
        const { decide, write } = createStory();
        const pending: { decided: Decided; left: number }[] = [];
        for (const each of steps) {
          const decided = decide(each);
          if (decided !== undefined) pending.push({ decided, left: each.later });
          for (const item of pending.splice(0)) {
            if (item.left === 0) write(item.decided);
            else pending.push({ ...item, left: item.left - 1 });
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
