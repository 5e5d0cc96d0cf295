import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WorkflowDefinition, WorkflowEvent } from '../../../src/contracts/workflow.ts';
import {
  decide,
  evolve,
  evolveAll,
  type NodeOutcome,
  replay,
  type WorkflowCommand,
} from '../../../src/workflow/core/reducer.ts';
import {
  initialState,
  isFinished,
  nodeStatusOf,
  type NodeLetter,
  startedNodes,
  type WorkflowState,
} from '../../../src/workflow/core/state.ts';
import { arbitraryWorkflow } from '../../support/arbitrary-workflow.ts';
import { type Fate, naiveOutcome } from '../../support/naive-workflow.ts';

const failure = { code: 'broken', message: 'it broke', retryable: false };

function outcomeOf(node: string, fate: Fate | undefined): NodeOutcome {
  return fate === 'completed'
    ? { node, attempt: 1, outcome: 'completed' }
    : { node, attempt: 1, outcome: 'failed', error: failure };
}

/** Runs a definition, asking `pick` which of the running nodes end next, and repeating old outcomes among them. */
function run(
  definition: WorkflowDefinition,
  fates: ReadonlyMap<string, Fate>,
  pick: (bound: number) => number,
  cancelAfter?: number,
) {
  let state: WorkflowState = initialState(definition);
  const log: WorkflowEvent[] = [];
  const states: WorkflowState[] = [];
  const send = (command: WorkflowCommand): void => {
    const events = decide(definition, state, command);
    state = evolveAll(definition, state, events);
    log.push(...events);
    states.push(state);
  };
  send({ type: 'begin' });
  const settled: NodeOutcome[] = [];
  for (let step = 0; !isFinished(state.status); step += 1) {
    const running = startedNodes(definition, state.nodes);
    if (step === cancelAfter) {
      const nodes = running.slice(0, 1 + pick(running.length)).map((node) => ({ node, attempt: 1 }));
      send({ type: 'cancel', by: 'alice', reason: 'enough', nodes });
      continue;
    }
    if (running.length === 0) throw new Error('nothing runs, yet the workflow has not ended');
    const from = pick(running.length);
    const batch = running.slice(from, from + 1 + pick(5)).map((node) => outcomeOf(node, fates.get(node)));
    const repeats = settled.length === 0 ? [] : [settled[pick(settled.length)]!];
    send({ type: 'settle', outcomes: [...repeats, ...batch, ...batch.slice(0, 1)] });
    settled.push(...batch);
  }
  return { state, log, send, states };
}

/** A stream of choices out of a list of numbers. */
function chooser(choices: readonly number[]): (bound: number) => number {
  let at = 0;
  return (bound) => (choices[at++ % choices.length] ?? 0) % Math.max(1, bound);
}

const choices = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 50 });

describe('the reducer', () => {
  it('ends every graph as the naive interpreter says, whatever the order and however often outcomes come', () => {
    fc.assert(
      fc.property(arbitraryWorkflow(200), choices, ({ definition, fates }, picks) => {
        const { state } = run(definition, fates, chooser(picks));
        const expected = naiveOutcome(definition, fates);
        expect(state.status).toBe(expected.status);
        const ends = definition.nodes.map((node, index) => [node.name, nodeStatusOf[state.nodes[index] as NodeLetter]]);
        expect(ends).toEqual(definition.nodes.map((node) => [node.name, expected.ends.get(node.name)]));
      }),
    );
  });

  it('starts each node at most once, and only after its dependencies allow it', () => {
    fc.assert(
      fc.property(arbitraryWorkflow(100), choices, ({ definition, fates }, picks) => {
        const { log } = run(definition, fates, chooser(picks));
        const ended = new Map<string, string>();
        const started = new Set<string>();
        const byName = new Map(definition.nodes.map((node) => [node.name, node]));
        for (const event of log) {
          if (event.type === 'NodeStarted') {
            const node = byName.get(event.node)!;
            expect(started.has(event.node)).toBe(false);
            started.add(event.node);
            const before = node.depends_on.map((name) => ended.get(name));
            expect(before).not.toContain(undefined);
            if (node.trigger_rule === 'all_success')
              expect(
                new Set(before).size <= 1 && !before.includes('NodeFailed') && !before.includes('NodeSkipped'),
              ).toBe(true);
          } else if ('node' in event) {
            expect(ended.has(event.node)).toBe(false);
            ended.set(event.node, event.type);
          }
        }
      }),
    );
  });

  it('gives the same state when its log is replayed, at every step, and is deaf after the end', () => {
    fc.assert(
      fc.property(
        arbitraryWorkflow(60),
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
          send({ type: 'cancel', by: 'bob', reason: 'late', nodes: [] });
          send({ type: 'settle', outcomes: definition.nodes.map((node) => outcomeOf(node.name, 'failed')) });
          expect(log).toHaveLength(before);
        },
      ),
    );
  });

  it('after a cancellation starts nothing any more, and fails unless something completed', () => {
    fc.assert(
      fc.property(arbitraryWorkflow(60), choices, fc.nat(5), ({ definition, fates }, picks, cancelAfter) => {
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
    const { state } = run({ name: 'chain', nodes }, new Map([['n0', 'failed']]), () => 0);
    expect(state.status).toBe('Failed');
    expect(state.nodes).toBe(`F${'K'.repeat(9_999)}`);
  });
});
