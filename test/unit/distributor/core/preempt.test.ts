import { describe, expect, it } from '@jest/globals';
import { preemptAfterMs, preemptAnswerMsMax, preemptedWorkMsMax } from '../../../../src/contracts/limits.ts';
import { policyDocument } from '../../../../src/contracts/distributor/policy.ts';
import type { Hold, ReadyTask, RouteRow, PolicyRow } from '../../../../src/contracts/rows.ts';
import type { PolicyDocument } from '../../../../src/contracts/distributor/policy.ts';
import type { Priority } from '../../../../src/contracts/distributor/task.ts';
import { decideDispatch } from '../../../../src/distributor/core/dispatch/dispatch.ts';
import { readyOrder } from '../../../../src/distributor/core/ready/ready-order.ts';
import { agentRow, iso, poolRows, readyTask, route, startMs } from '../rows.ts';

/** A hold of work that began `agoMs` ago. */
function hold(priority: Priority, agoMs: number, over: Partial<Hold> = {}): Hold {
  const at = startMs - agoMs;
  const order = readyOrder({ task_id: 'held', priority, created_at: iso(at) });
  return { at, until: startMs + 600_000, order, ...over };
}

const waits = (task_id: string, over: Partial<ReadyTask> = {}): ReadyTask =>
  readyTask({ task_id, priority: 'critical', queued_at: iso(startMs - preemptAfterMs), ...over });

function preempted(holds: Record<string, Hold>, tasks: readonly ReadyTask[], lane: RouteRow = route()) {
  const agent = agentRow({ holds, capacity: Object.keys(holds).length });
  const heads = new Map([[lane.route, tasks]]);
  const plan = decideDispatch({ now: startMs, pool: poolRows([agent], [lane]), heads, full: new Set() });
  return plan.preemptions.map(({ key, waiting }) => `${key}←${waiting}`);
}

describe('who makes way for a critical task that waits for full agents', () => {
  it('is the lowest level first, and of that what began last', () => {
    const holds = {
      'high#1': hold('high', 1_000),
      'old-low#1': hold('low', 9_000),
      'low#1': hold('low', 5_000),
      'critical#1': hold('critical', 1),
    };
    const four = ['c1', 'c2', 'c3', 'c4'].map((id) => waits(id));
    expect(preempted(holds, four.slice(0, 1))).toEqual(['low#1←c1']);
    expect(preempted(holds, four)).toEqual(['low#1←c1', 'old-low#1←c2', 'high#1←c3']);
  });

  it.each<[string, Hold]>([
    ['is critical', hold('critical', 1_000)],
    ['is due', hold('low', 1_000, { order: `3#${iso(startMs)}#${iso(startMs - 1)}#held` })],
    ['had to make way a moment ago', hold('low', 1_000, { spared_until: startMs + 1 })],
    ['has run for too long', hold('low', preemptedWorkMsMax + 1)],
    ['is of an older deployment, which says nothing of it', { at: startMs, until: startMs + 1_000 }],
  ])('is nobody who %s', (_why, only) => {
    expect(preempted({ 'only#1': only }, [waits('c1')])).toEqual([]);
  });

  it('is nobody whose slot a reservation keeps, only what holds more than that', () => {
    const document = { reservations: [{ name: 'kept', match: { priority: ['low' as const] }, percent: 50 }] };
    const low = (agoMs: number) => hold('low', agoMs, { reservation: 'kept' });
    const holds = { 'l1#1': low(1_000), 'l2#1': low(2_000), 'l3#1': low(3_000), 'critical#1': hold('critical', 1) };
    const agent = agentRow({ holds, capacity: 4 });
    const pool = { ...poolRows([agent], [route()]), policy: { pool: 'default', version: 1, document, at: '', by: '' } };
    const heads = new Map([['*', ['c1', 'c2', 'c3'].map((id) => waits(id))]]);
    const plan = decideDispatch({ now: startMs, pool, heads, full: new Set() });
    expect(plan.preemptions.map(({ key }) => key)).toEqual(['l1#1']);
  });

  it.each<[string, Partial<ReadyTask>]>([
    ['that came a moment ago', { queued_at: iso(startMs - preemptAfterMs + 1) }],
    ['of another level', { priority: 'high' }],
    ['that is only due', { priority: 'low', deadline: iso(startMs) }],
  ])('is nobody for a task %s', (_which, over) => {
    expect(preempted({ 'low#1': hold('low', 1_000) }, [waits('t', over)])).toEqual([]);
  });

  it('was asked once: another is asked only for another task, or when there was no answer', () => {
    const asked = (agoMs: number) => hold('low', 60_000, { preempted_at: startMs - agoMs });
    const holds = { 'asked#1': asked(1_000), 'low#1': hold('low', 2_000) };
    expect(preempted(holds, [waits('c1')])).toEqual([]);
    expect(preempted(holds, [waits('c1'), waits('c2')])).toEqual(['low#1←c2']);
    expect(preempted({ ...holds, 'asked#1': asked(preemptAnswerMsMax) }, [waits('c1')])).toEqual(['low#1←c1']);
  });

  it('is nobody whose agent could not run the task', () => {
    expect(preempted({ 'low#1': hold('low', 1_000) }, [waits('c1')], route(['x']))).toEqual([]);
  });
});

