import { describe, expect, it } from '@jest/globals';
import type { CadreError } from '../../../../src/contracts/errors.ts';
import { lowWindowMs, queueFullRetryMs, shedPerPulseMax } from '../../../../src/contracts/limits.ts';
import type { OverflowRule, PolicyDocument } from '../../../../src/contracts/distributor/policy.ts';
import type { Task } from '../../../../src/contracts/distributor/task.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;
const put = (stage: Stage, document: PolicyDocument, expected_version = 0) =>
  putPolicy(stage.deps, { pool: 'default', expected_version, principal: 'op', document });
/** A pulse, and the time until every process has heard of it. */
async function pulse(stage: Stage): Promise<void> {
  await runPulse(stage.deps, { pool: 'default' });
  stage.clock.now += queueFullRetryMs;
}
/** The news, without what is told of agents that are missing. */
const news = (stage: Stage) => stage.told.events.filter(({ type }) => type !== 'ScaleDesired');
const many = (count: number, over: Partial<Task> = {}, prefix = 't'): Task[] =>
  Array.from({ length: count }, (_, at) => task({ task_id: `${prefix}${String(at).padStart(3, '0')}`, ...over }));
const codesOf = async (stage: Stage, ...tasks: readonly Task[]) =>
  (await stage.accept(...tasks)).map((outcome) => (outcome.ok ? 'accepted' : outcome.error.code));

async function limited(rule: Partial<Exclude<OverflowRule, { then: 'spill' }>>): Promise<Stage> {
  const stage = distributorStage();
  const rules = [{ name: 'backlog', waiting_max: 5, then: 'refuse' as const, ...rule }];
  await put(stage, { shares: { team: 1 }, overflow: rules });
  return stage;
}

describe('a queue that is full', () => {
  it('refuses new tasks after the next count, answers repeats as ever, and takes tasks again when there is room', async () => {
    const stage = await limited({});
    // What comes between two counts is let in: that is the bound of what may be too much.
    expect(await codesOf(stage, ...many(7))).toEqual(Array(7).fill('accepted'));
    stage.forget();
    await pulse(stage);
    expect(news(stage)).toMatchObject([
      { type: 'QueueOverflow', data: { rule: 'backlog', then: 'refuse', full: true } },
    ]);
    expect(await codesOf(stage, ...many(8))).toEqual([...Array(7).fill('accepted'), 'queue-full']);
    expect(await stage.row('t007')).toBeUndefined();
    await stage.join('a1', { capacity: 3 });
    await stage.dispatch('*');
    stage.forget();
    await pulse(stage);
    expect(news(stage)).toMatchObject([{ type: 'QueueOverflow', data: { rule: 'backlog', full: false } }]);
    expect(await codesOf(stage, ...many(8))).toEqual(Array(8).fill('accepted'));
  });

  it('of a namespace refuses nobody else, and nobody any more when its rule is gone', async () => {
    const stage = await limited({ namespace: 'team' });
    await stage.accept(...many(5, { namespace: 'team' }), ...many(9, {}, 'other'));
    await pulse(stage);
    const [mine, theirs] = [task({ task_id: 'mine', namespace: 'team' }), task({ task_id: 'theirs' })];
    expect(await codesOf(stage, mine, theirs)).toEqual(['queue-full', 'accepted']);
    await put(stage, {}, 1);
    // Nobody has counted since: a rule that has gone refuses nobody.
    stage.clock.now += queueFullRetryMs;
    expect(await codesOf(stage, mine)).toEqual(['accepted']);
    stage.forget();
    await pulse(stage);
    expect(news(stage)).toMatchObject([
      { type: 'QueueOverflow', data: { rule: 'backlog', namespace: 'team', then: 'refuse', full: false } },
    ]);
  });

  it('sheds what stands last, however it came, and never a task of a workflow', async () => {
    const stage = await limited({ waiting_max: 3, then: 'shed_lowest' });
    await stage.accept(
      ...many(3, { priority: 'high' }),
      task({ task_id: 'wf:node', priority: 'low' }),
      task({ task_id: 'low', priority: 'low' }),
      task({ task_id: 'medium', priority: 'medium' }),
    );
    stage.forget();
    await pulse(stage);
    expect(await stage.row('low')).toMatchObject({ status: 'Failed', error: { code: 'shed' } });
    expect(news(stage).map(({ data }) => (data as { task_id?: string }).task_id)).toEqual(
      expect.arrayContaining(['low', 'medium', 't002']),
    );
    expect((await stage.row('wf:node')).status).toBe('Queued');
    expect((await stage.row('t000')).status).toBe('Queued');
    const dead = await stage.deps.deadLetters.list('default', 10);
    expect(dead.items.map(({ id }) => id)).toEqual(expect.arrayContaining(['low', 'medium']));
    // Exactly as many as were too many, and the next count finds nothing.
    stage.forget();
    await pulse(stage);
    expect(news(stage)).toEqual([]);
  });

  it('sheds what stands last at that moment: nothing that is due while something waits that is not', async () => {
    const stage = await limited({ waiting_max: 150, then: 'shed_lowest' });
    await stage.accept(...many(150, { priority: 'low' }, 'due'));
    stage.clock.now += lowWindowMs + 1;
    await stage.accept(...many(50, { priority: 'low' }, 'low'), ...many(50, { priority: 'medium' }, 'medium'));
    stage.forget();
    await pulse(stage);
    const shed = news(stage).map(({ data }) => (data as { task_id: string }).task_id.slice(0, -3));
    expect(shed).toHaveLength(shedPerPulseMax);
    expect(new Set(shed)).toEqual(new Set(['low', 'medium']));
  });

  it('sheds no more than so many a pulse', async () => {
    const stage = await limited({ waiting_max: 1, then: 'shed_lowest' });
    await stage.accept(...many(shedPerPulseMax + 20));
    stage.forget();
    await pulse(stage);
    expect(news(stage)).toHaveLength(shedPerPulseMax);
    await pulse(stage);
    expect(news(stage)).toHaveLength(shedPerPulseMax + 19);
  });

  it('costs a pool without rules no count', async () => {
    const stage = distributorStage();
    let counts = 0;
    const tasks = { ...stage.deps.tasks, count: async () => ++counts };
    await stage.accept(...many(3));
    await runPulse({ ...stage.deps, tasks }, { pool: 'default' });
    expect(counts).toBe(0);
  });

  it('is refused as a rule with all of its faults', async () => {
    const stage = distributorStage();
    const rule = { waiting_max: 10, then: 'refuse' as const };
    const document = {
      overflow: [
        { name: 'a', ...rule, waiting_max: 0 },
        { name: 'a', ...rule },
        { name: 'b', namespace: 'nobody', ...rule },
      ],
    };
    const faults = await put(stage, document).then(
      () => [],
      (error: unknown) => (error as CadreError).faults.map(({ path }) => path),
    );
    expect(faults.sort()).toEqual([
      'overflow[0].waiting_max',
      'overflow[1].name',
      'overflow[1].namespace',
      'overflow[2].namespace',
    ]);
  });
});
