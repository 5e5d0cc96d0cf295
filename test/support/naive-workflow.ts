import type { WorkflowDefinition, WorkflowStatus } from '../../src/contracts/workflow.ts';

/** How a node's task would end if it ran. */
export type Fate = 'completed' | 'failed';

/**
 * What must come out of a workflow, computed the slow and obvious way: node after node until nothing changes, with no notion of events, batches or
 * indexes. The reducer is held against it.
 */
export function naiveOutcome(definition: WorkflowDefinition, fates: ReadonlyMap<string, Fate>) {
  const ends = new Map<string, 'Completed' | 'Failed' | 'Skipped'>();
  while (ends.size < definition.nodes.length) {
    for (const node of definition.nodes) {
      const before = node.depends_on.map((name) => ends.get(name));
      if (before.includes(undefined)) continue;
      const blocked = node.trigger_rule === 'all_success' && before.some((end) => end !== 'Completed');
      ends.set(node.name, blocked ? 'Skipped' : fates.get(node.name) === 'completed' ? 'Completed' : 'Failed');
    }
  }
  const all = [...ends.values()];
  const named = new Set(definition.nodes.flatMap((node) => node.depends_on));
  const sinks = definition.nodes.filter((node) => !named.has(node.name));
  const status: WorkflowStatus = all.every((end) => end === 'Completed')
    ? 'Completed'
    : sinks.some((node) => ends.get(node.name) === 'Completed')
      ? 'Partially Complete'
      : 'Failed';
  return { ends, status };
}
