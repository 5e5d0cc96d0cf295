import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WorkflowDefinition, WorkflowEvent } from '../../../src/contracts/workflow/workflow.ts';
import { decide, evolve, evolveAll, replay, type WorkflowCommand } from '../../../src/workflow/core/run/reducer.ts';
import type { NodeOutcome } from '../../../src/workflow/core/run/settle-nodes.ts';
import { graphOf } from '../../../src/workflow/core/run/graph.ts';
import { initialState, isFinished, startedNodes, type WorkflowState } from '../../../src/workflow/core/run/state.ts';
import { arbitraryWorkflow, chooser, choices, type Fates } from '../../support/arbitrary-workflow.ts';
import { endOf, type Fate, naiveOutcome } from '../../support/naive-workflow.ts';
import { answers } from '../../support/pure-edge.ts';

const failure = { code: 'broken', message: 'it broke', retryable: false };

function outcomeOf(node: string, fate: Fate | undefined): NodeOutcome {
  return fate === 'completed'
    ? { node, attempt: 1, outcome: 'completed' }
    : { node, attempt: 1, outcome: 'failed', error: failure };
}

/** Runs a definition, asking `pick` which of the running nodes end next, and repeating old outcomes among them. */
function run(definition: WorkflowDefinition, fates: Fates, pick: (bound: number) => number, cancelAfter?: number) {
  let state: WorkflowState = initialState(definition);
  const log: WorkflowEvent[] = [];
  const send = (command: WorkflowCommand): void => {
    const events = decide(definition, state, command);
    state = evolveAll(definition, state, events);
    log.push(...events);
  };
  /** Sends a command, and lets Cadre evaluate what waits for it, a few nodes at a time. */
  const tell = (command: WorkflowCommand): void => {
    send(command);
    for (let due = answers(definition, state); due.length > 0 && !isFinished(state.status);) {
      send({ type: 'resolve', outcomes: due.slice(0, 1 + pick(3)) });
      due = answers(definition, state);
    }
  };
  tell({ type: 'begin' });
  const settled: NodeOutcome[] = [];
  for (let step = 0; !isFinished(state.status); step += 1) {
    const running = startedNodes(definition, state.nodes, state.expansions);
    if (step === cancelAfter) {
      // Every other time what runs has time to end by itself.
      const grace = { until: '2026-01-01T00:00:00.000Z', nodes: running };
      tell({ type: 'cancel', by: 'alice', reason: 'enough', ...(pick(2) === 0 ? {} : { grace }) });
      continue;
    }
    if (running.length === 0) throw new Error('nothing runs, yet the workflow has not ended');
    const from = pick(running.length);
    const batch = running.slice(from, from + 1 + pick(5)).map((node) => outcomeOf(node, fates(node)));
    const repeats = settled.length === 0 ? [] : [settled[pick(settled.length)]!];
    tell({ type: 'settle', outcomes: [...repeats, ...batch, ...batch.slice(0, 1)] });
    settled.push(...batch);
  }
  return { state, log, send };
}

describe('the reducer', () => {
  it('ends every graph as the naive interpreter says, whatever the order and however often outcomes come', () => {
    fc.assert(
      fc.property(arbitraryWorkflow(200), choices, ({ definition, fates }, picks) => {
        const { state } = run(definition, fates, chooser(picks));
        const expected = naiveOutcome(definition, fates);
        expect(state.status).toBe(expected.status);
        const ends = definition.nodes.map((node, index) => [node.name, endOf[state.nodes[index]!]]);
        expect(ends).toEqual(definition.nodes.map((node) => [node.name, expected.ends.get(node.name)]));
      }),
      { numRuns: 60 },
    );
  });

  it('starts each node at most once, and only after its dependencies allow it', () => {
    fc.assert(
      fc.property(arbitraryWorkflow(40), choices, ({ definition, fates }, picks) => {
        const { log, state } = run(definition, fates, chooser(picks));
        const graph = graphOf(definition, state.expansions);
        const ended = new Map<number, string>();
        const started = new Set<string>();
        for (const event of log) {
          if (!('node' in event) || event.type === 'NodeExpanded' || event.type === 'NodeRetried') continue;
          const index = graph.indexOf.get(event.node)!;
          const node = graph.nodes[index]!;
          if (event.type !== 'NodeStarted') {
            expect(ended.has(index)).toBe(false);
            ended.set(index, event.type === 'NodeFailed' && event.ignored ? 'NodeCompleted' : event.type);
            continue;
          }
          expect(started.has(event.node)).toBe(false);
          started.add(event.node);
          const before = graph.dependencies[index]!.map((each) => ended.get(each));
          const completed = before.filter((end) => end === 'NodeCompleted').length;
          const { trigger_rule: rule } = node;
          if (rule === 'all_success') expect(completed).toBe(before.length);
          else if (rule === 'all_done' || rule === 'none_failed') expect(before).not.toContain(undefined);
          else if (before.length > 0)
            expect(completed).toBeGreaterThanOrEqual(rule === 'one_success' ? 1 : rule.at_least);
          const parent = graph.scopeOf[index]?.parent;
          if (parent !== undefined) expect(started.has(graph.nodes[parent]!.name)).toBe(true);
        }
      }),
    );
  });

  it('gives the same state when its log is replayed, at every step, and is deaf after the end', () => {
    fc.assert(
      fc.property(
        arbitraryWorkflow(12),
        choices,
        fc.option(fc.nat(10)),
        ({ definition, fates }, picks, cancelAfter) => {
          const { state, log, send } = run(definition, fates, chooser(picks), cancelAfter ?? undefined);
          expect(replay(definition, log)).toEqual(state);
          const folded = log.reduce((each, event) => evolve(definition, each, event), initialState(definition));
          expect(folded).toEqual(state);
          expect(log.filter(({ type }) => type === 'WorkflowFinished')).toHaveLength(1);
          const before = log.length;
          send({ type: 'begin' });
          send({ type: 'cancel', by: 'bob', reason: 'late' });
          send({ type: 'settle', outcomes: definition.nodes.map((node) => outcomeOf(node.name, 'failed')) });
          expect(log).toHaveLength(before);
        },
      ),
    );
  });

  it('after a cancellation starts nothing any more, and fails unless something completed', () => {
    fc.assert(
      fc.property(arbitraryWorkflow(40), choices, fc.nat(5), ({ definition, fates }, picks, cancelAfter) => {
        const { state, log } = run(definition, fates, chooser(picks), cancelAfter);
        const at = log.findIndex(({ type }) => type === 'WorkflowCancelled');
        if (at < 0) return;
        expect(log.slice(at).some(({ type }) => type === 'NodeStarted')).toBe(false);
        if (state.nodes.includes('C')) expect(['Completed', 'Partially Complete']).toContain(state.status);
        else expect(state.status).toBe('Failed');
      }),
    );
  });

  it('begins and ends a chain of 10,000 nodes and a failing one without running out of stack', () => {
    const nodes = Array.from({ length: 10_000 }, (_, index) => ({
      name: `n${index}`,
      task_type: 'work',
      depends_on: index === 0 ? [] : [`n${index - 1}`],
      required_capabilities: [],
      priority: 'low' as const,
      trigger_rule: 'all_success' as const,
    }));
    const { state } = run(
      { name: 'chain', nodes },
      () => 'failed',
      () => 0,
    );
    expect(state.status).toBe('Failed');
    expect(state.nodes).toBe(`F${'K'.repeat(9_999)}`);
  });
});
