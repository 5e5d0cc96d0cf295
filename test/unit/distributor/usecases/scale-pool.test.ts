import { describe, expect, it } from '@jest/globals';
import { desiredHoldMs } from '../../../../src/contracts/limits.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { metricLine } from '../../../../src/platform/aws/metric-line.ts';
import { routeRow } from '../../../../src/distributor/core/ready/route.ts';
import { iso, startMs, taskRow } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

const scales = (stage: ReturnType<typeof distributorStage>) =>
  stage.told.events.flatMap(({ type, data }) => (type === 'ScaleDesired' ? [data] : []));

describe('the scale of a pool', () => {
  it('is told when it changes, once, and is nothing again when the work has been done for a while', async () => {
    const stage = distributorStage();
    const pulse = () => runPulse(stage.deps, { pool: 'default' });
    expect((await pulse()).scale).toEqual({ available: 0, desired: 0 });
    await stage.accept(task());
    await Promise.all([pulse(), pulse()]);
    await pulse();
    expect(scales(stage)).toEqual([{ pool: 'default', desired: 1, available: 0 }]);
    await stage.join('a1');
    await stage.dispatch('*');
    await stage.deps.tasks.change([
      { task_id: 't1', expect: { status: 'Processing', attempt: 1 }, patch: { status: 'Completed' }, index: null },
    ]);
    await stage.deps.agents.release('default', 'a1', ['t1#1']);
    stage.clock.now += desiredHoldMs;
    await pulse();
    stage.clock.now += desiredHoldMs - 1;
    await stage.beat('a1');
    expect((await pulse()).scale).toEqual({ available: 1, desired: 1 });
    stage.clock.now += 1;
    expect((await pulse()).scale).toEqual({ available: 1, desired: 0 });
    expect(scales(stage).at(-1)).toEqual({ pool: 'default', desired: 0, available: 1 });
  });

  it('does not grow with work that its workflow cannot pay for', async () => {
    const stage = distributorStage();
    const rows = Array.from({ length: 10 }, (_, at) =>
      taskRow({ task_id: `w:n${at}`, budgeted: true, deadline: iso(startMs + 2_000) }),
    );
    const routes = rows.map((row) => routeRow('default', row));
    await stage.deps.agents.addRoutes([...new Map(routes.map((row) => [row.route, row])).values()]);
    await stage.deps.tasks.insert(rows.map((row, at) => ({ ...row, route: routes[at]!.route })));
    const pulse = (micro_usd: number) => {
      const budget = { limits: { usd: 1 }, spent: { micro_usd, tokens: 0 }, warned: true };
      return runPulse({ ...stage.deps, budgets: { get: async () => new Map([['w', budget]]) } }, { pool: 'default' });
    };
    expect((await pulse(1_000_000)).scale.desired).toBe(1);
    expect((await pulse(0)).scale.desired).toBe(5);
  });

  it('is shared out anew when an agent joins: what waits goes to it, with nothing to be moved', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task({ task_id: 't1' }), task({ task_id: 't2' }));
    await stage.dispatch('*');
    stage.forget();
    await stage.join('a2');
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['*'] }]);
    await stage.dispatch('*');
    const agents = await Promise.all(['t1', 't2'].map(async (id) => (await stage.row(id)).assigned_agent));
    expect(agents.sort()).toEqual(['a1', 'a2']);
  });
});

describe('a metric line', () => {
  it('has the embedded metric format: names, units, one set of dimensions, and the values beside them', () => {
    expect(metricLine(startMs, { pool: 'default' }, { DesiredAgents: 3 })).toEqual({
      _aws: {
        Timestamp: startMs,
        CloudWatchMetrics: [
          { Namespace: 'Cadre', Dimensions: [['pool']], Metrics: [{ Name: 'DesiredAgents', Unit: 'Count' }] },
        ],
      },
      pool: 'default',
      DesiredAgents: 3,
    });
  });
});
