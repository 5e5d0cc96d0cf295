import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { createRandom, type Random } from '../../../src/platform/twin/random.ts';
import { checkDefinition } from '../../../src/workflow/core/definition/definition.ts';
import { readWorkflow } from '../../../src/workflow/core/definition/read-workflow.ts';
import { decide, evolveAll, type WorkflowCommand } from '../../../src/workflow/core/run/reducer.ts';
import { initialState, isFinished, startedNodes, type WorkflowState } from '../../../src/workflow/core/run/state.ts';
import { drawNodes, type Drawn } from '../../support/arbitrary-workflow.ts';
import { answers } from '../../support/pure-edge.ts';

interface Fault {
  readonly code: string;
  readonly path: string;
}

const invalid = (path: string): Fault => ({ code: 'invalid-input', path });
const badExpression = (path: string): Fault => ({ code: 'invalid-expression', path });

/** Ways to spoil the node at an index, each with the fault that must be found. Nodes that are added come last, so that no index changes. */
const mutations: readonly ((nodes: Drawn[], at: number) => Fault)[] = [
  (nodes, at) => {
    nodes[at]!['surprise'] = 1;
    return invalid(`nodes[${at}].surprise`);
  },
  (nodes, at) => {
    nodes[at]!['on_error'] = 'explode';
    return invalid(`nodes[${at}].on_error`);
  },
  (nodes, at) => {
    nodes[at]!['on_error'] = { fallback: { nodes: [{ name: 'f', task_type: 'x', priority: 7 }] } };
    return invalid(`nodes[${at}].on_error.fallback.nodes[0].priority`);
  },
  (nodes, at) => {
    nodes[at]!['on_error'] = { fallback: 'nowhere' };
    return { code: 'unknown-dependency', path: `nodes[${at}].on_error.fallback` };
  },
  (nodes, at) => {
    nodes[at]!.depends_on.push('nobody');
    return { code: 'unknown-dependency', path: `nodes[${at}].depends_on[${nodes[at]!.depends_on.length - 1}]` };
  },
  (nodes, at) => {
    (nodes[at]!.depends_on as unknown[]).push(7);
    return invalid(`nodes[${at}].depends_on[${nodes[at]!.depends_on.length - 1}]`);
  },
  (nodes, at) => {
    nodes[at]!['compensate_with'] = { task_type: 'undo', input: `outputs.${nodes[at]!.name} & (` };
    return badExpression(`nodes[${at}].compensate_with.input`);
  },
  (nodes, at) => {
    nodes[at]!['compensate_with'] = { task_type: 'undo', input: 'outputs.nobody' };
    return badExpression(`nodes[${at}].compensate_with.input`);
  },
  (nodes, at) => {
    nodes[at]!['compensate_with'] = { task_type: 'undo', compensate_with: { task_type: 'redo' } };
    return { code: 'compensation-loop', path: `nodes[${at}].compensate_with.compensate_with` };
  },
  (nodes, at) => {
    nodes.push({ name: nodes[at]!.name, depends_on: [], task_type: 'work' });
    return { code: 'duplicate-node', path: `nodes[${nodes.length - 1}].name` };
  },
  (nodes) => {
    const at = nodes.length;
    nodes.push({ name: `knot${at}`, depends_on: [`knot${at}`], task_type: 'work' });
    return { code: 'workflow-cycle', path: `nodes[${at}].depends_on` };
  },
  (nodes) => {
    const at = nodes.length;
    nodes.push({ name: `slip${at}`, depends_on: [], task_type: 'work', input: 'ouputs.x' });
    return badExpression(`nodes[${at}].input`);
  },
  (nodes) => {
    const [choice, a, b] = [0, 1, 2].map((each) => `way${nodes.length + each}`) as [string, string, string];
    const branches = [{ when: 'input.x', then: [a] }];
    nodes.push({ name: choice, depends_on: [], kind: 'choice', branches, default: [b] });
    nodes.push(...[a, b].map((name) => ({ name, depends_on: [choice], task_type: 'work' })));
    nodes.push({ name: `never${nodes.length}`, depends_on: [a, b], task_type: 'work' });
    return { code: 'unreachable-node', path: `nodes[${nodes.length - 1}].trigger_rule` };
  },
];

