import { describe, expect, it } from '@jest/globals';
import { workflowDefinition, type WorkflowSubmission } from '../../../src/contracts/workflow/workflow.ts';
import type { WorkflowDeps } from '../../../src/workflow/ports.ts';
import { beginWorkflow } from '../../../src/workflow/usecases/submit/begin-workflow.ts';
import { resumeWorkflows } from '../../../src/workflow/usecases/advance/resume-workflow.ts';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { submitWorkflow, submitWorkflows } from '../../../src/workflow/usecases/submit/submit-workflow.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

const node = (name: string, more: object = {}) => ({ name, task_type: 'work', ...more });

describe('submitting a workflow', () => {
  it('takes the same body again as the same run, and refuses another body under its id', async () => {
    const stage = createWorkflowStage();
    const definition = { name: 'x', nodes: [node('a')] };
    expect(await stage.submit('w', definition)).toMatchObject({ ok: true, value: { status: 'Not Started' } });
    expect(await stage.submit('w', definition)).toMatchObject({ ok: true, value: { workflow_id: 'w' } });
    expect(await stage.submit('w', definition, 1)).toMatchObject({ ok: false, error: { code: 'workflow-conflict' } });
    await stage.begin('w', definition);
    stage.started.length = 0;
    expect(await stage.submit('w', definition)).toMatchObject({ ok: true, value: { status: 'In Progress' } });
    expect(stage.started).toEqual([]);
  });

  it('hands its namespace to its tasks, which stand in lanes of their own', async () => {
    const stage = createWorkflowStage();
    const definition = workflowDefinition.parse({ name: 'x', nodes: [node('a')] });
    const submission = { workflow_id: 'w', definition, namespace: 'acme' };
    const view = await submitWorkflow(stage.deps, { submission, principal: 'user', correlation_id: 'story' });
    expect(view).toMatchObject({ ok: true, value: { namespace: 'acme' } });
    await beginWorkflow(stage.deps, { workflow_id: 'w', task_token: 'token' });
    expect(await stage.deps.tasks.get(['w:a'])).toMatchObject([{ namespace: 'acme', route: 'acme|*' }]);
  });

  it('begins it before its execution starts, which then only brings the token', async () => {
    const stage = createWorkflowStage();
    await stage.submit('w', { name: 'x', nodes: [node('a'), node('b', { depends_on: ['a'] })] });
    expect(await stage.rowOf('w', 'a')).toMatchObject({ status: 'Queued' });
    expect(stage.hints).toEqual([{ pool: 'default', routes: ['*'] }]);
    expect(stage.announced).toMatchObject([{ type: 'WorkflowStarted', data: { workflow_id: 'w' } }]);
    expect(stage.started).toEqual(['w']);
    await beginWorkflow(stage.deps, { workflow_id: 'w', task_token: 't' });
    expect(await stage.deps.workflows.head('w')).toMatchObject({ seq: 1, task_token: 't' });
    expect(stage.hints).toHaveLength(1);
  });

  it('starts the execution on a repeat when the first submission broke off before it did, and begins nothing twice', async () => {
    const stage = createWorkflowStage();
    const definition = { name: 'x', nodes: [node('a')] };
    const broken = {
      ...stage.deps,
      executions: { ...stage.deps.executions, start: () => Promise.reject(new Error('no')) },
    };
    await expect(stage.submit('w', definition, undefined, broken)).rejects.toThrow('no');
    expect(stage.started).toEqual([]);
    expect(await stage.submit('w', definition)).toMatchObject({ ok: true, value: { status: 'In Progress' } });
    expect(stage.started).toEqual(['w']);
    expect(stage.announced).toHaveLength(1);
  });

  it('owes the execution until it has started: the pulse starts it for a submission that died, also when the workflow has ended meanwhile', async () => {
    const stage = createWorkflowStage();
    const definition = { name: 'x', nodes: [node('a')] };
    const dying = {
      ...stage.deps,
      executions: { ...stage.deps.executions, start: () => Promise.reject(new Error('no')) },
    };
    for (const id of ['runs', 'ended']) await stage.submit(id, definition, undefined, dying).catch(() => undefined);
    await stage.submit('shown', definition);
    await stage.run('ended', 'a');
    const owing = async () => (await stage.deps.workflows.attention(9)).map(({ workflow_id }) => workflow_id).sort();
    expect(await owing()).toEqual(['ended', 'runs']);
    await stage.clock.advance(11_000);
    await resumeWorkflows(stage.deps, 'default');
    expect(stage.started.toSorted()).toEqual(['ended', 'runs', 'shown']);
    expect(await owing()).toEqual([]);
  });

  it('leaves one whose beginning broke off to its execution, also when it is submitted again', async () => {
    const stage = createWorkflowStage();
    const definition = { name: 'x', nodes: [node('a')] };
    await stage.create('w', definition);
    expect(await stage.submit('w', definition)).toMatchObject({ ok: true, value: { status: 'Not Started' } });
    expect(stage.started).toEqual(['w', 'w']);
    await beginWorkflow(stage.deps, { workflow_id: 'w', task_token: 't' });
    expect(await stage.rowOf('w', 'a')).toMatchObject({ status: 'Queued' });
  });

  it('takes one look at the pool, one tick and one hint for many, and a wrong one holds up no other', async () => {
    const stage = createWorkflowStage();
    let looks = 0;
    const pool: WorkflowDeps['agents']['pool'] = (name) => {
      looks += 1;
      return stage.deps.agents.pool(name);
    };
    const hinted: number[] = [];
    const hint: WorkflowDeps['messenger']['hint'] = async (list) => void hinted.push(list.length);
    const deps = {
      ...stage.deps,
      agents: { ...stage.deps.agents, pool },
      messenger: { ...stage.deps.messenger, hint },
    };
    const request = (workflow_id: string, depends_on: string[] = []) => ({
      submission: {
        workflow_id,
        definition: workflowDefinition.parse({ name: 'x', nodes: [node('a', { depends_on })] }),
      },
      principal: 'ann',
      correlation_id: workflow_id,
    });
    const outcomes = await submitWorkflows(deps, [request('one'), request('wrong', ['nobody']), request('two')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([looks, stage.ticks.length, hinted]).toEqual([1, 1, [2]]);
    expect(stage.started).toEqual(['one', 'two']);
  });

  it('writes nothing when anything is wrong, and says all that is', async () => {
    const stage = createWorkflowStage();
    const wrong = stage.submit('w', { name: 'x', nodes: [node('a', { depends_on: ['b'] }), node('a')] });
    await expect(wrong).rejects.toMatchObject({ code: 'duplicate-node', faults: [{}, { code: 'unknown-dependency' }] });
    expect(stage.dynamodb.items()).toEqual([]);
    expect(stage.started).toEqual([]);
  });

  it('warns of an escalation that it gives no deadline', async () => {
    const stage = createWorkflowStage();
    await stage.register('ann', []);
    const escalation = [{ within_ms: 60_000, priority: 'high' as const }];
    const definition = workflowDefinition.parse({ name: 'x', nodes: [node('a', { escalation })] });
    const warnings = async (submission: Partial<WorkflowSubmission> & { readonly workflow_id: string }) => {
      const request = { submission: { ...submission, definition }, principal: 'user', correlation_id: 'story' };
      const outcome = await submitWorkflow(stage.deps, request);
      return outcome.ok ? outcome.value.warnings : outcome;
    };
    expect(await warnings({ workflow_id: 'w' })).toEqual(['escalation of "a" does nothing without a deadline']);
    expect(await warnings({ workflow_id: 'v', deadline: '2027-01-01T00:00:00Z' })).toEqual([]);
  });

  it('warns of capabilities nobody offers, and shows them as the reason for waiting', async () => {
    const stage = createWorkflowStage();
    await stage.register('ann', ['code']);
    const definition = {
      name: 'x',
      nodes: [node('a', { required_capabilities: ['law'] }), node('b', { depends_on: ['a'] }), node('c')],
    };
    expect(await stage.submit('w', definition)).toMatchObject({
      value: { warnings: ['no registered agent offers law: node "a" will wait until one does'] },
    });
    await stage.begin('w', definition);
    expect((await listRunTasks(stage.deps, 'w'))?.map(({ status, reasons }) => [status, reasons])).toEqual([
      ['Queued', ['no registered agent offers law']],
      ['Waiting', ['waits for a']],
      ['Queued', ['waits for a free slot']],
    ]);
  });

  it('keeps a definition and events that outgrow an item in S3, and lists workflows newest first', async () => {
    const stage = createWorkflowStage();
    const nodes = Array.from({ length: 3_000 }, (_, index) => node(`${'long-name-'.repeat(10)}${index}`));
    await stage.begin('big', { name: 'x', nodes });
    expect(stage.s3.keys('bucket').length).toBe(2);
    expect((await stage.deps.workflows.events('big'))[0]?.events).toHaveLength(3_001);
    stage.clock.at(stage.clock.now() + 1_000, () => undefined);
    await stage.clock.run();
    await stage.submit('small', { name: 'y', nodes: [node('a')] });
    const first = await stage.deps.workflows.list('default', 1);
    expect(first.items.map(({ workflow_id }) => workflow_id)).toEqual(['small']);
    const second = await stage.deps.workflows.list('default', 1, first.cursor);
    expect(second.items.map(({ workflow_id }) => workflow_id)).toEqual(['big']);
    expect(await resumeWorkflows(stage.deps, 'default')).toBe(0);
  });
});
