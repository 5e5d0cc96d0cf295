import type { Task } from '../../src/contracts/distributor/task.ts';
import { isTask } from '../../src/contracts/workflow/nodes.ts';
import type { WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import type { Random } from '../../src/platform/twin/random.ts';

/** Some tasks are run twice when they take long. */
export function withHedge<T extends { readonly distribution_rules?: Task['distribution_rules'] }>(
  random: Random,
  task: T,
): T {
  if (!random.chance(0.4)) return task;
  const hedge = { after_ms: 1_000 + random.below(1_000) };
  return { ...task, distribution_rules: { ...task.distribution_rules, hedge } };
}

/** In some workflows what is a task may be hedged. */
export function withHedgedNodes(random: Random, definition: WorkflowDefinition): WorkflowDefinition {
  const nodes = definition.nodes.map((node) => (isTask(node) ? withHedge(random, node) : node));
  return random.chance(0.5) ? { ...definition, nodes } : definition;
}
