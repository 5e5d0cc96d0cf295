import { describe, expect, it } from '@jest/globals';
import { inlineBytesMax, retentionMs, runMsMax, startsPerTransactionMax } from '../../../src/contracts/limits.ts';
import { replay } from '../../../src/workflow/core/run/reducer.ts';
import { stateOf } from '../../../src/workflow/core/run/state.ts';
import { settleWorkflowTasks } from '../../../src/workflow/usecases/advance/advance-workflow.ts';
import { beginWorkflow } from '../../../src/workflow/usecases/submit/begin-workflow.ts';
import { finishWorkflow } from '../../../src/workflow/usecases/advance/finish-workflow.ts';
import { resumeWorkflow, resumeWorkflows } from '../../../src/workflow/usecases/advance/resume-workflow.ts';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

const node = (name: string, depends_on: string[] = [], more: object = {}) => ({
  name,
  task_type: 'work',
  depends_on,
  ...more,
});
const chain = { name: 'chain', nodes: [node('a'), node('b', ['a'])] };
const failure = { outcome: 'failed' as const, error: { code: 'bad-file', message: 'cannot read', retryable: false } };

async function expectReplay(stage: ReturnType<typeof createWorkflowStage>, id: string) {
  const head = (await stage.deps.workflows.head(id))!;
  const pinned = (await stage.deps.workflows.definition(id))!;
  const rows = await stage.deps.workflows.events(id);
  expect(rows.map((row) => row.seq)).toEqual(rows.map((_, index) => index + 1));
  expect(
    replay(
      pinned.definition,
      rows.flatMap((row) => row.events),
    ),
  ).toEqual(stateOf(head));
}

