import { describe, expect, it } from '@jest/globals';
import { type WorkflowDefinitionInput, workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { settleWorkflowTasks } from '../../../src/workflow/usecases/advance/advance-workflow.ts';
import { cancelWorkflow } from '../../../src/workflow/usecases/steer/cancel-workflow.ts';
import { replayWorkflow } from '../../../src/workflow/usecases/view/inspect-workflow.ts';
import { migrateWorkflow } from '../../../src/workflow/usecases/steer/migrate-workflow.ts';
import { rerunWorkflow } from '../../../src/workflow/usecases/steer/rerun-workflow.ts';
import { setBudget } from '../../../src/workflow/usecases/steer/set-budget.ts';
import {
  pauseWorkflow,
  redriveWorkflow,
  unpauseWorkflow,
} from '../../../src/workflow/usecases/steer/steer-workflow.ts';
import { broken, finish, queued, started, task } from '../../support/workflow-runner.ts';
import type { createWorkflowStage } from '../../support/workflow-stage.ts';

type Stage = ReturnType<typeof createWorkflowStage>;

const who = { workflow_id: 'w', principal: 'alice' };
const migrate = (stage: Stage, definition: Omit<WorkflowDefinitionInput, 'name'>, more: object = {}) =>
  migrateWorkflow(stage.deps, {
    ...who,
    definition: workflowDefinition.parse({ name: 'x', ...definition }),
    ...more,
  });
/** What a refused migration lists: code, path, whose fault. */
async function faultsOf(migration: Promise<unknown>) {
  const error = (await migration.then(
    () => undefined,
    (refusal: unknown) => refusal,
  )) as { code: string; faults: { code: string; path: string; fix?: string }[] } | undefined;
  return error?.faults.map(({ code, path, fix }) => [code, path, (fix ?? '') !== '']);
}
const log = async (stage: Stage) => (await stage.deps.workflows.events('w')).flatMap(({ events }) => events);

describe('a migration of a running workflow', () => {
  it('lets what waits go by the newer version, keeps what has begun, and is in the log', async () => {
    const stage = await started({ nodes: [task('a'), task('b', ['a']), task('c', ['b'])] });
    await stage.run('w', 'a', { output: 7 });
    const next = {
      nodes: [task('audit', ['a'], { input: 'outputs.a' }), task('c', ['b', 'audit']), task('b', ['a']), task('a')],
      output: 'outputs.c',
    };
    const migrated = await migrate(stage, next);
    expect(migrated).toMatchObject({
      ok: true,
      value: { dry_run: false, added: ['audit'], changed: ['c'], removed: [], workflow: { version: 2 } },
    });
    expect(await queued(stage)).toEqual(['audit', 'b']);
    expect((await stage.rowOf('w', 'audit')).payload.text).toBe('7');
    expect(await replayWorkflow(stage.deps, 'w')).toMatchObject({ matches: true });
    expect(await finish(stage, (path) => path)).toMatchObject({ status: 'Completed', output: 'c', version: 2 });
    expect(await log(stage)).toContainEqual(
      expect.objectContaining({ type: 'WorkflowMigrated', by: 'alice', version: 2 }),
    );
  });

  it('takes the budget of the newer version where that is another, and keeps one that was set by hand', async () => {
    const stage = await started({ nodes: [task('a'), task('b', ['a'])], budget: { usd: 1 } });
    await setBudget(stage.deps, { ...who, budget: { usd: 3 } });
    const grown = { nodes: [task('a'), task('b', ['a']), task('c', ['b'])] };
    await migrate(stage, { ...grown, budget: { usd: 1 } });
    expect(await stage.deps.workflows.head('w')).toMatchObject({ version: 2, budget: { usd: 3 } });
    await migrate(stage, { ...grown, budget: { usd: 5 } });
    expect(await stage.deps.workflows.head('w')).toMatchObject({ version: 3, budget: { usd: 5 } });
    expect(await log(stage)).toContainEqual({ type: 'BudgetSet', by: 'alice', budget: { usd: 5 } });
    expect(await faultsOf(migrate(stage, grown))).toEqual([['incompatible-definition', 'definition.budget', true]]);
    expect(await replayWorkflow(stage.deps, 'w')).toMatchObject({ matches: true });
  });

  it('lists every reason why not, with its path and what to do, and changes nothing', async () => {
    const body = { nodes: [task('in')] };
    const stage = await started({
      nodes: [
        task('a'),
        task('b', ['a']),
        { kind: 'subworkflow', name: 'sub', body: 'shared' },
        task('gone'),
        task('w', ['b']),
      ],
      bodies: { shared: body },
    });
    await stage.run('w', 'a');
    const before = await stage.deps.workflows.head('w');
    const next = {
      name: 'y',
      nodes: [
        task('a', [], { task_type: 'other', priority: 'high' }),
        task('n'),
        task('b', ['a', 'n']),
        { kind: 'subworkflow' as const, name: 'sub', body: 'shared' },
        task('w', ['b'], { input: 'outputs.nobody' }),
      ],
      bodies: { shared: { nodes: [task('in'), task('more')] } },
    };
    expect(await faultsOf(migrate(stage, next))).toEqual([
      ['invalid-expression', 'definition.nodes[4].input', true],
      ['incompatible-definition', 'definition.name', true],
      ['incompatible-definition', 'definition.nodes[0].task_type', true],
      ['incompatible-definition', 'definition.nodes[2].depends_on', true],
      ['incompatible-definition', 'definition.nodes', true],
      ['incompatible-definition', 'definition.bodies.shared', true],
    ]);
    expect(await stage.deps.workflows.head('w')).toEqual(before);
  });

  it('refuses a choice that would decide about a node which has started', async () => {
    const rule = { trigger_rule: 'one_success' };
    const stage = await started({ nodes: [task('a'), task('b'), task('c', ['b']), task('d', ['a', 'c'], rule)] });
    await stage.run('w', 'a');
    const choice = { kind: 'choice' as const, name: 'c', depends_on: ['b'], branches: [{ when: 'true', then: ['e'] }] };
    const next = {
      nodes: [task('a'), task('b'), { ...choice, default: ['d'] }, task('d', ['a', 'c'], rule), task('e', ['c'])],
    };
    expect(await faultsOf(migrate(stage, next))).toEqual([
      ['incompatible-definition', 'definition.nodes[2].default', true],
    ]);
  });

  it('says in a dry run what would change, and changes nothing; a repeat with the version in force does neither', async () => {
    const stage = await started({ nodes: [task('a'), task('b', ['a']), task('c', ['a'])] });
    const next = { nodes: [task('a'), task('b', ['a'], { priority: 'high' }), task('d', ['b'])] };
    const plan = { added: ['d'], changed: ['b'], removed: ['c'] };
    expect(await migrate(stage, next, { dry_run: true })).toMatchObject({ value: { dry_run: true, ...plan } });
    expect((await stage.deps.workflows.head('w'))!.seq).toBe(1);
    expect(await migrate(stage, next)).toMatchObject({ value: { dry_run: false, ...plan } });
    expect(await migrate(stage, next)).toMatchObject({ value: { added: [], changed: [], removed: [] } });
    expect((await stage.deps.workflows.head('w'))!.seq).toBe(2);
  });

  it('meets results that were sent before it, once, and loses no race', async () => {
    const stage = await started({ nodes: [task('a'), task('b', ['a'])] });
    const sent = stage.resultOf(await stage.claim('w', 'a'));
    const { deps } = stage;
    let raced = false;
    const advance: typeof deps.workflows.advance = async (step) => {
      if (!raced) {
        raced = true;
        await settleWorkflowTasks(deps, 'w', [sent]);
      }
      return deps.workflows.advance(step);
    };
    const racing = { ...stage, deps: { ...deps, workflows: { ...deps.workflows, advance } } };
    expect(await migrate(racing, { nodes: [task('c', ['b']), task('b', ['a']), task('a')] })).toMatchObject({
      ok: true,
    });
    expect((await settleWorkflowTasks(deps, 'w', [sent])).outcomes).toEqual(['repeated']);
    expect(await finish(stage)).toMatchObject({ status: 'Completed', nodes: { Completed: 3 } });
  });

  it('keeps what runs inside of nodes: rounds, items, and what waits for an event', async () => {
    const each = {
      kind: 'map' as const,
      name: 'each',
      items: '[1, 2]',
      max_concurrency: 1,
      body: { nodes: [task('t')] },
    };
    const go = { kind: 'event' as const, name: 'go', events: [{ name: 'go' }] };
    const stage = await started({ nodes: [each, go, task('after', ['each'])] });
    await stage.run('w', 'each:0:t');
    await migrate(stage, { nodes: [task('first'), go, task('after', ['each', 'first']), each] });
    expect(await queued(stage)).toEqual(['first', 'each:1:t']);
    const { signalWorkflow } = await import('../../../src/workflow/usecases/events/signal-workflow.ts');
    await signalWorkflow(stage.deps, { signal: { workflow_id: 'w', name: 'go', id: 's' }, principal: 'bob' });
    expect(await finish(stage)).toMatchObject({ status: 'Completed' });
  });

  it('of a paused run starts nothing until it is resumed; of one that ended, was cancelled or is not there it is refused', async () => {
    const stage = await started({ nodes: [task('a')] });
    await pauseWorkflow(stage.deps, who);
    await migrate(stage, { nodes: [task('a'), task('b')] });
    expect(await queued(stage)).toEqual(['a']);
    await unpauseWorkflow(stage.deps, who);
    expect(await queued(stage)).toEqual(['a', 'b']);
    await cancelWorkflow(stage.deps, { ...who, reason: 'enough' });
    expect(await migrate(stage, { nodes: [task('a')] })).toMatchObject({ error: { code: 'already-finished' } });
    expect(await migrate(stage, { nodes: [task('a')] }, { workflow_id: 'no' })).toMatchObject({
      error: { code: 'not-found' },
    });
  });

  it('is what a redrive and a rerun go by afterwards', async () => {
    const stage = await started({ nodes: [task('a'), task('b', ['a'])] });
    await migrate(stage, { nodes: [task('z', ['b']), task('b', ['a'], { retry: { max_attempts: 1 } }), task('a')] });
    await stage.run('w', 'a');
    await stage.run('w', 'b', broken);
    expect(await stage.deps.workflows.head('w')).toMatchObject({ status: 'Failed', nodes: 'KFC' });
    await redriveWorkflow(stage.deps, who);
    expect(await finish(stage)).toMatchObject({ status: 'Completed', nodes: { Completed: 3 } });
    const again = { from: ['z'], workflow_id: 'again' };
    await rerunWorkflow(stage.deps, 'w', again, { principal: 'alice', correlation_id: 'c' });
    expect(await stage.deps.workflows.head('again')).toMatchObject({ nodes: 'SRR' });
    expect((await stage.rowOf('again', 'z')).status).toBe('Queued');
  });
});
