import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type WorkflowDefinition,
  workflowDefinition,
  type WorkflowEvent,
} from '../../../src/contracts/workflow/workflow.ts';
import { isTask } from '../../../src/contracts/workflow/nodes.ts';
import { graphOf } from '../../../src/workflow/core/run/graph.ts';
import { decide, evolveAll, replay, type WorkflowCommand } from '../../../src/workflow/core/run/reducer.ts';
import { initialState, isFinished, startedNodes, type WorkflowState } from '../../../src/workflow/core/run/state.ts';
import { arbitraryWorkflow, type Fates } from '../../support/arbitrary-workflow.ts';
import { answers } from '../../support/pure-edge.ts';

/** Every task can be undone, and every failure of the definition's own nodes asks for it. */
function asSaga(definition: WorkflowDefinition): WorkflowDefinition {
  const copy = JSON.parse(JSON.stringify(definition)) as { nodes: Record<string, unknown>[] };
  const mark = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const inner of Object.values(value)) mark(inner);
    if ('task_type' in value) Object.assign(value, { compensate_with: { task_type: 'undo' } });
  };
  mark(copy);
  for (const node of copy.nodes) node['on_error'] ??= 'compensate';
  return workflowDefinition.parse(copy);
}

/** Cancels after so many steps: with time for what runs, or by force. */
interface Cancellation {
  readonly after: number;
  readonly isGraceful: boolean;
}

function run(definition: WorkflowDefinition, fates: Fates, picks: readonly number[], cancellation?: Cancellation) {
  let state = initialState(definition);
  const log: WorkflowEvent[] = [];
  const send = (command: WorkflowCommand): void => {
    const events = decide(definition, state, command);
    state = evolveAll(definition, state, events);
    log.push(...events);
  };
  send({ type: 'begin' });
  for (let step = 0; !isFinished(state.status) && state.compensation !== 'failed'; step += 1) {
    const due = answers(definition, state);
    if (due.length > 0) {
      send({ type: 'resolve', outcomes: due });
      continue;
    }
    const running = startedNodes(definition, state.nodes, state.expansions);
    if (step === cancellation?.after) {
      const grace = { until: '2026-01-01T00:00:00.000Z', nodes: running };
      const more = cancellation.isGraceful ? { grace } : {};
      send({ type: 'cancel', by: 'alice', reason: 'enough', compensate: true, ...more });
      // A repeat changes nothing.
      send({ type: 'cancel', by: 'alice', reason: 'enough', compensate: true, grace });
      continue;
    }
    const node = running[(picks[step % picks.length] ?? 0) % running.length];
    if (node === undefined) throw new Error('nothing runs, yet the workflow has not ended');
    const failed = fates(node) === 'failed';
    const error = { code: 'broken', message: 'it broke', retryable: false };
    send({
      type: 'settle',
      outcomes: [failed ? { node, attempt: 1, outcome: 'failed', error } : { node, attempt: 1, outcome: 'completed' }],
    });
  }
  return { state, log };
}

/** Exactly the tasks that completed were undone, and each after everything that depends on it. */
function expectUndone(saga: WorkflowDefinition, state: WorkflowState, log: readonly WorkflowEvent[]): void {
  const graph = graphOf(saga, state.expansions);
  const completed = log.flatMap((event) => (event.type === 'NodeCompleted' ? [event.node] : []));
  const undone = completed.filter((path) => path.endsWith(':compensate'));
  const tasks = completed.filter(
    (path) =>
      isTask(graph.nodes[graph.indexOf.get(path)!]) &&
      !graph.scopesIn.has(graph.indexOf.get(path)!) &&
      !undone.includes(path),
  );
  expect([...undone].sort()).toEqual(tasks.map((path) => `${path}:compensate`).sort());
  // A task that started after another one had completed may depend on it; one that does is undone first.
  for (const [index, dependencies] of graph.dependencies.entries()) {
    const place = (at: number) => undone.indexOf(`${graph.nodes[at]!.name}:compensate`);
    if (graph.undoes.has(index) || place(index) < 0) continue;
    for (const each of dependencies) if (place(each) >= 0) expect(place(index)).toBeLessThan(place(each));
  }
}

const picks = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 30 });

describe('a saga', () => {
  it('undoes exactly the tasks that completed, each after everything that depends on it', () => {
    fc.assert(
      fc.property(arbitraryWorkflow(40), picks, ({ definition, fates }, choices) => {
        const saga = asSaga(definition);
        const { state, log } = run(saga, (path) => (path.endsWith(':compensate') ? 'completed' : fates(path)), choices);
        expect(replay(saga, log)).toEqual(state);
        if (state.compensation === undefined) return;
        expect([state.compensation, state.status]).toEqual(['completed', 'Failed']);
        expectUndone(saga, state, log);
      }),
      { numRuns: 100 },
    );
  });

  it('undoes what completed when it is cancelled so, whenever that is, and starts nothing else any more', () => {
    const cancellation = fc.record({ after: fc.nat(12), isGraceful: fc.boolean() });
    fc.assert(
      fc.property(arbitraryWorkflow(30), picks, cancellation, ({ definition, fates }, choices, how) => {
        const saga = asSaga(definition);
        const fateOf: Fates = (path) => (path.endsWith(':compensate') ? 'completed' : fates(path));
        const { state, log } = run(saga, fateOf, choices, how);
        expect(replay(saga, log)).toEqual(state);
        const at = log.findIndex(({ type }) => type === 'WorkflowCancelled');
        if (at < 0) return;
        expect([state.compensation, state.status]).toEqual(['completed', 'Failed']);
        expectUndone(saga, state, log);
        const startedLater = log.slice(at).flatMap((event) => (event.type === 'NodeStarted' ? [event.node] : []));
        expect(startedLater.filter((path) => !path.endsWith(':compensate'))).toEqual([]);
        expect(log.filter(({ type }) => type === 'WorkflowFinished')).toHaveLength(1);
      }),
      { numRuns: 100 },
    );
  });

  it('that cannot undo everything stops for a human, and has undone nothing before what depends on it', () => {
    fc.assert(
      fc.property(arbitraryWorkflow(20), picks, ({ definition, fates }, choices) => {
        const { state } = run(asSaga(definition), fates, choices);
        if (state.compensation === 'failed')
          expect([state.status, state.nodes.includes('S')]).toEqual(['In Progress', false]);
      }),
    );
  });
});
