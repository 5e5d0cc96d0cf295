import type { WorkflowDefinition, WorkflowStatus } from '../../src/contracts/workflow/workflow.ts';
import type { ChoiceNode, WorkflowBody, WorkflowNode } from '../../src/contracts/workflow/nodes.ts';

/** How a node's task would end if it ran. */
export type Fate = 'completed' | 'failed';

/** Failed where it matters, failed where it does not, skipped because of a failure, not taken by a choice. */
export type End = 'Completed' | 'Failed' | 'Ignored' | 'Skipped' | 'Not taken';

type Ends = ReadonlyMap<string, End>;

/** Which nodes a choice goes on with: its conditions are the constants `1 = 1` and `1 = 2`. Undefined: it fails. */
export function takenBy({ branches, take, default: otherwise }: ChoiceNode): readonly string[] | undefined {
  const holding = branches.filter(({ when }) => when === '1 = 1');
  const taken = (take === 'first' ? holding.slice(0, 1) : holding).flatMap(({ then }) => then);
  return taken.length > 0 ? taken : otherwise;
}

/** The number in an expression such as `[1..3]` or `index >= 3`. */
export function numberIn(expression: string | undefined): number {
  return Number(/(\d+)\D*$/.exec(expression ?? '')?.[1] ?? 0);
}

function isBroken(end: End | undefined): boolean {
  return end === 'Failed' || end === 'Skipped';
}

/**
 * What must come out of a workflow, computed the slow and obvious way: node after node until nothing changes, with no notion of events, batches or
 * indexes, and every scope run to its end. The reducer is held against it.
 */
export function naiveOutcome(definition: WorkflowDefinition, fateOf: (path: string) => Fate) {
  const isSuccess = (end: End | undefined): boolean => end === 'Completed' || end === 'Ignored';

  /** Whether all goes well in a copy of a body. */
  const goesWell = (body: WorkflowBody | string, prefix: string): boolean =>
    ![...endsOf((body as WorkflowBody).nodes, prefix).values()].some(isBroken);

  /** A node that runs others is tried again as often as it may be; a loop that ran out of rounds is not, for it would again. */
  function completes(node: WorkflowNode, path: string): boolean {
    const tries = 'body' in node ? (node.retry?.max_attempts ?? 1) : 1;
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const outcome = tryOnce(node, path, attempt);
      if (outcome !== 'inner') return outcome === 'well';
    }
    return false;
  }

  function tryOnce(node: WorkflowNode, path: string, attempt: number): 'well' | 'inner' | 'badly' {
    const at = (index: number): string => `${path}:${index}${attempt === 1 ? '' : `-${attempt}`}:`;
    const well = (isWell: boolean) => (isWell ? 'well' : 'inner');
    switch (node.kind) {
      case 'join':
        return 'well';
      case 'choice':
        return takenBy(node) === undefined ? 'badly' : 'well';
      case 'map': {
        const results = Array.from({ length: numberIn(node.items) }, (_, index) => goesWell(node.body, at(index)));
        return well(results.filter((each) => !each).length <= node.tolerated_failures);
      }
      case 'subworkflow':
        return well(goesWell(node.body, at(0)));
      case 'loop': {
        const rounds = Math.max(1, numberIn(node.until));
        const done = Array.from({ length: Math.min(rounds, node.max_rounds) }, (_, index) =>
          goesWell(node.body, at(index)),
        );
        if (!done.every(Boolean)) return 'inner';
        return rounds <= node.max_rounds ? 'well' : 'badly';
      }
      case 'gather': {
        const { nodes } = node.body as WorkflowBody;
        const named = new Set(nodes.flatMap(({ depends_on }) => depends_on));
        const sinks = nodes.filter(({ name }) => !named.has(name));
        const ends = endsOf(nodes, at(0));
        const needed = node.need === 'all' ? sinks.length : node.need === 'first' ? 1 : node.need;
        return well(sinks.filter(({ name }) => ends.get(name) === 'Completed').length >= needed);
      }
      default:
        return fateOf(path) === 'completed' ? 'well' : 'badly';
    }
  }

  function run(node: WorkflowNode, path: string): End {
    if (completes(node, path)) return 'Completed';
    if (node.on_error === 'ignore') return 'Ignored';
    if (typeof node.on_error !== 'object') return 'Failed';
    return goesWell(node.on_error.fallback, `${path}:fallback:`) ? 'Completed' : 'Failed';
  }

  function judge(node: WorkflowNode, path: string, nodes: readonly WorkflowNode[], ends: Ends): End {
    const before = node.depends_on.map((name) => ends.get(name));
    for (const choice of nodes) {
      if (choice.kind !== 'choice' || !node.depends_on.includes(choice.name)) continue;
      const named = [...choice.branches.flatMap(({ then }) => then), ...(choice.default ?? [])];
      const passedOver = named.includes(node.name) && takenBy(choice)?.includes(node.name) !== true;
      if (ends.get(choice.name) === 'Completed' && passedOver) return 'Not taken';
    }
    const done = before.filter(isSuccess).length;
    const rule = node.trigger_rule;
    const starts =
      before.length === 0 ||
      (rule === 'all_success' && done === before.length) ||
      rule === 'all_done' ||
      (rule === 'none_failed' && done > 0 && !before.some(isBroken)) ||
      (rule === 'one_success' && done > 0) ||
      (typeof rule === 'object' && done >= rule.at_least);
    if (starts) return run(node, path);
    return before.some(isBroken) ? 'Skipped' : 'Not taken';
  }

  function endsOf(nodes: readonly WorkflowNode[], prefix: string): Ends {
    const ends = new Map<string, End>();
    while (ends.size < nodes.length) {
      for (const node of nodes) {
        if (ends.has(node.name) || !node.depends_on.every((name) => ends.has(name))) continue;
        ends.set(node.name, judge(node, prefix + node.name, nodes, ends));
      }
    }
    return ends;
  }

  const ends = endsOf(definition.nodes, '');
  const named = new Set(definition.nodes.flatMap((node) => node.depends_on));
  const sinks = definition.nodes.filter((node) => !named.has(node.name));
  const status: WorkflowStatus = ![...ends.values()].some(isBroken)
    ? 'Completed'
    : sinks.some((node) => ends.get(node.name) === 'Completed')
      ? 'Partially Complete'
      : 'Failed';
  return { ends, status };
}

/** The end of a node by its letter in the reducer's state. */
export const endOf: Readonly<Record<string, End>> = {
  C: 'Completed',
  F: 'Failed',
  H: 'Ignored',
  K: 'Skipped',
  N: 'Not taken',
};