const faultsIn = (nodes: readonly object[]) => {
  const reading = readWorkflow(workflowDefinition, { name: 'any', nodes }, '', (definition) => definition);
  return 'faults' in reading ? reading.faults : [];
};

/** Runs a definition with random ends of its tasks, and conditions that turn out anyhow; answers with the nodes that never started. */
function neverStarted(nodes: Drawn[], random: Random): ReadonlySet<string> {
  const definition = workflowDefinition.parse({ name: 'any', nodes });
  const never = new Set(definition.nodes.map(({ name }) => name));
  let state: WorkflowState = initialState(definition);
  const send = (command: WorkflowCommand): void => {
    const events = decide(definition, state, command);
    state = evolveAll(definition, state, events);
    for (const event of events) if (event.type === 'NodeStarted') never.delete(event.node);
  };
  send({ type: 'begin' });
  while (!isFinished(state.status)) {
    const outcomes = answers(definition, state);
    const error = { code: 'broken', message: 'it broke', retryable: false };
    if (outcomes.length > 0) send({ type: 'resolve', outcomes });
    else {
      const settled = startedNodes(definition, state.nodes, state.expansions).map((node) => ({ node, attempt: 1 }));
      const ends = settled.map((each) =>
        random.chance(0.2)
          ? { ...each, outcome: 'failed' as const, error }
          : { ...each, outcome: 'completed' as const },
      );
      send({ type: 'settle', outcomes: ends });
    }
  }
  return never;
}

/** The same nodes, with other constants in the conditions of their choices. */
function withOtherConditions(nodes: readonly Drawn[], random: Random): Drawn[] {
  return nodes.map((node) => {
    if (node['kind'] !== 'choice') return node;
    const branches = (node['branches'] as { when: string }[]).map((branch) => ({
      ...branch,
      when: random.pick(['1 = 1', '1 = 2']),
    }));
    return { ...node, branches };
  });
}

describe('a check', () => {
  it('finds every one of several faults that have nothing to do with each other', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 8 }), (seed, count, faults) => {
        const random = createRandom(seed);
        const nodes = drawNodes(random, count, 0, true);
        const before = faultsIn(nodes).length;
        const places = nodes.map((_, at) => at).sort(() => random.next() - 0.5);
        const expected = places.slice(0, faults).map((at) => random.pick(mutations)(nodes, at));
        const found = faultsIn(nodes);
        const shown = new Set(found.map(({ code, path = '' }) => `${code} ${path}`));
        for (const { code, path } of expected) expect([...shown]).toContain(`${code} ${path}`);
        for (const { message } of found) expect(message).not.toContain('unreadable-');
        if (before === 0) expect(found.length).toBeGreaterThanOrEqual(expected.length);
      }),
      { numRuns: 150 },
    );
  });

  it('calls no node unreachable that some run starts', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 25 }), (seed, count) => {
        const random = createRandom(seed);
        const nodes = drawNodes(random, count, 0, true);
        const { faults } = checkDefinition(workflowDefinition.parse({ name: 'any', nodes }));
        const dead = faults.flatMap(({ code, path = '' }) =>
          code === 'unreachable-node' && path.startsWith('nodes[') && !path.includes('.nodes[')
            ? [nodes[Number(/\d+/.exec(path)?.[0])]!.name]
            : [],
        );
        for (let run = 0; dead.length > 0 && run < 10; run += 1) {
          const never = neverStarted(withOtherConditions(nodes, random), random);
          for (const name of dead) expect(never).toContain(name);
        }
      }),
      { numRuns: 150 },
    );
  });
});