describe('where a policy sorts agents out', () => {
  const document: PolicyDocument = {
    rules: [{ name: 'gpu', match: { task_type: ['train'] }, require_labels: { gpu: 'yes' } }],
    limits: [{ name: 'one', match: { task_type: ['limited'] }, concurrency: 1 }],
    strategies: { own: { use: 'affinity', by: 'affinity_key', wait_ms: 60_000 } },
    by_task_type: { sticky: 'own' },
    emergency: { match: { task_type: ['alarm', 'sticky'] }, keep_labels: { lane: 'emergency' } },
  };
  const crew = (idle: readonly string[] = []) =>
    [
      agentRow({ agent_id: 'gpu', labels: { gpu: 'yes' }, holds: { 'on-gpu#1': hold('low', 9_000) } }),
      agentRow({ agent_id: 'lane', labels: { lane: 'emergency' }, holds: { 'on-lane#1': hold('low', 1_000) } }),
      agentRow({
        agent_id: 'plain',
        holds: { 'on-plain#1': hold('low', 5_000), 'plain-too#1': hold('low', 6_000) },
        capacity: 2,
      }),
    ].map((each) => (idle.includes(each.agent_id) ? { ...each, holds: {} } : each));
  const decide = (tasks: readonly ReadyTask[], agents = crew()) => {
    const policy = { pool: 'default', version: 1, document, at: '', by: '' };
    const pool = { ...poolRows(agents, [route()]), policy };
    return decideDispatch({ now: startMs, pool, heads: new Map([['*', tasks]]), full: new Set() });
  };
  const asked = (...args: Parameters<typeof decide>) =>
    decide(...args).preemptions.map(({ key, waiting }) => `${key}←${waiting}`);

  it('work makes way only on agents that the task could run on', () => {
    expect(asked([waits('t', { task_type: 'train' })])).toEqual(['on-gpu#1←t']);
    expect(asked([waits('t')])).toEqual(['on-plain#1←t']);
    expect(asked([waits('t', { task_type: 'alarm' })])).toEqual(['on-lane#1←t']);
  });

  it('who may run on few agents is given room there, and the others elsewhere', () => {
    const tasks = [waits('a'), waits('t', { task_type: 'train' }), waits('b'), waits('c')];
    expect(asked(tasks).sort()).toEqual(['on-gpu#1←t', 'on-plain#1←a', 'plain-too#1←b']);
  });

  it('a task makes room on its full agents although others are free, and none while one of its own is', () => {
    expect(asked([waits('t', { task_type: 'train' })], crew(['plain', 'lane']))).toEqual(['on-gpu#1←t']);
    expect(asked([waits('t', { task_type: 'alarm' })], crew(['gpu']))).toEqual([]);
  });

  it('what a limit holds back makes no room, and what starts under it counts', () => {
    const limited = ['l1', 'l2', 'l3'].map((id) => waits(id, { task_type: 'limited' }));
    expect(asked(limited)).toEqual(['on-plain#1←l1']);
    expect(asked([...limited, waits('t')])).toEqual(['on-plain#1←l1', 'plain-too#1←t']);
    const running = crew().map((each) =>
      each.agent_id === 'gpu' ? { ...each, holds: { 'l0#1': hold('critical', 1, { limits: ['limit:one'] }) } } : each,
    );
    expect(asked(limited, running)).toEqual([]);
  });

  it('a task that waits for its own agent makes room on that, and only when all are full', () => {
    const task = waits('t', { distribution_rules: { affinity_key: 'k' }, task_type: 'sticky' });
    const [first] = decide([task], crew(['gpu', 'lane', 'plain'])).assignments;
    const own = first?.agent.agent_id ?? '';
    expect(asked([task])[0]).toMatch(new RegExp(`${own}.*←t`));
    expect(asked([task], crew(['gpu', 'lane', 'plain'].filter((id) => id !== own)))).toEqual([]);
  });

  it('one attempt is asked for each task, whatever the routes', () => {
    const pool = poolRows(
      crew(),
      [route(), route(['x'])].map((row) => ({ ...row, required_capabilities: [] })),
    );
    const heads = new Map([
      ['*', [waits('a')]],
      ['x', [{ ...waits('b'), route: 'x' }]],
    ]);
    const plan = decideDispatch({ now: startMs, pool, heads, full: new Set() });
    expect(plan.preemptions.map(({ waiting }) => waiting).sort()).toEqual(['a', 'b']);
  });
});

describe('a task that had to make way', () => {
  it('goes on where its checkpoint is at hand, when that agent has a slot', () => {
    const agents = ['a', 'b'].map((agent_id) => agentRow({ agent_id, capacity: 2, busy: agent_id === 'b' ? 1 : 0 }));
    const task = readyTask({ resume: { at: iso(startMs), agent_id: 'b' } });
    const decide = (resumed: ReadyTask, rows = agents, policy?: PolicyRow) =>
      decideDispatch({
        now: startMs,
        pool: { ...poolRows(rows, [route()]), ...(policy === undefined ? {} : { policy }) },
        heads: new Map([['*', [resumed]]]),
        full: new Set(),
      });
    expect(decide(task).assignments[0]).toMatchObject({ agent: { agent_id: 'b' }, log: { routing_rule: 'resume' } });
    expect(decide(task, agents.slice(0, 1)).assignments[0]?.agent.agent_id).toBe('a');
    const document = policyDocument.parse({ strategies: { w: { use: 'weighted', weights: { b: 0 } } }, strategy: 'w' });
    const policy = { pool: 'default', version: 1, at: iso(startMs), by: 'op', document };
    expect(decide(task, agents, policy).assignments[0]?.agent.agent_id).toBe('a');
  });
});
