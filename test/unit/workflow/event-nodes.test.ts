import { describe, expect, it } from '@jest/globals';
import { keptSignalsMax, resultsPerTransactionMax } from '../../../src/contracts/limits.ts';
import { checkDefinition } from '../../../src/workflow/core/definition/definition.ts';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { signalWorkflow } from '../../../src/workflow/usecases/events/signal-workflow.ts';
import { pauseWorkflow, unpauseWorkflow } from '../../../src/workflow/usecases/steer/steer-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { wakeNodes } from '../../../src/workflow/usecases/advance/wake-nodes.ts';
import { workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { finish, queued, started, task } from '../../support/workflow-runner.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

type Stage = Awaited<ReturnType<typeof started>>;
type Sent = { readonly id?: string; readonly key?: string; readonly data?: string | number };

const event = (name: string, depends_on: string[] = [], more: object = {}) => ({
  kind: 'event' as const,
  name,
  depends_on,
  events: [{ name: 'go' }],
  ...more,
});
/** An order that is paid, called off, or forgotten. */
const order = {
  nodes: [
    event('answer', [], {
      events: [
        { name: 'paid', key: 'input.order', then: ['ship'] },
        { name: 'called-off', key: 'input.order', then: ['restock'] },
      ],
      timer: { for_ms: 60_000, then: ['remind'] },
    }),
    task('ship', ['answer'], { input: 'outputs.answer' }),
    task('restock', ['answer']),
    task('remind', ['answer'], { input: 'outputs.answer' }),
  ],
};

function send(stage: Stage, name: string, { id = 'e1', ...more }: Sent = {}) {
  return signalWorkflow(stage.deps, { signal: { workflow_id: 'w', id, name, ...more }, principal: 'shop' });
}

async function payloadOf(stage: Stage, path: string): Promise<unknown> {
  return JSON.parse((await stage.rowOf('w', path)).payload.text ?? 'null');
}

const view = async (stage: Stage) => (await viewWorkflow(stage.deps, 'w'))!;

describe('a node that waits for events', () => {
  it('goes on with the branch of the event that came first, and gives its payload', async () => {
    const stage = await started(order, { order: 7 });
    expect(await queued(stage)).toEqual([]);
    expect(await listRunTasks(stage.deps, 'w')).toMatchObject([
      { kind: 'event', reasons: ['waits for paid, called-off, or for its time'] },
      {},
      {},
      {},
    ]);
    expect(await send(stage, 'paid', { key: '7', data: 'by card' })).toMatchObject({
      ok: true,
      value: { id: 'e1', kept: false },
    });
    expect(await queued(stage)).toEqual(['ship']);
    expect(await payloadOf(stage, 'ship')).toMatchObject({ event: 'paid', key: '7', data: 'by card', id: 'e1' });
    expect(await send(stage, 'called-off', { id: 'e2', key: '7' })).toMatchObject({ value: { kept: true } });
    expect(await finish(stage)).toMatchObject({ status: 'Completed', nodes: { Completed: 2, Skipped: 2 } });
  });

  it('takes an event that comes in the very step in which it begins to wait', async () => {
    const stage = createWorkflowStage();
    const passed = Array.from({ length: resultsPerTransactionMax }, (_, at) => ({
      ...{ kind: 'wait' as const, name: `n${at}`, for_ms: 0 },
      depends_on: at === 0 ? [] : [`n${at - 1}`],
    }));
    const nodes = [...passed, event('answer', [`n${passed.length - 1}`])];
    await stage.diesAfterBeginning('w', { name: 'x', nodes });
    expect(await send(stage, 'go')).toMatchObject({ ok: true });
    expect(await view(stage)).toMatchObject({ status: 'Completed' });
  });

  it('goes on with the branch of its timer when no event came in time; one that comes later is kept', async () => {
    const stage = await started(order, { order: 7 });
    await stage.clock.advance(60_000);
    await wakeNodes(stage.deps, ['w:answer']);
    expect(await queued(stage)).toEqual(['remind']);
    expect(await payloadOf(stage, 'remind')).toEqual({ event: null, data: null });
    expect(await send(stage, 'paid', { key: '7' })).toMatchObject({ value: { kept: true } });
    expect(await view(stage)).toMatchObject({ kept_signals: [{ id: 'e1', name: 'paid', key: '7' }] });
  });

  it('takes no event with another key, or without one', async () => {
    const stage = await started(order, { order: 7 });
    await send(stage, 'paid', { id: 'e1', key: '8' });
    await send(stage, 'paid', { id: 'e2' });
    expect(await queued(stage)).toEqual([]);
    await send(stage, 'paid', { id: 'e3', key: '7' });
    expect(await queued(stage)).toEqual(['ship']);
    expect((await view(stage)).kept_signals?.map(({ id }) => id)).toEqual(['e1', 'e2']);
  });

  it('takes the oldest event that came before it waits: before the workflow began, or while another node ran', async () => {
    const stage = createWorkflowStage();
    await stage.submit('w', {
      name: 'x',
      nodes: [task('first'), event('second', ['first']), event('third', ['second'])],
    });
    await send(stage, 'go', { id: 'e1', data: 1 });
    await stage.begin('w', {
      name: 'x',
      nodes: [task('first'), event('second', ['first']), event('third', ['second'])],
    });
    await send(stage, 'go', { id: 'e2', data: 2 });
    await send(stage, 'other', { id: 'e3' });
    expect(await view(stage)).toMatchObject({ status: 'In Progress', kept_signals: [{}, {}, {}] });
    await stage.run('w', 'first');
    expect(await view(stage)).toMatchObject({ status: 'Completed', kept_signals: [{ id: 'e3' }] });
    const log = (await stage.deps.workflows.events('w')).flatMap(({ events }) => events);
    expect(log.filter(({ type }) => type === 'NodeCompleted')).toMatchObject([
      { node: 'first' },
      { node: 'second', signal: 'e1' },
      { node: 'third', signal: 'e2' },
    ]);
  });

  it('gives each event to one node: of several that wait, the first in the graph', async () => {
    const stage = await started({ nodes: [event('one'), event('two')] });
    await send(stage, 'go', { id: 'e1' });
    expect(await listRunTasks(stage.deps, 'w')).toMatchObject([{ status: 'Completed' }, { status: 'Processing' }]);
    await send(stage, 'go', { id: 'e2' });
    expect(await view(stage)).toMatchObject({ status: 'Completed' });
  });

  it('inside a map is found by the key of its item', async () => {
    const body = {
      nodes: [event('paid', [], { events: [{ name: 'paid', key: 'item' }] })],
      output: 'outputs.paid.data',
    };
    const stage = await started({
      nodes: [{ kind: 'map' as const, name: 'each', items: '["a", "b", "c"]', body }],
      output: 'outputs.each',
    });
    for (const [index, key] of ['c', 'a', 'b'].entries())
      await send(stage, 'paid', { id: `e${index}`, key, data: index });
    expect(await view(stage)).toMatchObject({ status: 'Completed', output: [1, 2, 0] });
  });

  it('fails where its key is no text, and by what on_error says', async () => {
    const stage = await started({ nodes: [event('a', [], { events: [{ name: 'go', key: 'input' }] })] });
    expect(await listRunTasks(stage.deps, 'w')).toMatchObject([{ status: 'Failed', error: { code: 'input-failed' } }]);
  });

  it('ends during a pause, and lets nothing start before the workflow is resumed', async () => {
    const stage = await started({ nodes: [event('a'), task('after', ['a'])] });
    await pauseWorkflow(stage.deps, { workflow_id: 'w', principal: 'alice' });
    await send(stage, 'go');
    expect(await queued(stage)).toEqual([]);
    await unpauseWorkflow(stage.deps, { workflow_id: 'w', principal: 'alice' });
    expect(await queued(stage)).toEqual(['after']);
  });
});

describe('an event', () => {
  it('that comes again changes nothing, and with another body is refused', async () => {
    const stage = await started({ nodes: [event('one'), event('two')] });
    const first = await send(stage, 'go');
    const { seq } = (await stage.deps.workflows.head('w'))!;
    expect(await send(stage, 'go')).toEqual(first);
    expect(await send(stage, 'go', { data: 1 })).toMatchObject({ ok: false, error: { code: 'signal-conflict' } });
    expect(await stage.deps.workflows.head('w')).toMatchObject({ seq });
  });

  it('is refused when the workflow has ended, or is none', async () => {
    const stage = await started({ nodes: [event('a')] });
    expect(await send(stage, 'go')).toMatchObject({ ok: true });
    expect(await send(stage, 'go', { id: 'e2' })).toMatchObject({ ok: false, error: { code: 'already-finished' } });
    expect(await send(stage, 'go', { id: 'e1' })).toMatchObject({ ok: true });
    const signal = { workflow_id: 'none', id: 'e1', name: 'go' };
    expect(await signalWorkflow(stage.deps, { signal, principal: 'shop' })).toMatchObject({
      error: { code: 'not-found' },
    });
  });

  it('is refused when too many are kept, unless a node waits for it', async () => {
    const stage = await started({ nodes: [event('a')] });
    for (let index = 0; index < keptSignalsMax; index += 1) await send(stage, 'noise', { id: `n${index}` });
    expect(await send(stage, 'noise', { id: 'more' })).toMatchObject({ error: { code: 'too-many-signals' } });
    expect(await send(stage, 'go')).toMatchObject({ value: { kept: false } });
  });

  it('expires with its workflow', async () => {
    const stage = await started({ nodes: [event('a')] });
    await send(stage, 'go');
    await stage.deps.workflows.retire((await stage.deps.workflows.head('w'))!);
    const row = stage.dynamodb.items().find(({ sk }) => sk === 'SIGNAL#e1');
    expect(row).toMatchObject({ expires_at: expect.any(Number) });
  });
});

describe('the check of a definition with events', () => {
  const check = (...nodes: object[]) =>
    checkDefinition(workflowDefinition.parse({ name: 'x', nodes })).faults.map(
      ({ code, path }) => `${code} ${path ?? ''}`,
    );

  it('finds a branch that leads nowhere, a key that looks too far, and a timer without a time', () => {
    const bad = event('a', [], { events: [{ name: 'go', key: 'outputs.b', then: ['b'] }], timer: { then: ['a'] } });
    expect(check(bad, task('b'))).toEqual([
      'invalid-expression nodes[0].events[0].key',
      'unknown-dependency nodes[0].events[0].then',
      'unknown-dependency nodes[0].timer.then',
      'invalid-input nodes[0].timer',
    ]);
  });
});
