import { describe, expect, it } from '@jest/globals';
import { defaultEventTtlMs, publishedEventsMax } from '../../../src/contracts/limits.ts';
import { replay } from '../../../src/workflow/core/run/reducer.ts';
import { wakeEvents } from '../../../src/workflow/usecases/events/deliver-event.ts';
import { findRun, stateOfRun } from '../../../src/workflow/usecases/advance/load-run.ts';
import { publishEvent } from '../../../src/workflow/usecases/events/publish-event.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { task } from '../../support/workflow-runner.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

type Stage = ReturnType<typeof createWorkflowStage>;

const waits = (name: string, depends_on: string[] = []) => ({
  ...{ kind: 'event' as const, name, depends_on },
  events: [{ name: 'paid', key: 'input.order' }],
});
const order = { name: 'order', nodes: [task('first'), waits('paid', ['first'])], output: 'outputs.paid' };
const topic = { name: 'paid', key: '7' };

function publish(stage: Stage, id = 'e1', more: { key?: string; data?: number } = {}) {
  const event = { ...topic, ttl_ms: defaultEventTtlMs, id, ...more };
  return publishEvent(stage.deps, { event, principal: 'shop' });
}

const outputOf = async (stage: Stage, id: string) => (await viewWorkflow(stage.deps, id))?.output;
const waiting = (stage: Stage) => stage.deps.published.expecting('default', topic, 100);

/** A workflow whose node waits for the key. */
async function waitingFor(stage: Stage, id: string, orderNumber = 7): Promise<void> {
  await stage.begin(id, order, { order: orderNumber });
  await stage.run(id, 'first');
}

describe('a published event', () => {
  it('is taken by every workflow that waits for its key, and by no other', async () => {
    const stage = createWorkflowStage();
    for (const id of ['a', 'b']) await waitingFor(stage, id);
    await waitingFor(stage, 'c', 8);
    expect(await publish(stage, 'e1', { data: 40 })).toMatchObject({ ok: true, value: { taken_by: ['a', 'b'] } });
    for (const id of ['a', 'b'])
      expect(await outputOf(stage, id)).toMatchObject({ event: 'paid', key: '7', data: 40, id: 'paid#7#e1' });
    expect(await viewWorkflow(stage.deps, 'c')).toMatchObject({ status: 'In Progress' });
  });

  it('is found by a node that waits later, the oldest first, each once', async () => {
    const stage = createWorkflowStage();
    await publish(stage, 'e1', { data: 1 });
    await stage.clock.advance(1_000);
    await publish(stage, 'e2', { data: 2 });
    const nodes = [waits('one'), waits('two', ['one']), waits('three', ['two'])];
    const outputs = "$map(['one', 'two', 'three'], function($n) { $lookup(outputs, $n).data })";
    const three = {
      name: 'three',
      nodes: [...nodes, { kind: 'join' as const, name: 'all', depends_on: ['one', 'two', 'three'], output: outputs }],
      output: 'outputs.all',
    };
    await stage.begin('w', three, { order: 7 });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'In Progress', nodes: { Completed: 2 } });
    await publish(stage, 'e3', { data: 3 });
    expect(await outputOf(stage, 'w')).toEqual([1, 2, 3]);
    const run = (await findRun(stage.deps, 'w'))!;
    const log = (await stage.deps.workflows.events('w')).flatMap(({ events }) => events);
    expect(replay(run.pinned.definition, log)).toEqual(stateOfRun(run));
  });

  it('goes to one node of several that wait in a workflow at once', async () => {
    const stage = createWorkflowStage();
    await publish(stage, 'e1');
    await stage.begin('w', { name: 'two', nodes: [waits('one'), waits('two')] }, { order: 7 });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ nodes: { Completed: 1, Started: 1 } });
    await publish(stage, 'e2');
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Completed' });
  });

  it('that comes again changes nothing, and with another body is refused', async () => {
    const stage = createWorkflowStage();
    await waitingFor(stage, 'w');
    const first = await publish(stage);
    const { seq } = (await stage.deps.workflows.head('w'))!;
    expect(await publish(stage)).toEqual(first);
    expect(await stage.deps.workflows.head('w')).toMatchObject({ seq });
    expect(await publish(stage, 'e1', { data: 1 })).toMatchObject({ error: { code: 'signal-conflict' } });
  });

  it('is refused when its name and key keep too many', async () => {
    const stage = createWorkflowStage();
    for (let index = 0; index < publishedEventsMax; index += 1) await publish(stage, `e${index}`);
    expect(await publish(stage, 'more')).toMatchObject({ error: { code: 'too-many-signals', path: 'key' } });
    expect(await publish(stage, 'e0')).toMatchObject({ ok: true });
    expect(await publish(stage, 'more', { key: '8' })).toMatchObject({ ok: true });
  });

  it('is forgotten when its time is over', async () => {
    const stage = createWorkflowStage();
    await publish(stage);
    await stage.clock.advance(defaultEventTtlMs);
    await waitingFor(stage, 'w');
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'In Progress' });
  });

  it('is brought by the pulse when its publisher dies on it', async () => {
    const stage = createWorkflowStage();
    await waitingFor(stage, 'w');
    const { deps } = stage;
    const dies = { ...deps.published, expecting: () => Promise.reject(new Error('stopped')) };
    const event = { ...topic, id: 'e1', ttl_ms: defaultEventTtlMs };
    expect(await publishEvent({ ...deps, published: dies }, { event, principal: 'shop' })).toMatchObject({ ok: true });
    expect(await outputOf(stage, 'w')).toBeUndefined();
    await wakeEvents(deps, 'default', ['paid#7#e1']);
    expect(await outputOf(stage, 'w')).toMatchObject({ id: 'paid#7#e1' });
    expect(await deps.published.get('default', topic, 'e1')).not.toHaveProperty('wake_at');
  });

  it('meets a node that is about to wait: the advance which did not see it fails, and decides again', async () => {
    const stage = createWorkflowStage();
    await stage.begin('w', order, { order: 7 });
    const { advance } = stage.deps.workflows;
    let published = false;
    const racing: Stage['deps']['workflows'] = {
      ...stage.deps.workflows,
      advance: async (each) => {
        // Between the look at what was published and the commit.
        if (!published) {
          published = true;
          await publish(stage);
        }
        return advance(each);
      },
    };
    Object.assign(stage.deps, { workflows: racing });
    await stage.run('w', 'first');
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Completed' });
  });

  it('forgets a wait that is over, and keeps one that goes on', async () => {
    const stage = createWorkflowStage();
    await waitingFor(stage, 'w');
    await stage.begin('v', { name: 'two', nodes: [waits('one'), waits('two')] }, { order: 7 });
    await publish(stage, 'e1');
    expect((await waiting(stage)).map(({ workflow_id }) => workflow_id)).toEqual(['v', 'w']);
    await publish(stage, 'e2');
    await publish(stage, 'e3');
    expect(await waiting(stage)).toEqual([]);
  });
});