describe('a workflow that runs', () => {
  it('starts successors in the transaction that ends their dependency, and ends its execution', async () => {
    const stage = createWorkflowStage();
    await stage.begin('w', chain);
    expect(stage.started).toEqual(['w']);
    expect(stage.hints).toEqual([{ pool: 'default', routes: ['*'] }]);
    await expect(stage.rowOf('w', 'b')).rejects.toThrow('no row');
    const first = await stage.run('w', 'a', { output: 1 });
    expect(first).toMatchObject({ outcomes: ['applied'], hints: [{ pool: 'default', routes: ['*'] }] });
    expect(first.announcements.map(({ type }) => type)).toEqual(['TaskCompleted']);
    await stage.run('w', 'b');
    expect(stage.executions.get('token-of-w')).toBe('ended');
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({
      status: 'Completed',
      nodes: { Completed: 2 },
      makespan_ms: 0,
    });
    await expectReplay(stage, 'w');
  });

  it('answers a repeated result as repeated, and one of another attempt or principal as late', async () => {
    const stage = createWorkflowStage();
    await stage.begin('w', chain);
    const row = await stage.claim('w', 'a');
    const stranger = { ...stage.resultOf(row), principal: 'mallory' };
    const old = stage.resultOf({ ...row, attempt: 9 });
    expect((await settleWorkflowTasks(stage.deps, 'w', [stranger, old])).outcomes).toEqual(['late', 'late']);
    const good = stage.resultOf(row);
    expect((await settleWorkflowTasks(stage.deps, 'w', [good, good])).outcomes).toEqual(['applied', 'repeated']);
    const again = await settleWorkflowTasks(stage.deps, 'w', [good]);
    expect(again).toEqual({ outcomes: ['repeated'], hints: [], announcements: [] });
    await expectReplay(stage, 'w');
  });

  it('tries a failed attempt again without touching the workflow, then refuses the lost lease', async () => {
    const stage = createWorkflowStage();
    await stage.begin('w', chain);
    const row = await stage.claim('w', 'a');
    const lost = {
      ...stage.resultOf(row, { outcome: 'failed', error: { code: 'lease-lost', message: 'silent', retryable: true } }),
      cause: 'lease-lost' as const,
    };
    const { principal: _none, ...byPulse } = lost;
    const { outcomes, hints } = await settleWorkflowTasks(stage.deps, 'w', [byPulse]);
    expect({ outcomes, hints }).toEqual({ outcomes: ['applied'], hints: [{ pool: 'default', routes: ['*'] }] });
    expect(await stage.rowOf('w', 'a')).toMatchObject({ status: 'Queued', retry_count: 1 });
    expect((await stage.deps.workflows.head('w'))?.seq).toBe(1);
    expect((await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(row)])).outcomes).toEqual(['late']);
    expect((await settleWorkflowTasks(stage.deps, 'w', [byPulse])).outcomes).toEqual(['repeated']);
    const second = await stage.claim('w', 'a', 'bob');
    const retry = stage.resultOf(second, { outcome: 'failed', error: { code: 'x', message: 'y', retryable: true } });
    expect((await settleWorkflowTasks(stage.deps, 'w', [retry])).outcomes).toEqual(['applied']);
    // The first tick belongs to the submission.
    expect(stage.ticks).toHaveLength(2);
    expect((await settleWorkflowTasks(stage.deps, 'w', [retry])).outcomes).toEqual(['repeated']);
  });

  it('settles many results of one workflow at once although they race', async () => {
    const stage = createWorkflowStage({ faults: { latencyMsMax: 20, transactionConflict: 0.1 } });
    const names = Array.from({ length: 10 }, (_, index) => `n${index}`);
    const definition = { name: 'fan', nodes: [...names.map((name) => node(name)), node('join', names)] };
    await stage.clock.drive(stage.begin('w', definition));
    const rows = [];
    for (const name of names) rows.push(await stage.clock.drive(stage.claim('w', name)));
    const all = await stage.clock.drive(
      Promise.all(rows.map((row) => settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(row)]))),
    );
    expect(all.flatMap(({ outcomes }) => outcomes)).toEqual(names.map(() => 'applied'));
    expect(await stage.clock.drive(stage.rowOf('w', 'join'))).toMatchObject({ status: 'Queued' });
    await stage.clock.drive(expectReplay(stage, 'w'));
  });

  it('skips what depends on a failure, and is partially complete when an end of the graph was reached', async () => {
    const stage = createWorkflowStage();
    await stage.begin('w', {
      name: 'x',
      nodes: [node('a'), node('b', ['a']), node('c'), node('report', ['b', 'c'], { trigger_rule: 'all_done' })],
    });
    await stage.run('w', 'a', failure);
    await stage.run('w', 'c');
    await stage.run('w', 'report');
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({
      status: 'Partially Complete',
      nodes: { Failed: 1, Skipped: 1, Completed: 2 },
    });
    expect(await listRunTasks(stage.deps, 'w')).toMatchObject([
      { name: 'a', status: 'Failed', error: { code: 'bad-file' }, attempt: 1, agent_id: 'ann' },
      { name: 'b', status: 'Skipped', reasons: ['its dependency "a" failed'] },
      { name: 'c', status: 'Completed' },
      { name: 'report', status: 'Completed' },
    ]);
    const finished = await finishWorkflow(stage.deps, 'w');
    expect(finished.delivery_notification).toContain('Completed 2 of 4 tasks in 0.0 s, 1 failed, 1 skipped.');
    expect(await stage.deps.workflows.attention(10)).toEqual([]);
    await expectReplay(stage, 'w');
  });

  it('makes inputs from earlier outputs, large ones by reference, and the output from the ends', async () => {
    const stage = createWorkflowStage();
    const big = 'x'.repeat(inlineBytesMax + 1);
    await stage.begin(
      'w',
      {
        name: 'x',
        nodes: [
          node('a', [], { input: '{ "n": input.n }' }),
          node('b', ['a'], { input: '{ "big": outputs.a.text, "was": nodes.a.status }' }),
        ],
        output: '{ "n": outputs.b.n + 1 }',
      },
      { n: 41 },
    );
    expect((await stage.rowOf('w', 'a')).payload.text).toBe('{"n":41}');
    await stage.run('w', 'a', { output: { text: big } });
    const { payload } = await stage.rowOf('w', 'b');
    expect(JSON.parse(await stage.deps.blobs.get(payload.ref!.key))).toEqual({ big, was: 'Completed' });
    await stage.run('w', 'b', { output: { n: 41 } });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Completed', output: { n: 42 } });
  });

  it('fails only the node whose input cannot be made', async () => {
    const stage = createWorkflowStage();
    await stage.begin('w', {
      name: 'x',
      nodes: [
        node('a'),
        node('b', ['a'], { input: '$number(outputs.a)' }),
        node('c', ['b']),
        node('d', ['b'], { trigger_rule: 'all_done', input: 'nodes.b.error.code' }),
      ],
      output: '$error("no")',
    });
    await stage.run('w', 'a', { output: 'not a number' });
    expect((await stage.rowOf('w', 'd')).payload.text).toBe('"input-failed"');
    await stage.run('w', 'd');
    const view = await viewWorkflow(stage.deps, 'w');
    expect(view).toMatchObject({ status: 'Partially Complete', error: expect.stringContaining('no') });
    expect(await listRunTasks(stage.deps, 'w')).toMatchObject([
      {},
      { status: 'Failed', error: { code: 'input-failed' } },
      { status: 'Skipped' },
      {},
    ]);
    await expectReplay(stage, 'w');
  });
});

