import type { Task } from '../../src/contracts/distributor/task.ts';
import { workflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import type { WorkflowNodeInput } from '../../src/contracts/workflow/nodes.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import { epochMs } from '../../src/platform/twin/virtual-clock.ts';
import { attemptUsageMax } from './drawn-budget.ts';
import { drawApproval } from './people.ts';
import type { Scenario } from './scenario.ts';

// What meets too seldom by chance, on purpose.

/**
 * In some seeds more comes at once than there are slots for, and something low behind it is soon due: it stands where no head reaches. In half of them the many share
 * what only so many may use.
 */
export function drawBurst(random: Random, spread: number): Scenario['tasks'] {
  if (!random.chance(0.15)) return [];
  const at = random.below(spread);
  const deadline = new Date(epochMs + at + 3_000 + random.below(2_000)).toISOString();
  const task = (task_id: string, rest: Partial<Task> & Pick<Task, 'priority'>): Scenario['tasks'][number] => ({
    at,
    task: { task_id, task_type: 'work', required_capabilities: ['a'], payload: {}, ...rest },
    via: 'api',
  });
  const rules = random.chance(0.5) ? { distribution_rules: { concurrency: { key: 'two', limit: 2 } } } : {};
  const many = Array.from({ length: 12 }, (_, index) => task(`many-${index}`, { priority: 'high', ...rules }));
  return [...many, task('soon-due', { priority: 'low', deadline })];
}

/** In some seeds several come in one moment of which only one may run, while most agents are free: whoever dispatches beside another one meets it here. */
export function drawShared(random: Random, spread: number): Scenario['tasks'] {
  if (!random.chance(0.15)) return [];
  const at = random.below(spread);
  const distribution_rules = { concurrency: { key: 'alone', limit: 1 } };
  return Array.from({ length: 4 }, (_, index) => ({
    at,
    task: {
      ...{ task_id: `shared-${index}`, task_type: 'work', priority: 'high' as const },
      ...{ required_capabilities: [], payload: {}, distribution_rules },
    },
    via: 'api' as const,
  }));
}

/** In some seeds the same is asked for again and again, where only one of it may be under way, or only the last one counts. Only the API tells who was refused. */
export function drawKeyed(random: Random, spread: number): Scenario['tasks'] {
  const rules: NonNullable<Task['distribution_rules']>[] = [
    { singleton: { key: 'only' } },
    { debounce: { key: 'last', delay_ms: 1_000 + random.below(2_000) } },
  ];
  return rules.flatMap((distribution_rules, kind) => {
    if (!random.chance(0.2)) return [];
    const from = random.below(spread);
    return Array.from({ length: 4 }, (_, index) => {
      const task_id = `keyed-${kind}-${index}`;
      const asked = { priority: 'medium' as const, required_capabilities: ['a'], payload: {}, distribution_rules };
      // Two of them in the same moment, the others soon after.
      const at = from + Math.max(0, index - 1) * random.below(1_500);
      return { at, task: { task_id, task_type: 'work', ...asked }, via: 'api' as const };
    });
  });
}

/** Asks for more at once than its budget has room for: what runs has to be told from what may still begin. */
const tight = {
  budget: { tokens: 2 * attemptUsageMax.tokens },
  nodes: Array.from({ length: 6 }, (_, at) => ({
    ...{ name: `n${at}`, task_type: 'work' },
    distribution_rules: { estimate: attemptUsageMax },
  })),
};

/** Waits for what is published as soon as it begins, until it comes. */
const awaits: { readonly nodes: readonly WorkflowNodeInput[] } = {
  nodes: [
    { name: 'ask', kind: 'event', events: [{ name: 'yes', key: '"this one"', then: ['on-yes'] }] },
    { name: 'on-yes', task_type: 'work', depends_on: ['ask'] },
  ],
};

/** Some seeds have workflows in which much meets at once: a tight budget, a wait that ends from outside, or people who decide in the same moment. */
export function drawCrowds(random: Random, spread: number): Scenario['workflows'] {
  const crowds = { tight, awaits, asks: { nodes: [{ ...drawApproval(random), depends_on: [] }] } };
  return Object.entries(crowds).flatMap(([workflow_id, body]) =>
    random.chance(0.15)
      ? [
          {
            at: random.below(spread),
            workflow_id,
            definition: workflowDefinition.parse({ name: workflow_id, ...body }),
          },
        ]
      : [],
  );
}
