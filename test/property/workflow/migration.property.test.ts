import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type WorkflowDefinition,
  type WorkflowEvent,
  workflowDefinition,
} from '../../../src/contracts/workflow/workflow.ts';
import { createRandom } from '../../../src/platform/twin/random.ts';
import { graphOf } from '../../../src/workflow/core/run/graph.ts';
import { migrationFaults } from '../../../src/workflow/core/run/migration.ts';
import { decide, evolveAll, replay, type WorkflowCommand } from '../../../src/workflow/core/run/reducer.ts';
import type { NodeOutcome } from '../../../src/workflow/core/run/settle-nodes.ts';
import { initialState, isFinished, startedNodes } from '../../../src/workflow/core/run/state.ts';
import {
  arbitraryWorkflow,
  chooser,
  choices,
  type Drawn,
  drawNodes,
  type Fates,
} from '../../support/arbitrary-workflow.ts';
import { endOf, naiveOutcome } from '../../support/naive-workflow.ts';
import { answers } from '../../support/pure-edge.ts';

const error = { code: 'broken', message: 'it broke', retryable: false };

/** A run whose nodes end in any order, with outcomes that come again among them; it may be migrated between two steps. */
function start(definition: WorkflowDefinition, fates: Fates, pick: (bound: number) => number) {
  let state = initialState(definition);
  const log: WorkflowEvent[] = [];
  const settled: NodeOutcome[] = [];
  const send = (command: WorkflowCommand): void => {
    const events = decide(definition, state, command);
    state = evolveAll(definition, state, events);
    log.push(...events);
  };
  const step = (): void => {
    const due = answers(definition, state);
    if (due.length > 0) {
      send({ type: 'resolve', outcomes: due.slice(0, 1 + pick(3)) });
      return;
    }
    const running = startedNodes(definition, state.nodes, state.expansions);
    if (running.length === 0) throw new Error('nothing runs, yet the workflow has not ended');
    const from = pick(running.length);
    const batch = running.slice(from, from + 1 + pick(3)).map((node): NodeOutcome => {
      const who = { node, attempt: 1 };
      return fates(node) === 'completed' ? { ...who, outcome: 'completed' } : { ...who, outcome: 'failed', error };
    });
    const repeats = settled.length === 0 ? [] : [settled[pick(settled.length)]!];
    send({ type: 'settle', outcomes: [...repeats, ...batch] });
    settled.push(...batch);
  };
  send({ type: 'begin' });
  return {
    log,
    send,
    step,
    settled,
    state: () => state,
    graph: () => graphOf(definition, state.expansions),
  };
}

/** The definition with some nodes left out, some drawn anew and some that are new; mostly those that wait, so that the run may go on by it. Acyclic: edges lead from lower numbers to higher ones. */
function changed(definition: WorkflowDefinition, seed: number, isWaiting: (name: string) => boolean) {
  const random = createRandom(seed);
  const count = definition.nodes.length + 3;
  const fresh = new Map(drawNodes(random, count, 0, true).map((node) => [node.name, node]));
  const nodes = Array.from({ length: count }, (_, number) => `n${number}`).flatMap((name): Drawn[] => {
    const was = definition.nodes.find((node) => node.name === name) as unknown as Drawn | undefined;
    const may = was === undefined || isWaiting(name) || random.chance(0.02);
    if (!may || random.chance(0.5)) return was === undefined ? [] : [was];
    return random.chance(0.3) ? [] : [fresh.get(name)!];
  });
  const names = new Set(nodes.map(({ name }) => name));
  const joined = nodes.map((node) => {
    const was = definition.nodes.find(({ name }) => name === node.name);
    if (was !== undefined && !isWaiting(node.name)) return node;
    return { ...node, depends_on: node.depends_on.filter((name) => names.has(name)) };
  });
  return workflowDefinition.parse({ name: definition.name, nodes: joined });
}

describe('a migration', () => {
  it('that is found compatible ends the run as the naive interpreter says of the newer version, and its log gives its state', () => {
    let migrated = 0;
    fc.assert(
      fc.property(arbitraryWorkflow(16), choices, fc.nat(12), fc.nat(), ({ definition, fates }, picks, steps, seed) => {
        const run = start(definition, fates, chooser(picks));
        for (let done = 0; done < steps && !isFinished(run.state().status); done += 1) run.step();
        if (isFinished(run.state().status)) return;
        const { graph, state } = run;
        const isWaiting = (name: string) => state().nodes[graph().indexOf.get(name) ?? -1] === 'W';
        const next = changed(definition, seed, isWaiting);
        // What it hangs on must be there: the check of the definition by itself sees to that.
        const dangling = next.nodes.some((node) =>
          node.depends_on.some((name) => !next.nodes.some((other) => other.name === name)),
        );
        if (dangling || migrationFaults(graph(), state().nodes, next).length > 0) return;
        migrated += 1;
        run.send({ type: 'migrate', by: 'alice', definition: next });
        run.send({ type: 'settle', outcomes: run.settled });
        while (!isFinished(state().status)) run.step();
        const expected = naiveOutcome(next, fates);
        const ends = next.nodes.map((node, index) => [node.name, endOf[state().nodes[index]!]]);
        expect(ends).toEqual(next.nodes.map((node) => [node.name, expected.ends.get(node.name)]));
        expect(state().status).toBe(expected.status);
        expect(replay(definition, run.log)).toEqual(state());
        const starts = run.log.flatMap((event) => (event.type === 'NodeStarted' ? [event.node] : []));
        expect(new Set(starts).size).toBe(starts.length);
      }),
      { numRuns: 300 },
    );
    expect(migrated).toBeGreaterThan(20);
  });
});
