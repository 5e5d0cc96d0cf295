import { isTask } from '../../src/contracts/workflow/nodes.ts';
import { workflowDefinition, type WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import type { Random } from '../../src/platform/twin/random.ts';

/** The most that an attempt uses. */
export const attemptUsageMax = { usd: 0.01, tokens: 1_000 };

/** Some workflows have a budget that may not last. Some of these know what their tasks use at most, others leave it to be learnt. */
export function withBudget(random: Random, definition: WorkflowDefinition): WorkflowDefinition {
  if (!random.chance(0.4)) return definition;
  const attempts = 1 + random.below(2 * definition.nodes.length);
  const hard = random.chance(0.5)
    ? { usd: attempts * attemptUsageMax.usd }
    : { tokens: attempts * attemptUsageMax.tokens, ...(random.chance(0.3) ? { usd: 1 } : {}) };
  const soft = random.chance(0.5) ? { soft: 0.5, on_soft: random.pick(['warn', 'wait'] as const) } : {};
  const isKnown = random.chance(0.5);
  const nodes = definition.nodes.map((node) =>
    isKnown && isTask(node) ? { ...node, distribution_rules: { estimate: attemptUsageMax } } : node,
  );
  return workflowDefinition.parse({ ...definition, nodes, budget: { ...hard, ...soft } });
}
