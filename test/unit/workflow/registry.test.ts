import { describe, expect, it } from '@jest/globals';
import { type WorkflowDefinitionInput, workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { createSchedule, readSchedule } from '../../../src/workflow/usecases/schedules/create-schedule.ts';
import { validateWorkflow } from '../../../src/workflow/usecases/view/inspect-workflow.ts';
import { migrateWorkflow } from '../../../src/workflow/usecases/steer/migrate-workflow.ts';
import { deprecateDefinition, registerDefinition } from '../../../src/workflow/usecases/submit/register-definition.ts';
import { rerunWorkflow } from '../../../src/workflow/usecases/steer/rerun-workflow.ts';
import { submitWorkflow } from '../../../src/workflow/usecases/submit/submit-workflow.ts';
import { wakeSchedules } from '../../../src/workflow/usecases/schedules/wake-schedules.ts';
import { finish, queued, task } from '../../support/workflow-runner.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

type Stage = ReturnType<typeof createWorkflowStage>;

const register = async (stage: Stage, definition: WorkflowDefinitionInput) =>
  registerDefinition(stage.deps, { definition: workflowDefinition.parse(definition), principal: 'alice' });
const run = (stage: Stage, definition: string, workflow_id = 'w') =>
  submitWorkflow(stage.deps, {
    submission: { workflow_id, definition },
    principal: 'alice',
    correlation_id: 'story',
  });
const deprecate = (stage: Stage, version: number, reason?: string) =>
  deprecateDefinition(stage.deps, {
    ...{ name: 'x', version, principal: 'bea' },
    ...(reason === undefined ? {} : { reason }),
  });
const one = { name: 'x', nodes: [task('a')] };
const two = { name: 'x', nodes: [task('a'), task('b', ['a'])] };
interface Refusal {
  readonly faults: readonly { readonly code: string; readonly path: string }[];
}

/** What a refusal lists. */
const faultsOf = async (refused: Promise<unknown>) =>
  refused.then(
    () => undefined,
    (refusal: unknown) => (refusal as Refusal).faults.map(({ code, path }) => [code, path]),
  );

describe('the registry of definitions', () => {
  it('counts versions by their bodies: the body of any version again is that version', async () => {
    const stage = createWorkflowStage();
    expect(await register(stage, one)).toMatchObject({
      ok: true,
      value: { definition: 'x@1', registered_by: 'alice' },
    });
    expect(await register(stage, two)).toMatchObject({ ok: true, value: { definition: 'x@2' } });
    expect(await register(stage, one)).toMatchObject({ ok: true, value: { definition: 'x@1' } });
    expect((await stage.deps.definitions.get('default', 'x'))?.versions).toHaveLength(2);
  });

  it('registers nothing that could not run, and tells all faults', async () => {
    const stage = createWorkflowStage();
    const nodes = [task('a', ['b']), { kind: 'subworkflow' as const, name: 'c', body: 'other@2' }];
    expect(await faultsOf(register(stage, { name: 'x', nodes }))).toEqual([
      ['unknown-definition', 'definition.nodes[1].body'],
      ['unknown-dependency', 'definition.nodes[0].depends_on[0]'],
    ]);
    expect(await stage.deps.definitions.get('default', 'x')).toBeUndefined();
  });

  it('pins the version of a run: a newer one changes nothing for it, not even for its repeat', async () => {
    const stage = createWorkflowStage();
    await register(stage, one);
    expect(await run(stage, 'x@latest')).toMatchObject({ ok: true, value: { definition: 'x@1', name: 'x' } });
    await register(stage, two);
    expect(await run(stage, 'x@latest')).toMatchObject({ ok: true, value: { definition: 'x@1' } });
    expect(await run(stage, 'x@2')).toMatchObject({ ok: false, error: { code: 'workflow-conflict' } });
    expect(await run(stage, 'x@latest', 'newer')).toMatchObject({ value: { definition: 'x@2' } });
    expect(await finish(stage)).toMatchObject({ status: 'Completed', nodes: { Completed: 1 } });
  });

  it('refuses what nobody registered', async () => {
    const stage = createWorkflowStage();
    expect(await faultsOf(run(stage, 'x@latest'))).toEqual([['unknown-definition', 'definition']]);
    await register(stage, one);
    expect(await faultsOf(run(stage, 'x@2'))).toEqual([['unknown-definition', 'definition']]);
    expect(await stage.deps.workflows.head('w')).toBeUndefined();
  });

  it('leaves deprecated versions out of the latest, and warns whoever names one', async () => {
    const stage = createWorkflowStage();
    await register(stage, one);
    await register(stage, two);
    expect(await deprecate(stage, 2, 'ships twice')).toMatchObject({
      value: { definition: 'x@2', deprecated: { reason: 'ships twice', by: 'bea' } },
    });
    expect(await run(stage, 'x@latest')).toMatchObject({ value: { definition: 'x@1' } });
    expect(await run(stage, 'x@2', 'named')).toMatchObject({
      value: { definition: 'x@2', warnings: expect.arrayContaining(['x@2 is deprecated: ships twice']) },
    });
    await deprecate(stage, 1, 'too old');
    expect(await faultsOf(run(stage, 'x@latest', 'none'))).toEqual([['unknown-definition', 'definition']]);
    await deprecate(stage, 2);
    expect(await run(stage, 'x@latest', 'again')).toMatchObject({ value: { definition: 'x@2' } });
    expect(await deprecate(stage, 3, 'why not')).toMatchObject({ ok: false, error: { code: 'unknown-definition' } });
  });

  it('lets a run go on by a registered version, which a rerun keeps and a version of its own takes away', async () => {
    const stage = createWorkflowStage();
    await register(stage, one);
    await register(stage, two);
    await run(stage, 'x@1');
    const migrate = async (definition: string | WorkflowDefinitionInput) =>
      migrateWorkflow(stage.deps, {
        ...{ workflow_id: 'w', principal: 'alice' },
        definition: typeof definition === 'string' ? definition : workflowDefinition.parse(definition),
      });
    expect(await migrate('x@latest')).toMatchObject({
      value: { added: ['b'], workflow: { definition: 'x@2', version: 2 } },
    });
    await stage.run('w', 'a');
    await rerunWorkflow(stage.deps, 'w', { from: ['b'], workflow_id: 'r' }, { principal: 'p', correlation_id: 'c' });
    expect(await stage.deps.workflows.head('r')).toMatchObject({ definition: 'x@2' });
    await migrate({ ...two, nodes: [...two.nodes, task('c', ['b'])] });
    const head = await stage.deps.workflows.head('w');
    expect(head).toMatchObject({ version: 3 });
    expect(head?.definition).toBeUndefined();
    expect(await finish(stage)).toMatchObject({ status: 'Completed' });
  });
});

describe('a registered definition as a body', () => {
  const check = (name: string) => ({
    name: 'check',
    nodes: [{ kind: 'subworkflow' as const, name: 'in', body: 'steps' }],
    bodies: { steps: { nodes: [task(name)] } },
  });
  const outer = {
    name: 'x',
    nodes: [
      { kind: 'subworkflow' as const, name: 'first', body: 'check@1' },
      { kind: 'subworkflow' as const, name: 'own', depends_on: ['first'], body: 'steps' },
      { kind: 'subworkflow' as const, name: 'last', depends_on: ['own'], body: 'check@2' },
    ],
    bodies: { steps: { nodes: [task('mine')] } },
    output: 'outputs.last',
  };

  it('runs in the version that is named, with bodies of its own that are no one else’s', async () => {
    const stage = createWorkflowStage();
    await register(stage, check('old'));
    await register(stage, check('new'));
    await register(stage, outer);
    await run(stage, 'x@1');
    const ran: string[] = [];
    expect(
      await finish(stage, (path) => {
        ran.push(path);
        return path;
      }),
    ).toMatchObject({ status: 'Completed', output: 'last:0:in:0:new' });
    expect(ran).toEqual(['first:0:in:0:old', 'own:0:mine', 'last:0:in:0:new']);
  });

  it('is found through others, and named where it is missing', async () => {
    const stage = createWorkflowStage();
    await register(stage, check('deep'));
    await register(stage, { name: 'middle', nodes: [{ kind: 'subworkflow', name: 'm', body: 'check@1' }] });
    const top = { name: 'x', nodes: [{ kind: 'loop' as const, name: 'l', until: 'true', body: 'middle@1' }] };
    await stage.begin('w', top);
    expect(await queued(stage)).toEqual(['l:0:m:0:in:0:deep']);
    const broken = { ...top, nodes: [{ ...top.nodes[0]!, on_error: { fallback: 'middle@7' } }] };
    expect(await faultsOf(stage.submit('other', broken))).toEqual([
      ['unknown-definition', 'definition.nodes[0].on_error.fallback'],
    ]);
    expect(await validateWorkflow(stage.deps, broken)).toMatchObject({
      valid: false,
      errors: [{ code: 'unknown-definition', path: 'nodes[0].on_error.fallback' }],
    });
    expect(await validateWorkflow(stage.deps, { definition: 'middle@1' })).toMatchObject({ valid: true });
  });
});

describe('a schedule of a registered definition', () => {
  it('starts each run by the version that is the latest then', async () => {
    const stage = createWorkflowStage();
    await register(stage, one);
    const schedule = readSchedule({ schedule_id: 's', every_ms: 60_000, definition: 'x@latest' });
    expect(await createSchedule(stage.deps, { schedule, principal: 'alice' })).toMatchObject({
      value: { name: 'x@latest' },
    });
    const fire = async () => {
      await stage.clock.advance(60_000);
      await wakeSchedules(stage.deps, 'default', ['s']);
      const run_id = (await stage.deps.schedules.get('default', 's'))?.last_run?.workflow_id ?? '';
      return (await stage.deps.workflows.head(run_id))?.definition;
    };
    expect(await fire()).toBe('x@1');
    await register(stage, two);
    const id = (await stage.deps.schedules.get('default', 's'))?.last_run?.workflow_id ?? '';
    await stage.run(id, 'a');
    expect(await fire()).toBe('x@2');
  });

  it('is refused while nobody has registered it', async () => {
    const stage = createWorkflowStage();
    const schedule = readSchedule({ schedule_id: 's', every_ms: 60_000, definition: 'x@1' });
    expect(await faultsOf(createSchedule(stage.deps, { schedule, principal: 'alice' }))).toEqual([
      ['unknown-definition', 'definition'],
    ]);
  });
});
