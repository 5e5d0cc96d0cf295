import type { ReadyTask } from '../../../src/contracts/rows.ts';
import { describe, expect, it } from '@jest/globals';
import { decideDispatch } from '../../../src/distributor/core/dispatch/dispatch.ts';
import { awsLatencies } from '../../../src/simulator/aws-model.ts';
import { equalAgents } from '../../../src/simulator/fleet.ts';
import { coreScheduling } from '../../../src/simulator/scheduling.ts';
import { policyNames, randomPolicy, schedulingOf } from '../../../src/simulator/policies.ts';
import { simulated, works } from './stage.ts';

const ended = (times: Float64Array): number => times.filter((at) => !Number.isNaN(at)).length;

describe('a simulation', () => {
  it('is the same for the same seed and another for another one', () => {
    const once = simulated({ latencies: awsLatencies }).report;
    expect(simulated({ latencies: awsLatencies }).report).toEqual(once);
    expect(simulated({ latencies: awsLatencies, seed: 2, work: works({ seed: 2 }) }).report).not.toEqual(once);
  });

  it('starts an urgent task first, whenever it came', () => {
    const task = { at: 0, duration_ms: 1_000, capabilities: [] };
    const work = [
      { ...task, priority: 'low' as const },
      { ...task, priority: 'low' as const },
      { ...task, at: 500, priority: 'critical' as const },
    ];
    const { run } = simulated({ work, fleet: equalAgents(1) });
    expect([...run.startedAt]).toEqual([0, 2_000, 1_000]);
    expect([...run.endedAt]).toEqual([1_000, 3_000, 2_000]);
  });

  it('runs what takes long a second time elsewhere, where tasks may be hedged: the first result counts', () => {
    const work = works({ duration_ms: 5_000, shape: 'fixed', rate: 1, tasks: 300 });
    const fleet = [...equalAgents(8), ...equalAgents(2, 1, { speed: 0.1 })];
    const [once, twice] = [simulated({ work, fleet }), simulated({ work, fleet, hedged: true })];
    expect(once.report.hedges).toBe(0);
    expect(twice.report.hedges).toBeGreaterThan(5);
    expect(twice.report).toMatchObject({ order_violations: 0 });
    expect(ended(twice.run.endedAt)).toBe(300);
    const slow = (run: typeof once.run) =>
      run.endedAt.filter((at, index) => at - (work[index]?.at ?? 0) > 40_000).length;
    expect(slow(once.run)).toBeGreaterThan(6);
    // What began on a slow agent before twenty tasks had ended is not hedged: nothing was known of its type.
    expect(slow(twice.run)).toBeLessThan(slow(once.run));
    // Every slot is free again.
    expect(twice.run.agents.every(({ row, running }) => row.occupied === 0 && running === 0)).toBe(true);
  });

  it('lets the work begun last make way for a critical task that waits, once, and gives it back its place', () => {
    const task = { at: 0, duration_ms: 60_000, capabilities: [] };
    const work = [
      { ...task, priority: 'low' as const },
      { ...task, at: 1_000, priority: 'low' as const },
      { ...task, at: 2_000, duration_ms: 1_000, priority: 'critical' as const },
      { ...task, at: 2_000, duration_ms: 1_000, priority: 'high' as const },
    ];
    const { run, report } = simulated({ work, fleet: equalAgents(2) });
    // Asked at the pulse after its three seconds; the high task finds the freed slot before the low one that gave way.
    expect([...run.startedAt]).toEqual([0, 1_000, 6_500, 7_500]);
    expect([...run.endedAt]).toEqual([60_000, 68_500, 7_500, 8_500]);
    expect(report).toMatchObject({ preemptions: 1, order_violations: 0, tasks: 4 });
  });

  it('gives tasks only to agents that offer what they require, and leaves a task that nobody can run', () => {
    const task = { at: 0, duration_ms: 10, priority: 'high' as const };
    const work = [
      { ...task, capabilities: ['gpu'] },
      { ...task, capabilities: ['tpu'] },
      { ...task, capabilities: [] },
    ];
    const fleet = [...equalAgents(1), ...equalAgents(1, 1, { capabilities: ['gpu'], joins_at_ms: 5_000 })];
    const { run } = simulated({ work, fleet });
    expect([...run.startedAt]).toEqual([5_000, Number.NaN, 0]);
    expect([...run.agentOf]).toEqual([1, -1, 0]);
  });

  it('lets several dispatchers hand out a backlog of a large pool, in the order of one', () => {
    const work = works({ tasks: 1_000, rate: Infinity, duration_ms: 60_000 });
    const shared = { work, fleet: equalAgents(1_000), latencies: awsLatencies };
    const alone = { ...shared, scheduling: schedulingOf('default', 1, { alone: true }) };
    const [many, one] = [shared, alone].map((scenario) => simulated(scenario).run);
    expect([many?.violations, one?.violations]).toEqual([0, 0]);
    // Up to eight hundred are a round, against a hundred.
    expect(many?.rounds).toBeLessThan((one?.rounds ?? 0) / 2);
    expect(Math.max(...(many?.startedAt ?? []))).toBeLessThan(Math.max(...(one?.startedAt ?? [])) / 2);
  });

  it('works as fast as its agents do', () => {
    const work = [{ at: 0, duration_ms: 1_000, priority: 'low' as const, capabilities: [] }];
    expect(simulated({ work, fleet: equalAgents(1, 1, { speed: 4 }) }).run.endedAt[0]).toBe(250);
  });

  it('gives what a failed agent held to another one, and counts what it lost as tries', () => {
    const fleet = equalAgents(20, 2, { fails_every_ms: 30_000, repair_ms: 10_000 });
    const { run, report } = simulated({ work: works({ tasks: 5_000 }), fleet, latencies: awsLatencies });
    const failures = run.agents.reduce((sum, { row }) => sum + row.failed, 0);
    expect(failures).toBeGreaterThan(20);
    // Three tries: a task that met three failures is a dead letter.
    expect(ended(run.endedAt)).toBeGreaterThan(4_950);
    expect(report.order_violations).toBe(0);
    expect(run.meter.levels).toMatchObject({ working: 0, waiting: 0 });
  });

  it('gives nothing to an agent that has left', () => {
    const fleet = [...equalAgents(1), ...equalAgents(5, 1, { leaves_at_ms: 20_000 })];
    const { run } = simulated({ work: works({ tasks: 400 }), fleet });
    const late = [...run.startedAt].flatMap((at, index) => (at > 20_000 ? [run.agentOf[index]] : []));
    expect(new Set(late)).toEqual(new Set([0]));
    expect(ended(run.endedAt)).toBe(400);
  });

  it('counts a start before waiting work of a higher level', () => {
    const upsideDown: typeof decideDispatch = (view) => {
      const given = new Map([...view.heads.values()].flat().map((task) => [task.task_id, task]));
      const turned = (task: ReadyTask) => ({ ...task, order: `${3 - Number(task.order[0])}${task.order.slice(1)}` });
      const heads = new Map([...view.heads].map(([route, head]) => [route, head.map(turned).reverse()]));
      const plan = decideDispatch({ ...view, heads });
      const assignments = plan.assignments.map((each) => ({ ...each, task: given.get(each.task.task_id)! }));
      return { ...plan, assignments };
    };
    const scheduling: Parameters<typeof simulated>[0] = {
      scheduling: (crew, free) => coreScheduling(crew, free, upsideDown),
    };
    expect(simulated({ ...scheduling, fleet: equalAgents(10) }).report.order_violations).toBeGreaterThan(0);
    expect(simulated({ fleet: equalAgents(10) }).report.order_violations).toBe(0);
    expect(simulated({ fleet: equalAgents(10) }, 'fifo-random').report.order_violations).toBeGreaterThan(0);
  });

  it('reports deadlines, utilisation, cost and overhead as shares and dollars', () => {
    const fleet = equalAgents(12, 1, { usd_per_hour: 3_600 });
    const work = works({ deadline_ms: 2_000 });
    const { run, report } = simulated({ fleet, work, latencies: awsLatencies });
    const met = work.filter(({ at }, index) => run.endedAt[index]! <= at + 2_000).length;
    expect(report.deadlines_met).toBeCloseTo(met / 1_000, 4);
    expect(report.utilisation).toBeCloseTo(
      work.reduce((sum, { duration_ms }) => sum + duration_ms, 0) / (12 * run.endMs),
      3,
    );
    expect(report.cost_usd).toBeCloseTo((12 * run.endMs) / 1_000, 0);
    expect(report.overhead).toBeGreaterThan(0.05);
    expect(simulated({ work }).report.overhead).toBe(0);
  });
});

