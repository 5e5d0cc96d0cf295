import type { Fault } from '../../../contracts/errors.ts';
import { depthMax } from '../../../contracts/limits.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { bodiesOf, branchesOf, type WorkflowBody, type WorkflowNode } from '../../../contracts/workflow/nodes.ts';
import { approvalFaults } from './approval-faults.ts';
import { bodyCycleFaults } from './body-cycles.ts';
import { findCycles } from './cycles.ts';
import { type Surroundings, warningsOf } from './definition-warnings.ts';
import { expressionFaults, fault, inputFaults, type Level } from './expression-faults.ts';
import { isRegistered } from './link.ts';
import { graphOf, type WorkflowGraph } from '../run/graph.ts';
import { unreachableNodes } from './reachability.ts';

/** Nodes of a cycle that are printed. More: nobody reads them. */
const cycleNodesShownMax = 20;

/** All that is wrong with a definition, and what may turn out wrong later. */
export interface DefinitionCheck {
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

/** All levels that are written out in a definition, from the outside in. */
function levelsOf(definition: WorkflowDefinition): Level[] {
  const { nodes, output, bodies = {} } = definition;
  const levels: Level[] = [
    { nodes, output, at: '', depth: 0 },
    ...Object.entries(bodies).map(([name, body]) => ({ ...body, at: `bodies.${name}.`, depth: 1 })),
  ];
  for (const level of levels) {
    for (const [index, node] of level.nodes.entries()) {
      for (const [place, body] of bodiesOf(node)) {
        if (typeof body === 'string') continue;
        levels.push({ ...body, at: `${level.at}nodes[${index}]${place}.`, depth: level.depth + 1 });
      }
    }
  }
  return levels;
}

function nameFaults({ nodes, at }: Level): Fault[] {
  const first = new Map<string, number>();
  return nodes.flatMap((node, index) => {
    const before = first.get(node.name);
    if (before === undefined) {
      first.set(node.name, index);
      return [];
    }
    return fault(
      'duplicate-node',
      `${at}nodes[${index}].name`,
      `"${node.name}" is the name of ${at}nodes[${before}] already`,
      'choose another name',
    );
  });
}

function dependencyFaults({ nodes, at }: Level): Fault[] {
  const names = new Set(nodes.map(({ name }) => name));
  return nodes.flatMap((node, index) => {
    const seen = new Set<string>();
    const unknown = node.depends_on.flatMap((name, place) => {
      const path = `${at}nodes[${index}].depends_on[${place}]`;
      if (seen.has(name)) return fault('invalid-input', path, `"${name}" is listed twice`, 'list it once');
      seen.add(name);
      if (names.has(name)) return [];
      return fault(
        'unknown-dependency',
        path,
        `there is no node "${name}"`,
        `correct the name, or add a node "${name}"`,
      );
    });
    const rule = node.trigger_rule;
    const wanted = typeof rule === 'object' ? rule.at_least : 0;
    if (wanted <= node.depends_on.length) return unknown;
    const path = `${at}nodes[${index}].trigger_rule`;
    const what = `it waits for ${wanted} of ${node.depends_on.length} dependencies`;
    return [...unknown, fault('invalid-input', path, what, 'ask for fewer')];
  });
}

function cycleFaults({ nodes, at }: Level, graph: WorkflowGraph): Fault[] {
  return findCycles(graph).map((cycle) => {
    const names = cycle.map((index) => nodes[index]?.name ?? '');
    const [first = ''] = names;
    const hidden = names.length - cycleNodesShownMax;
    const shown = hidden > 0 ? [...names.slice(0, cycleNodesShownMax), `(${hidden} more)`] : names;
    return fault(
      'workflow-cycle',
      `${at}nodes[${cycle[0] ?? 0}].depends_on`,
      `the dependencies form a cycle: ${[...shown, first].join(' → ')}`,
      'each of these waits for the next, so remove one of these dependencies',
    );
  });
}

/** Nodes that can never start. */
function reachFaults({ nodes, at }: Level, graph: WorkflowGraph): Fault[] {
  return unreachableNodes(graph).map(({ index, choice, gated }) => {
    const { name, trigger_rule } = nodes[index] as WorkflowNode;
    return gated
      ? fault(
          'unreachable-node',
          `${at}nodes[${index}]`,
          `"${name}" can never start: no value selects a branch of "${choice}" that leads to it`,
          'correct the conditions of that choice, or remove the node',
        )
      : fault(
          'unreachable-node',
          `${at}nodes[${index}].trigger_rule`,
          `"${name}" can never start: the branches of "${choice}" that it needs are never all taken`,
          trigger_rule === 'all_success' ? 'join branches of a choice with "none_failed"' : 'ask for fewer',
        );
  });
}

/** What only one kind of node can have wrong. */
function kindFaults(level: Level, bodies: ReadonlyMap<string, WorkflowBody>): Fault[] {
  const byName = new Map(level.nodes.map((node) => [node.name, node]));
  return level.nodes.flatMap((node, index) => {
    const path = `${level.at}nodes[${index}]`;
    const unknown = bodiesOf(node).flatMap(([place, body]) =>
      typeof body !== 'string' || bodies.has(body) || isRegistered(body)
        ? []
        : fault('unknown-dependency', `${path}${place}`, `there is no body "${body}"`, 'add it to bodies'),
    );
    for (const [place, names] of branchesOf(node)) {
      for (const name of names) {
        if (byName.get(name)?.depends_on.includes(node.name) === true) continue;
        const fix = `add "${node.name}" to the depends_on of "${name}"`;
        unknown.push(fault('unknown-dependency', `${path}${place}`, `"${name}" does not depend on this node`, fix));
      }
    }
    const timer = node.kind === 'wait' ? node : node.kind === 'event' ? node.timer : undefined;
    if (timer !== undefined && (timer.for_ms === undefined) === (timer.until === undefined)) {
      const at = node.kind === 'wait' ? path : `${path}.timer`;
      unknown.push(fault('invalid-input', at, 'a time needs one of for_ms and until', 'keep exactly one'));
    }
    if (node.kind === 'approval') unknown.push(...approvalFaults(node, path));
    if (
      node.kind === 'transaction' &&
      new Set(node.participants.map(({ name }) => name)).size < node.participants.length
    )
      unknown.push(
        fault('duplicate-node', `${path}.participants`, 'two participants have the same name', 'rename one'),
      );
    if (node.kind === 'gather') {
      const body = typeof node.body === 'string' ? bodies.get(node.body) : node.body;
      const sinks = body === undefined ? Infinity : graphOf({ name: 'body', nodes: [...body.nodes] }).sinks.length;
      if (typeof node.need === 'number' && node.need > sinks) {
        const what = `it needs ${node.need} of the ${sinks} nodes that end its body`;
        unknown.push(fault('invalid-input', `${path}.need`, what, 'ask for fewer'));
      }
    }
    if (node.kind === 'loop' && (node.while === undefined) === (node.until === undefined))
      unknown.push(fault('invalid-input', path, 'a loop needs one of while and until', 'keep exactly one'));
    return unknown;
  });
}

function levelFaults(level: Level, bodies: ReadonlyMap<string, WorkflowBody>): Fault[] {
  if (level.depth > depthMax)
    return [fault('too-large', level.at, `nodes lie more than ${depthMax} deep`, 'use fewer levels')];
  const graph = graphOf({ name: 'level', nodes: [...level.nodes] });
  const sinks = new Set(graph.sinks.map((index) => level.nodes[index]?.name));
  return [
    ...nameFaults(level),
    ...dependencyFaults(level),
    ...cycleFaults(level, graph),
    ...reachFaults(level, graph),
    ...inputFaults(level),
    ...kindFaults(level, bodies),
    ...(level.output === undefined
      ? []
      : expressionFaults(
          level.output,
          `${level.at}output`,
          (name) => sinks.has(name),
          'only nodes that nobody depends on are: refer to one of those',
        )),
  ];
}

/** A query sees the definition's own nodes, whether they have ended or not. */
function queryFaults({ nodes, queries = {} }: WorkflowDefinition): Fault[] {
  const names = new Set(nodes.map(({ name }) => name));
  const allowed = (name: string): boolean => names.has(name);
  return Object.entries(queries).flatMap(([name, text]) =>
    expressionFaults(text, `queries.${name}`, allowed, 'only nodes of the definition itself are: correct the name'),
  );
}

/**
 * Lists everything that is wrong with a definition, each fault with its path, the reason and what to do; nothing may start while there is one.
 * Requirements that no single agent meets are warnings, for agents may come later.
 */
export function checkDefinition(definition: WorkflowDefinition, around: Surroundings = {}): DefinitionCheck {
  const bodies = new Map(Object.entries(definition.bodies ?? {}));
  return {
    faults: [
      ...levelsOf(definition).flatMap((level) => levelFaults(level, bodies)),
      ...bodyCycleFaults(definition),
      ...queryFaults(definition),
    ],
    warnings: warningsOf(definition, around),
  };
}

/** Lists everything that is wrong with nodes which a running task returned. They may use the bodies of the definition. */
export function checkPlan(definition: WorkflowDefinition, plan: WorkflowBody): readonly Fault[] {
  const { faults } = checkDefinition({
    ...definition,
    queries: undefined,
    nodes: [...plan.nodes],
    output: plan.output,
  });
  return faults.filter(({ path = '' }) => !path.startsWith('bodies.'));
}
