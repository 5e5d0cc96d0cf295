import type { ChoiceNode, WorkflowNode } from '../../../contracts/workflow/nodes.ts';
import { inOrder } from '../run/critical-path.ts';
import type { WorkflowGraph } from '../run/graph.ts';

/** A node that no run can start. `choice` decides it: no value selects a branch to the node (`gated`), or the branches that it needs exclude each other. */
export interface Unreachable {
  readonly index: number;
  readonly choice: string;
  readonly gated: boolean;
}

/** Ways in which something can turn out, one bit each. */
type Ways = bigint;

/** How a choice can turn out. Only the literals `true` and `false` are judged: whatever else `when` says may hold or not. */
function waysOf({ branches, default: otherwise = [], take }: ChoiceNode) {
  const possible = branches.filter(({ when }) => when.trim() !== 'false');
  const certain = possible.findIndex(({ when }) => when.trim() === 'true');
  const reached = take === 'first' && certain >= 0 ? possible.slice(0, certain + 1) : possible;
  const taken = reached.map(({ then }) => then);
  // Branches that may be taken together are one way: they exclude nothing but the default.
  const targets = take === 'first' || taken.length === 0 ? taken : [taken.flat()];
  const all = certain >= 0 ? targets : [...targets, otherwise];
  const named = new Set([...branches.flatMap(({ then }) => then), ...otherwise]);
  /** The choice itself fails or is skipped: it takes no branch, and passes none over. */
  const broken: Ways = 1n << BigInt(all.length);
  return {
    broken,
    any: (broken << 1n) - 1n,
    to: (name: string): Ways =>
      all.reduce((ways, targetsOf, at) => (targetsOf.includes(name) ? ways | (1n << BigInt(at)) : ways), broken),
    named,
  };
}

/** Ways in which at least `count` of these hold. */
function atLeast(count: number, ways: readonly Ways[], any: Ways): Ways {
  let result = 0n;
  for (let bit = 1n; bit <= any; bit <<= 1n) {
    if (ways.filter((each) => (each & bit) !== 0n).length >= count) result |= bit;
  }
  return result;
}

/** Ways in which a node may start by its rule, from those in which its dependencies may be done. Rather too many than too few. */
function byRule(node: WorkflowNode, before: readonly Ways[], any: Ways): Ways {
  const rule = node.trigger_rule;
  if (before.length === 0 || rule === 'all_done') return any;
  // Unknown dependencies, or more wanted than there are, are faults of their own.
  if (before.length < new Set(node.depends_on).size) return any;
  if (typeof rule === 'object') return rule.at_least > before.length ? any : atLeast(rule.at_least, before, any);
  return rule === 'all_success'
    ? before.reduce((ways, each) => ways & each, any)
    : before.reduce((ways, each) => ways | each, 0n);
}

/** Follows one choice downwards as long as it decides anything; tells which nodes may start in none of its ways. */
function behind(
  graph: WorkflowGraph,
  order: readonly number[],
  place: readonly number[],
  choice: number,
): Unreachable[] {
  const node = graph.nodes[choice];
  if (node?.kind !== 'choice') return [];
  const { any, broken, named, to } = waysOf(node);
  const ways = new Map<number, Ways>([[choice, any & ~broken]]);
  const waiting = new Set(graph.dependents[choice]);
  const never: Unreachable[] = [];
  for (let at = (place[choice] ?? 0) + 1; waiting.size > 0 && at < order.length; at += 1) {
    const index = order[at] ?? -1;
    const next = graph.nodes[index];
    if (next === undefined || !waiting.delete(index)) continue;
    const dependencies = graph.dependencies[index] ?? [];
    const rule = byRule(
      next,
      dependencies.map((each) => ways.get(each) ?? any),
      any,
    );
    const isNamed = dependencies.includes(choice) && named.has(next.name);
    const own = isNamed ? rule & to(next.name) : rule;
    if (own === any) continue;
    ways.set(index, own);
    for (const each of graph.dependents[index] ?? []) waiting.add(each);
    if (own === 0n && !dependencies.some((each) => ways.get(each) === 0n))
      never.push({ index, choice: node.name, gated: isNamed && to(next.name) === broken });
  }
  return never;
}

/**
 * Nodes of one level that can never start, because of how choices before them turn out: the first ones only, since what comes after follows. A node is told only
 * when it is certain: two choices are taken to be independent of each other. Nodes on a cycle are left out.
 */
export function unreachableNodes(graph: WorkflowGraph): Unreachable[] {
  const order = inOrder(graph);
  const place: number[] = [];
  for (const [at, index] of order.entries()) place[index] = at;
  const found = new Map<number, Unreachable>();
  for (const index of order) {
    for (const each of behind(graph, order, place, index)) if (!found.has(each.index)) found.set(each.index, each);
  }
  return [...found.values()];
}