describe('a policy', () => {
  it.each(policyNames)('%s ends all tasks and, but for the yardstick, keeps the order of levels', (policy) => {
    const { run, report } = simulated({ fleet: equalAgents(11), latencies: awsLatencies }, policy);
    expect(ended(run.endedAt)).toBe(1_000);
    if (policy !== randomPolicy) expect(report.order_violations).toBe(0);
  });

  it('that counts costs prefers the cheaper of two agents', () => {
    const fleet = [...equalAgents(6, 1, { usd_per_hour: 10 }), ...equalAgents(6, 1, { usd_per_hour: 1 })];
    const work = works({ rate: 3 });
    const dear = (policy: string): number =>
      [...simulated({ fleet, work }, policy).run.agentOf].filter((agent) => agent < 6).length;
    expect(dear('cost_aware')).toBeLessThan(dear('default') / 2);
  });
});

describe('a task whose deadline comes nearer in the simulator', () => {
  const waiting = { at: 0, duration_ms: 20_000, capabilities: [], priority: 'medium' as const };
  const low = { ...waiting, priority: 'low' as const, deadline_ms: 100_000 };
  const escalation = [{ within_ms: 70_000, priority: 'high' as const }];
  const work = [waiting, waiting, waiting, waiting];

  it('rises by its rule, and starts before what came before it in a lower level', () => {
    const startOf = (last: typeof low & { escalation?: typeof escalation }) =>
      simulated({ work: [...work, last], fleet: equalAgents(1) }).run.startedAt[4];
    expect(startOf(low)).toBe(80_000);
    expect(startOf({ ...low, escalation })).toBe(40_000);
  });
});
