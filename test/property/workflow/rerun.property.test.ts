import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { WorkflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { graphOf } from '../../../src/workflow/core/run/graph.ts';
import { decide, evolveAll, type WorkflowCommand } from '../../../src/workflow/core/run/reducer.ts';
import { keptLetters } from '../../../src/workflow/core/run/rerun.ts';
import { initialState, isFinished, startedNodes } from '../../../src/workflow/core/run/state.ts';
import { arbitraryWorkflow, type Fates } from '../../support/arbitrary-workflow.ts';
import { takenBy } from '../../support/naive-workflow.ts';
import { answers } from '../../support/pure-edge.ts';

const error = { code: 'broken', message: 'it broke', retryable: false };

/** Runs a definition to its end; answers with its state and the nodes that started. */
function run(definition: WorkflowDefinition, fates: Fates, begin: WorkflowCommand) {
  let state = initialState(definition);
  const started: string[] = [];
  const send = (command: WorkflowCommand): void => {
    const events = decide(definition, state, command);
    state = evolveAll(definition, state, events);
    for (const event of events) if (event.type === 'NodeStarted') started.push(event.node);
  };
  send(begin);
  while (!isFinished(state.status)) {
    const due = answers(definition, state);
    const running = startedNodes(definition, state.nodes, state.expansions);
    if (due.length > 0) send({ type: 'resolve', outcomes: due });
    else
      send({
        type: 'settle',
        outcomes: running.map((node) =>
          fates(node) === 'completed'
            ? { node, attempt: 1, outcome: 'completed' }
            : { node, attempt: 1, outcome: 'failed', error },
        ),
      });
  }
  return { state, started };
}

describe('a rerun', () => {
  it('in which everything goes as before ends as the first run did, and starts nothing that it took over', () => {
    fc.assert(
      fc.property(
        arbitraryWorkflow(20),
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        ({ definition, fates }, picks) => {
          const first = run(definition, fates, { type: 'begin' });
          const own = first.state.nodes.slice(0, definition.nodes.length);
          const from = [...new Set(picks.map((pick) => definition.nodes[pick % definition.nodes.length]!.name))];
          const taken = new Map(
            // A choice that was not taken itself took nothing.
            definition.nodes.flatMap((node, index) =>
              node.kind === 'choice' && own[index] === 'C' ? [[node.name, takenBy(node) ?? []] as const] : [],
            ),
          );
          const letters = keptLetters(graphOf(definition), own, from, taken);
          if ('faults' in letters) return;
          const rerun = { of: 'first', nodes: letters.kept };
          const second = run(definition, fates, { type: 'begin', rerun });
          expect(second.state.nodes.slice(0, own.length).replaceAll('R', 'C')).toBe(own);
          expect(second.state.status).toBe(first.state.status);
          const again = definition.nodes.filter((_, index) => letters.kept[index] === 'W').map(({ name }) => name);
          for (const name of second.started) expect(again).toContain(name.split(':')[0]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