describe('a workflow that loses a step', () => {
  it('begins once however often it is begun, and ends at once when it ended before its token came', async () => {
    const stage = createWorkflowStage();
    await stage.create('w', { name: 'x', nodes: [node('a')] });
    await Promise.all([
      beginWorkflow(stage.deps, { workflow_id: 'w' }),
      beginWorkflow(stage.deps, { workflow_id: 'w' }),
    ]);
    expect((await stage.deps.workflows.events('w')).map(({ seq }) => seq)).toEqual([1]);
    await stage.run('w', 'a');
    stage.executions.set('late', 'waiting');
    await beginWorkflow(stage.deps, { workflow_id: 'w', task_token: 'late' });
    expect(stage.executions.get('late')).toBe('ended');
  });

  it('starts a workflow whose execution never came', async () => {
    const stage = createWorkflowStage();
    await stage.create('w', chain);
    expect(await resumeWorkflows(stage.deps, 'default')).toBe(1);
    expect((await stage.deps.workflows.head('w'))?.status).toBe('Not Started');
    stage.clock.at(stage.clock.now() + 20_000, () => undefined);
    await stage.clock.run();
    await resumeWorkflows(stage.deps, 'default');
    expect((await stage.deps.workflows.head('w'))?.status).toBe('In Progress');
    expect(await resumeWorkflows(stage.deps, 'default')).toBe(0);
  });

  it('inserts the rest of a wide fan-out whose function died after the transaction', async () => {
    const stage = createWorkflowStage();
    const wide = Array.from({ length: startsPerTransactionMax + 1 }, (_, index) => node(`n${index}`, ['a']));
    await stage.begin('w', { name: 'wide', nodes: [node('a'), ...wide] });
    const row = await stage.claim('w', 'a');
    const dying = {
      ...stage.deps,
      tasks: { ...stage.deps.tasks, insert: () => Promise.reject(new Error('the function died')) },
    };
    await expect(settleWorkflowTasks(dying, 'w', [stage.resultOf(row)])).rejects.toThrow('died');
    expect(await stage.deps.workflows.attention(10)).toMatchObject([{ workflow_id: 'w' }]);
    await expect(stage.rowOf('w', 'n0')).rejects.toThrow('no row');
    await resumeWorkflow(stage.deps, 'w');
    expect(await stage.rowOf('w', `n${startsPerTransactionMax}`)).toMatchObject({ status: 'Queued' });
    expect(await stage.deps.workflows.attention(10)).toEqual([]);
    expect((await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(row)])).outcomes).toEqual(['repeated']);
  });

  it('keeps the mark of an older advance when a newer one has paid for its own', async () => {
    const stage = createWorkflowStage();
    await stage.create('w', chain);
    await stage.deps.workflows.clearAttention('w', { from: 1, to: 5 });
    expect(await stage.deps.workflows.attention(10)).toHaveLength(1);
    await stage.deps.workflows.clearAttention('w', { from: 0, to: 0 });
    expect(await stage.deps.workflows.attention(10)).toEqual([]);
  });

  it('warns of an execution that could not be told of its end, and tells it later', async () => {
    const stage = createWorkflowStage();
    await stage.begin('w', { name: 'one', nodes: [node('a')] });
    const { complete } = stage.deps.executions;
    const unreachable = { ...stage.deps.executions, complete: () => Promise.reject(new Error('throttled')) };
    const row = await stage.claim('w', 'a');
    const deps = { ...stage.deps, executions: unreachable };
    expect(await settleWorkflowTasks(deps, 'w', [stage.resultOf(row)])).toMatchObject({ outcomes: ['applied'] });
    expect(stage.warnings).toEqual(['an execution could not be told of its end']);
    await resumeWorkflow({ ...stage.deps, executions: { ...unreachable, complete } }, 'w');
    expect(stage.executions.get('token-of-w')).toBe('ended');
  });

  it('warns of an execution that died before its workflow ended, and of nothing when it waits', async () => {
    const stage = createWorkflowStage();
    for (const id of ['w', 'v']) await stage.begin(id, { name: 'one', nodes: [node('a')] });
    stage.executions.delete('token-of-w');
    await stage.run('v', 'a');
    expect(stage.warnings).toEqual([]);
    await stage.run('w', 'a');
    expect(stage.warnings).toEqual(['an execution could not be told of its end']);
  });

  it('lets all rows of a finished workflow expire, and none of a running one', async () => {
    const stage = createWorkflowStage();
    await stage.begin('w', chain);
    await stage.run('w', 'a');
    const rows = () => stage.dynamodb.items().filter(({ pk }) => /^(WORKFLOW|TASK|ATTENTION)#/.test(String(pk)));
    const expiring = () => rows().filter(({ expires_at }) => expires_at !== undefined);
    // A row that ended is asked for as long as its workflow may run, and be shown after that.
    expect(expiring().map(({ pk }) => pk)).toEqual(['TASK#w:a']);
    const keptMs = Number(expiring()[0]?.['expires_at']) * 1_000 - stage.clock.now();
    expect(keptMs).toBeGreaterThanOrEqual(runMsMax + retentionMs);
    await stage.run('w', 'b');
    await finishWorkflow(stage.deps, 'w');
    expect(rows().length).toBeGreaterThan(6);
    expect(expiring()).toHaveLength(rows().length);
  });

  it('publishes the end itself when nobody waits for the token any more', async () => {
    const stage = createWorkflowStage();
    await stage.begin('w', { name: 'x', nodes: [node('a')] });
    await stage.run('w', 'a');
    stage.announced.length = 0;
    await resumeWorkflow(stage.deps, 'w');
    expect(stage.announced).toMatchObject([
      { type: 'WorkflowFinished', data: { workflow_id: 'w', status: 'Completed' } },
    ]);
    expect(await stage.deps.workflows.attention(10)).toEqual([]);
  });

  it('settles again safely after an answer that was lost', async () => {
    const stage = createWorkflowStage();
    await stage.begin('w', chain);
    const row = await stage.claim('w', 'a');
    stage.faults.arrange('lostAnswer', (detail) => detail.includes('TransactWrite'));
    await expect(settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(row)])).rejects.toThrow();
    expect((await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(row)])).outcomes).toEqual(['repeated']);
    expect(await stage.rowOf('w', 'b')).toMatchObject({ status: 'Queued', attempt: 0 });
    await expectReplay(stage, 'w');
  });
});
