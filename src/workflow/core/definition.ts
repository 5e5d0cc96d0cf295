import type { ErrorCode, Fault } from '../../contracts/errors.ts';
import type { WorkflowDefinition } from '../../contracts/workflow.ts';
import { findCycles } from './cycles.ts';
import { referencesOf } from './expression.ts';
import { graphOf, type WorkflowGraph } from './graph.ts';

/** Nodes of a cycle that are printed. More: nobody reads them. */
const cycleNodesShownMax = 20;
/** Warnings kept with a workflow. More: its head grows. */
const warningsMax = 50;

/** All that is wrong with a definition, and what may turn out wrong later. */
export interface DefinitionCheck {
  readonly faults: readonly Fault[];
  readonly warnings: readonly string[];
}

function fault(code: ErrorCode, path: string, what: string, fix: string): Fault {
  return { code, path, message: `${what}; ${fix}` };
}

function nameFaults(graph: WorkflowGraph): Fault[] {
  return graph.nodes.flatMap((node, index) => {
    const first = graph.indexOf.get(node.name);
    if (first === undefined || first === index) return [];
    return fault(
      'duplicate-node',
      `nodes[${index}].name`,
      `"${node.name}" is the name of nodes[${first}] already`,
      'choose another name',
    );
  });
}

function dependencyFaults(graph: WorkflowGraph): Fault[] {
  return graph.nodes.flatMap((node, index) => {
    const seen = new Set<string>();
    return node.depends_on.flatMap((name, at) => {
      const path = `nodes[${index}].depends_on[${at}]`;
      if (seen.has(name)) return fault('invalid-input', path, `"${name}" is listed twice`, 'list it once');
      seen.add(name);
      if (graph.indexOf.has(name)) return [];
      return fault(
        'unknown-dependency',
        path,
        `there is no node "${name}"`,
        `correct the name, or add a node "${name}"`,
      );
    });
  });
}

function cycleFaults(graph: WorkflowGraph): Fault[] {
  return findCycles(graph).map((cycle) => {
    const names = cycle.map((index) => graph.nodes[index]?.name ?? '');
    const [first = ''] = names;
    const hidden = names.length - cycleNodesShownMax;
    const shown = hidden > 0 ? [...names.slice(0, cycleNodesShownMax), `(${hidden} more)`] : names;
    return fault(
      'workflow-cycle',
      `nodes[${cycle[0] ?? 0}].depends_on`,
      `the dependencies form a cycle: ${[...shown, first].join(' → ')}`,
      'each of these waits for the next, so remove one of these dependencies',
    );
  });
}

/** Faults of one expression: its syntax, what it refers to beyond `allowed`, and functions that are not available. */
function expressionFaults(text: string, path: string, allowed: (name: string) => boolean, hint: string): Fault[] {
  const parsed = referencesOf(text);
  if (!parsed.ok) return [fault('invalid-expression', path, parsed.error.message, 'correct the JSONata expression')];
  const { outputs, nodes, forbidden } = parsed.value;
  const references = [
    ...outputs.map((name) => ['outputs', name] as const),
    ...nodes.map((name) => ['nodes', name] as const),
  ];
  return [
    ...references
      .filter(([, name]) => !allowed(name))
      .map(([kind, name]) => fault('invalid-expression', path, `"${kind}.${name}" is not at hand here`, hint)),
    ...forbidden.map((name) =>
      fault(
        'invalid-expression',
        path,
        `$${name} is not available`,
        'pass the value in as input: a repeat must give the same',
      ),
    ),
  ];
}

function inputFaults(graph: WorkflowGraph): Fault[] {
  return graph.nodes.flatMap((node, index) => {
    if (node.input === undefined) return [];
    const path = `nodes[${index}].input`;
    const dependencies = new Set(node.depends_on);
    return [
      ...(node.payload === undefined
        ? []
        : [fault('invalid-input', path, 'the node has a payload and an input expression', 'keep one of the two')]),
      ...expressionFaults(
        node.input,
        path,
        (name) => dependencies.has(name),
        'only direct dependencies are: add it to depends_on',
      ),
    ];
  });
}

function outputFaults(definition: WorkflowDefinition, graph: WorkflowGraph): Fault[] {
  if (definition.output === undefined) return [];
  const sinks = new Set(graph.sinks.map((index) => graph.nodes[index]?.name));
  return expressionFaults(
    definition.output,
    'output',
    (name) => sinks.has(name),
    'only nodes that nobody depends on are: refer to one of those',
  );
}

function capabilityWarnings(graph: WorkflowGraph, offered: readonly (readonly string[])[]): string[] {
  const sets = offered.map((capabilities) => new Set(capabilities));
  const waiting = Map.groupBy(graph.nodes, (node) => [...new Set(node.required_capabilities)].sort().join(', '));
  const warnings = [...waiting].flatMap(([key, nodes]) => {
    const required = nodes[0]?.required_capabilities ?? [];
    if (sets.some((set) => required.every((capability) => set.has(capability)))) return [];
    const [first] = nodes;
    const others = nodes.length > 1 ? ` and ${nodes.length - 1} more` : '';
    const wants = key === '' ? 'no agent is registered' : `no registered agent offers ${key}`;
    return `${wants}: node "${first?.name ?? ''}"${others} will wait until one does`;
  });
  const hidden = warnings.length - warningsMax;
  return hidden > 0 ? [...warnings.slice(0, warningsMax), `and ${hidden} more`] : warnings;
}

/**
 * Lists everything that is wrong with a definition, each fault with its path, the reason and what to do; nothing may start while there is one.
 * `offeredCapabilities` has one list an agent: requirements that no single agent meets are warnings, for agents may come later.
 */
export function checkDefinition(
  definition: WorkflowDefinition,
  options: { readonly offeredCapabilities?: readonly (readonly string[])[] } = {},
): DefinitionCheck {
  const graph = graphOf(definition);
  return {
    faults: [
      ...nameFaults(graph),
      ...dependencyFaults(graph),
      ...cycleFaults(graph),
      ...inputFaults(graph),
      ...outputFaults(definition, graph),
    ],
    warnings: options.offeredCapabilities === undefined ? [] : capabilityWarnings(graph, options.offeredCapabilities),
  };
}
