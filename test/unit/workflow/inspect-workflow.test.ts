import { describe, expect, it } from '@jest/globals';
import { workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { beginWorkflow } from '../../../src/workflow/usecases/submit/begin-workflow.ts';
import { submitWorkflow } from '../../../src/workflow/usecases/submit/submit-workflow.ts';
import { settleWorkflowTasks } from '../../../src/workflow/usecases/advance/advance-workflow.ts';
import {
  planWorkflow,
  replayWorkflow,
  validateWorkflow,
} from '../../../src/workflow/usecases/view/inspect-workflow.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

const second = 1_000;
const definition = {
  name: 'release',
  nodes: [
    { name: 'build', task_type: 'build', payload: { estimated_duration: 60 } },
    { name: 'test', task_type: 'test', depends_on: ['build'], payload: { estimated_duration: '120s' } },
    { name: 'lint', task_type: 'lint', depends_on: ['build'], payload: { estimated_duration: 20 } },
    { name: 'ship', task_type: 'ship', depends_on: ['test', 'lint'] },
  ],
};

/** A run whose build ended after ten seconds and whose lint after thirty. */
async function halfDone() {
  const stage = createWorkflowStage();
  const start = stage.clock.now();
  let now = start;
  const deps = { ...stage.deps, sources: { ...stage.deps.sources, now: () => now } };
  const at = (seconds: number): string => new Date(start + seconds * second).toISOString();
  const end = async (node: string, seconds: number) => {
    now = start + seconds * second;
    await settleWorkflowTasks(deps, 'w', [stage.resultOf(await stage.claim('w', node))]);
  };
  await stage.begin('w', definition);
  await end('build', 10);
  await end('lint', 30);
  return { deps, at };
}

describe('a plan', () => {
  it('of a running workflow keeps what happened, and predicts the rest by estimates', async () => {
    const { deps, at } = await halfDone();
    const plan = (await planWorkflow(deps, 'w'))!;
    expect(plan).toMatchObject({ status: 'In Progress', critical_path: ['build', 'test', 'ship'] });
    expect(plan.predicted_finish).toBe(at(10 + 120 + 60));
    expect(plan.nodes).toMatchObject([
      { name: 'build', status: 'Completed', starts_at: at(0), ends_at: at(10), critical: true },
      { name: 'test', status: 'Started', starts_at: at(10), ends_at: at(130), slack_ms: 0, critical: true },
      { name: 'lint', status: 'Completed', ends_at: at(30), critical: false },
      { name: 'ship', status: 'Waiting', estimated_ms: 60_000, estimated_by: 'nothing', slack_ms: 0 },
    ]);
  });

  it('takes what a task type took lately where the definition says nothing', async () => {
    const { deps } = await halfDone();
    const figures = { ship: { completed: 2, failed: 0, log: 2 * 8_000, log_squared: 0, micro_usd: 0, tokens: 0 } };
    const pool = async (name: string) => {
      const rows = await deps.agents.pool(name);
      return { ...rows, agents: [{ figures, capabilities: [] } as never] };
    };
    const plan = await planWorkflow({ ...deps, agents: { ...deps.agents, pool } }, 'w');
    expect(plan?.nodes[3]).toMatchObject({ estimated_by: 'history', estimated_ms: Math.round(Math.exp(8)) });
  });

  it('of nodes around others follows what goes on inside of them', async () => {
    const stage = createWorkflowStage();
    const body = {
      nodes: [
        { name: 'x', task_type: 'x', payload: { estimated_duration: 30 } },
        { name: 'y', task_type: 'y', depends_on: ['x'], payload: { estimated_duration: 10 } },
      ],
    };
    const nested = {
      name: 'nested',
      nodes: [
        { name: 'first', task_type: 'a', payload: { estimated_duration: 5 } },
        { name: 'inner', kind: 'subworkflow' as const, depends_on: ['first'], body },
        { name: 'last', task_type: 'b', depends_on: ['inner'], payload: { estimated_duration: 1 } },
      ],
    };
    expect(await validateWorkflow(stage.deps, nested)).toMatchObject({
      plan: { critical_path: ['first', 'inner', 'last'], nodes: [{}, { estimated_ms: 40_000 }, {}] },
    });
    await stage.begin('n', nested);
    await stage.run('n', 'first');
    const plan = (await planWorkflow(stage.deps, 'n'))!;
    expect(plan.critical_path).toEqual(['first', 'inner:0:x', 'inner:0:y', 'inner', 'last']);
    expect(Date.parse(plan.predicted_finish) - stage.clock.now()).toBe(41 * second);
    expect(await replayWorkflow(stage.deps, 'n')).toMatchObject({ matches: true, nodes: { length: 5 } });
  });

  it('of a workflow that nobody knows is none', async () => {
    const { deps } = await halfDone();
    expect(await planWorkflow(deps, 'other')).toBeUndefined();
    expect(await replayWorkflow(deps, 'other')).toBeUndefined();
  });
});

describe('a workflow with a deadline', () => {
  it('gives each task its own: what comes after it must still fit', async () => {
    const stage = createWorkflowStage();
    const begin = stage.clock.now();
    const deadline = new Date(begin + 600 * second).toISOString();
    const submission = { workflow_id: 'd', definition: workflowDefinition.parse(definition), deadline };
    await submitWorkflow(stage.deps, { submission, principal: 'ann', correlation_id: 'd' });
    await beginWorkflow(stage.deps, { workflow_id: 'd', task_token: 'token' });
    const dueIn = async (node: string) => (Date.parse((await stage.rowOf('d', node)).deadline!) - begin) / second;
    // After the build come the test (120 s) and the shipping, of which nothing is known (60 s).
    expect(await dueIn('build')).toBe(600 - 180);
    await stage.run('d', 'build');
    expect([await dueIn('test'), await dueIn('lint')]).toEqual([540, 540]);
    await stage.run('d', 'test');
    await stage.run('d', 'lint');
    expect(await dueIn('ship')).toBe(600);
    expect(await planWorkflow(stage.deps, 'd')).toMatchObject({ deadline });
  });

  it('keeps the earlier one where a node has its own', async () => {
    const stage = createWorkflowStage();
    const begin = stage.clock.now();
    const nodes = [{ name: 'a', task_type: 'a', deadline_ms: 5 * second }];
    const submission = {
      workflow_id: 'd',
      definition: workflowDefinition.parse({ name: 'x', nodes }),
      deadline: new Date(begin + 600 * second).toISOString(),
    };
    await submitWorkflow(stage.deps, { submission, principal: 'ann', correlation_id: 'd' });
    await beginWorkflow(stage.deps, { workflow_id: 'd', task_token: 'token' });
    expect((await stage.rowOf('d', 'a')).deadline).toBe(new Date(begin + 5 * second).toISOString());
  });
});

describe('a replay', () => {
  it('gives the stored state, and each state of the past at its time', async () => {
    const { deps, at } = await halfDone();
    const statuses = async (time?: string) => {
      const view = (await replayWorkflow(deps, 'w', time))!;
      return view.nodes.map(({ status }) => status[0]).join('');
    };
    expect(await replayWorkflow(deps, 'w')).toMatchObject({ matches: true, differences: [], status: 'In Progress' });
    expect(await statuses()).toBe('CSCW');
    expect(await statuses(at(29))).toBe('CSSW');
    expect(await statuses(at(9))).toBe('SWWW');
    expect(await replayWorkflow(deps, 'w', at(-1))).toMatchObject({ status: 'Not Started', events: 0, seq: 0 });
    expect(await replayWorkflow(deps, 'w', at(29))).not.toHaveProperty('matches');
  });

  it('tells where the stored state is not what the log says', async () => {
    const { deps } = await halfDone();
    const history = async (id: string) => {
      const run = (await deps.workflows.history(id))!;
      return { ...run, head: { ...run.head, nodes: 'CFCW' } };
    };
    expect(await replayWorkflow({ ...deps, workflows: { ...deps.workflows, history } }, 'w')).toMatchObject({
      matches: false,
      differences: ['test is Failed, the log says Started'],
    });
  });
});

describe('a validation', () => {
  const { deps } = createWorkflowStage();

  it('gives the plan of what may run', async () => {
    const view = await validateWorkflow(deps, definition);
    expect(view).toMatchObject({ valid: true, errors: [], plan: { critical_path: ['build', 'test', 'ship'] } });
    expect(view.warnings[0]).toMatchObject({ message: expect.stringMatching(/no agent is registered/) });
  });

  it('warns of an escalation that the submission gives no deadline', async () => {
    const { deps } = createWorkflowStage();
    const [node] = definition.nodes;
    const escalation = [{ within_ms: 60_000, priority: 'high' }];
    const rising = { name: 'rises', nodes: [{ ...node, escalation }] };
    const messages = async (value: unknown) =>
      (await validateWorkflow(deps, value)).warnings.map(({ message, fix }) => [message, fix]);
    const told = ['escalation of "build" does nothing without a deadline', expect.stringContaining('deadline_ms')];
    expect(await messages(rising)).toContainEqual(told);
    expect(await messages({ definition: rising })).toContainEqual(told);
    expect(await messages({ definition: rising, deadline: '2027-01-01T00:00:00Z' })).not.toContainEqual(told);
  });

  it('lists all faults of a submission with their paths in it and what to do', async () => {
    const nodes = [{ name: 'a', task_type: 't', depends_on: ['b', 'a'], input: 'outputs.z' }];
    const { valid, errors } = await validateWorkflow(deps, { definition: { name: 'x', nodes } });
    expect(valid).toBe(false);
    expect(errors).toMatchObject([
      { code: 'unknown-dependency', path: 'definition.nodes[0].depends_on[0]', fix: expect.stringContaining('add') },
      { code: 'workflow-cycle', path: 'definition.nodes[0].depends_on' },
      { code: 'invalid-expression', path: 'definition.nodes[0].input', fix: expect.stringContaining('depends_on') },
    ]);
  });

  it('lists faults of the shape, the graph and the expressions together, and nothing that only follows from them', async () => {
    const nodes = [
      { name: 'a', task_type: 't', priority: 'urgent', depends_on: 'b', input: 'outputs.b & outputs.z' },
      { name: 'b', task_type: 't', compensate_with: { task_type: 'u', compensate_with: { task_type: 'v' } } },
      { kind: 'map', name: 'm', depends_on: ['c'], max_concurrency: 0, body: { nodes: [{ name: 'x', input: '((' }] } },
      null,
      { kind: 'choice', name: 'c', branches: [{ then: ['d'] }] },
      { name: 'd', task_type: 't', depends_on: ['c', 7] },
    ];
    const { errors } = await validateWorkflow(deps, { workflow_id: 'a b', definition: { name: 'x', nodes } });
    expect(errors.map(({ code, path }) => `${path} ${code}`)).toEqual([
      'workflow_id invalid-input',
      'definition.nodes[0].depends_on invalid-input',
      'definition.nodes[0].priority invalid-input',
      'definition.nodes[1].compensate_with.compensate_with compensation-loop',
      'definition.nodes[2].items invalid-input',
      'definition.nodes[2].body.nodes[0].task_type invalid-input',
      'definition.nodes[2].max_concurrency invalid-input',
      'definition.nodes[3] invalid-input',
      'definition.nodes[4].branches[0].when invalid-input',
      'definition.nodes[5].depends_on[1] invalid-input',
      'definition.nodes[0].input invalid-expression',
      'definition.nodes[2].body.nodes[0].input invalid-expression',
    ]);
  });

  it('lists all faults of a shape that is none', async () => {
    const view = await validateWorkflow(deps, { name: 'x', nodes: [{ name: 'a b' }], other: 1 });
    expect(view.errors.map(({ path }) => path)).toEqual(['nodes[0].name', 'nodes[0].task_type', 'other']);
    expect(await validateWorkflow(deps, null)).toMatchObject({ valid: false });
  });
});
