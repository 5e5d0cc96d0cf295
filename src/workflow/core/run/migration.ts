import type { Fault } from '../../../contracts/errors.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { nodesMax } from '../../../contracts/limits.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { bodiesOf, branchesOf, isTask, type WorkflowNode } from '../../../contracts/workflow/nodes.ts';
import type { WorkflowGraph } from './graph.ts';
import { type NodeLetter, nodeStatusOf } from './state.ts';

/** How a task is handed out: its row has it already, so that another value is only for tasks that start later. */
const handingOut = [
  'required_capabilities',
  'priority',
  'retry',
  'timeout_ms',
  'deadline_ms',
  'on_expiry',
  'escalation',
  'distribution_rules',
  'reads',
];

type Keyed = Readonly<Record<string, unknown>>;

/** Keys of a node that may differ although it has begun, because they count only later. */
function freeKeys(graph: WorkflowGraph, index: number, letter: NodeLetter): readonly string[] {
  const fellBack = graph.scopesIn.get(index)?.at(-1)?.kind === 'fallback';
  const hasFailed = letter === 'F' || letter === 'H' || fellBack;
  return ['compensate_with', ...(hasFailed ? [] : ['on_error']), ...(isTask(graph.nodes[index]) ? handingOut : [])];
}

/** The value of a key as far as it has a meaning: the order of dependencies has none, and a task need not say that it is one. */
function meaningOf(node: WorkflowNode, key: string): string | undefined {
  if (key === 'kind') return node.kind ?? 'task';
  if (key === 'depends_on') return canonicalJson(node.depends_on.toSorted());
  const value = (node as Keyed)[key];
  return value === undefined ? undefined : canonicalJson(value);
}

function changedKeys(was: WorkflowNode, is: WorkflowNode, free: readonly string[]): readonly string[] {
  const keys = new Set([...Object.keys(was), ...Object.keys(is), 'kind']);
  return [...keys].filter((key) => !free.includes(key) && meaningOf(was, key) !== meaningOf(is, key));
}

/** Names of the bodies that these nodes lead to, however deep. */
function bodiesUnder(definition: WorkflowDefinition, nodes: readonly WorkflowNode[]): ReadonlySet<string> {
  const names = new Set<string>();
  const open = [...nodes];
  for (const node of open) {
    for (const [, body] of bodiesOf(node)) {
      if (typeof body !== 'string') open.push(...body.nodes);
      else if (!names.has(body)) {
        names.add(body);
        open.push(...(definition.bodies?.[body]?.nodes ?? []));
      }
    }
  }
  return names;
}

function fault(path: string, message: string, fix: string): Fault {
  return { code: 'incompatible-definition', path, message, fix };
}

/** Branches of a newer version that would decide about a node which has started already. */
function lateBranches(name: string, is: WorkflowNode, isWaiting: (name: string) => boolean, next: WorkflowDefinition) {
  return next.nodes.flatMap((before, index) => {
    if (!is.depends_on.includes(before.name) || !isWaiting(before.name)) return [];
    return branchesOf(before)
      .filter(([, names]) => names.includes(name))
      .map(([place]) => {
        const what = `"${name}" has started, so "${before.name}" cannot decide any more whether it does`;
        return fault(`nodes[${index}]${place}`, what, `name "${name}" in no branch of it`);
      });
  });
}

/**
 * Why a run may not go on by this version of its definition, every reason with its path; none: it may. What still waits may change, vanish or come new. What has begun
 * or ended must be there and mean the same: its dependencies, its rule, what it does, and the bodies that it leads to. Then the run ends as if it had gone by this version from the
 * beginning. `graph` and `letters` are the run's as they are, `next` must be sound by itself.
 */
export function migrationFaults(graph: WorkflowGraph, letters: string, next: WorkflowDefinition): readonly Fault[] {
  const own = graph.definition.nodes;
  const faults: Fault[] = [];
  if (next.name !== graph.definition.name)
    faults.push(fault('name', `the run is one of "${graph.definition.name}"`, 'keep the name'));
  if ((next.budget === undefined) !== (graph.definition.budget === undefined)) {
    const what =
      next.budget === undefined ? 'the run has a budget' : 'the run has no budget: its tasks were handed out unasked';
    faults.push(fault('budget', what, next.budget === undefined ? 'give one, as large as you like' : 'leave it out'));
  }
  const places = new Map(next.nodes.map((node, index) => [node.name, index]));
  const isWaiting = (name: string): boolean => letters[graph.indexOf.get(name) ?? -1] === 'W';
  const begun: WorkflowNode[] = [];
  for (const [index, was] of own.entries()) {
    const letter = letters[index] as NodeLetter;
    if (letter === 'W') continue;
    begun.push(was);
    const status = nodeStatusOf[letter];
    const place = places.get(was.name);
    const is = next.nodes[place ?? -1];
    if (is === undefined) {
      faults.push(fault('nodes', `"${was.name}" is ${status}, and this version has no such node`, 'keep the node'));
      continue;
    }
    for (const key of changedKeys(was, is, freeKeys(graph, index, letter))) {
      const what = `"${was.name}" is ${status}, and its ${key} would be another`;
      faults.push(
        fault(`nodes[${place}].${key}`, what, `leave it as it was, or begin again: rerun from "${was.name}"`),
      );
    }
    if (letter !== 'N') faults.push(...lateBranches(was.name, is, isWaiting, next));
  }
  // Nodes that a task returned may run bodies of the definition too.
  const planned = [...graph.scopesIn.values()]
    .flat()
    .flatMap(({ kind, first, end }) => (kind === 'plan' ? graph.nodes.slice(first, end) : []));
  for (const name of bodiesUnder(graph.definition, [...begun, ...planned])) {
    if (canonicalJson(next.bodies?.[name] ?? null) === canonicalJson(graph.definition.bodies?.[name] ?? null)) continue;
    const what = `nodes that have begun run the body "${name}", which would be another`;
    faults.push(fault(`bodies.${name}`, what, 'leave it as it was, and give the new one a name of its own'));
  }
  const grown = graph.nodes.length - own.length + next.nodes.length;
  if (grown > nodesMax)
    faults.push({
      code: 'too-large',
      path: 'nodes',
      message: `with what has joined it the workflow would have ${grown} nodes, more than ${nodesMax}`,
      fix: 'let one node with a body do what several do',
    });
  return faults;
}

/** What a newer version changes of the nodes that still wait, by name. */
export function migrationPlan(current: WorkflowDefinition, next: WorkflowDefinition) {
  const was = new Map(current.nodes.map((node) => [node.name, canonicalJson(node)]));
  const is = new Set(next.nodes.map(({ name }) => name));
  return {
    added: next.nodes.flatMap(({ name }) => (was.has(name) ? [] : [name])),
    changed: next.nodes.flatMap((node) =>
      was.has(node.name) && was.get(node.name) !== canonicalJson(node) ? [node.name] : [],
    ),
    removed: [...was.keys()].filter((name) => !is.has(name)),
  };
}
