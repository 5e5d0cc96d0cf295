import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WorkflowDefinition, WorkflowEvent } from '../../../src/contracts/workflow/workflow.ts';
import { decide, evolveAll, replay, type WorkflowCommand } from '../../../src/workflow/core/run/reducer.ts';
import type { NodeOutcome } from '../../../src/workflow/core/run/settle-nodes.ts';
import { initialState, isFinished, startedNodes } from '../../../src/workflow/core/run/state.ts';
import { arbitraryWorkflow, chooser, choices, type Fates, withEvents } from '../../support/arbitrary-workflow.ts';
import { endOf, naiveOutcome } from '../../support/naive-workflow.ts';
import { answers, takerOf } from '../../support/pure-edge.ts';

const error = { code: 'broken', message: 'it broke', retryable: false };

/** Runs a definition in which nodes wait for the event `go`; events come early, in time, and again. */
function run(definition: WorkflowDefinition, fates: Fates, pick: (bound: number) => number) {
  let state = initialState(definition);
  const log: WorkflowEvent[] = [];
  const send = (command: WorkflowCommand): number => {
    const events = decide(definition, state, command);
    state = evolveAll(definition, state, events);
    log.push(...events);
    return events.length;
  };
  const tell = (command: WorkflowCommand): void => {
    send(command);
    for (let due = answers(definition, state); due.length > 0 && !isFinished(state.status);) {
      send({ type: 'resolve', outcomes: due.slice(0, 1 + pick(3)) });
      due = answers(definition, state);
    }
  };
  let sent = 0;
  const taken: NodeOutcome[] = [];
  const signal = (): void => {
    const id = `e${sent++}`;
    const taken_by = takerOf(definition, state, id);
    const command = { type: 'signal' as const, by: 'shop', signal: { id, name: 'go' } };
    tell(taken_by === undefined ? command : { ...command, taken_by });
    if (taken_by === undefined) expect(send(command)).toBe(0);
    else taken.push(taken_by);
  };
  if (pick(2) === 0) signal();
  tell({ type: 'begin' });
  while (!isFinished(state.status)) {
    const running = startedNodes(definition, state.nodes, state.expansions);
    if (running.length === 0 || pick(4) === 0) signal();
    const again = taken[pick(taken.length)];
    if (again !== undefined) expect(send({ type: 'resolve', outcomes: [again] })).toBe(0);
    const node = running[pick(running.length)];
    if (node === undefined) continue;
    const outcome: NodeOutcome =
      fates(node) === 'completed'
        ? { node, attempt: 1, outcome: 'completed' }
        : { node, attempt: 1, outcome: 'failed', error };
    tell({ type: 'settle', outcomes: [outcome] });
  }
  return { state, log };
}

describe('the reducer with nodes that wait for events', () => {
  it('ends as the naive interpreter says of the same graph with joins in their place, whenever the events come', () => {
    fc.assert(
      fc.property(arbitraryWorkflow(60), choices, ({ definition, fates }, picks) => {
        const { state } = run(withEvents(definition), fates, chooser(picks));
        const expected = naiveOutcome(definition, fates);
        expect(state.status).toBe(expected.status);
        const ends = definition.nodes.map((node, index) => [node.name, endOf[state.nodes[index]!]]);
        expect(ends).toEqual(definition.nodes.map((node) => [node.name, expected.ends.get(node.name)]));
      }),
      { numRuns: 60 },
    );
  });

  it('gives each event to one node at most, the oldest first, keeps the others, and replays', () => {
    fc.assert(
      fc.property(arbitraryWorkflow(30), choices, ({ definition, fates }, picks) => {
        const asked = withEvents(definition);
        const { state, log } = run(asked, fates, chooser(picks));
        const received = log.flatMap((event) => (event.type === 'SignalReceived' ? [event.id] : []));
        const taken = log.flatMap((event) => (event.type === 'NodeCompleted' ? (event.signal ?? []) : []));
        expect(new Set(received).size).toBe(received.length);
        expect([...taken, ...state.signals.map(({ id }) => id)]).toEqual(received);
        expect(replay(asked, log)).toEqual(state);
      }),
    );
  });
});
