import { priorities } from '../../src/contracts/distributor/task.ts';
import type { WorkflowNodeInput } from '../../src/contracts/workflow/nodes.ts';
import { workflowDefinition, type WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import { drawNodes, soundNodes } from '../support/arbitrary-workflow.ts';
import { drawApproval } from './people.ts';

/** What agents may be able to do. */
export const capabilities = ['a', 'b'] as const;

/** Says of most tasks how they are undone, and lets the failure of some nodes ask for it. */
function withUndoing(random: Random, nodes: readonly WorkflowNodeInput[]): WorkflowNodeInput[] {
  return nodes.map((node) => ({
    ...node,
    ...(random.chance(0.7) ? { compensate_with: { task_type: 'undo' } } : {}),
    ...(node.on_error === undefined && random.chance(0.6) ? { on_error: 'compensate' } : {}),
  }));
}

/** Some transactions have times for their phases, and some are prepared anew when they were aborted. */
function drawPhases(random: Random) {
  return {
    ...(random.chance(0.6) ? { prepare_timeout_ms: 200 + random.below(5_000) } : {}),
    ...(random.chance(0.5) ? { commit_timeout_ms: 200 + random.below(8_000) } : {}),
    ...(random.chance(0.6) ? { retry: drawRetry(random) } : {}),
  };
}

/** A few tries, mostly with a pause between them. */
function drawRetry(random: Random) {
  const pause = random.chance(0.7) ? { backoff_ms: 100 + random.below(3_000) } : {};
  return { max_attempts: 1 + random.below(3), ...pause };
}

/** Nodes of every kind, nodes inside nodes, and a transaction or a pause among them; some are sagas. */
function drawMixedWorkflow(random: Random, index: number, count: number): WorkflowDefinition {
  const nodes: WorkflowNodeInput[] = soundNodes(drawNodes(random, count, 1, true)) as never;
  if (random.chance(0.4)) {
    const participants = ['one', 'two'].map((name) => ({ name, task_type: 'work' }));
    const phases = drawPhases(random.fork(`phases-${index}`));
    nodes.push({
      ...{ name: 'agree', kind: 'transaction', depends_on: ['n0'], trigger_rule: 'all_done', participants },
      ...phases,
    });
  }
  if (random.chance(0.3)) nodes.push({ name: 'pause', kind: 'wait', for_ms: random.below(6_000) });
  const own = random.fork(`events-${index}`);
  if (own.chance(0.5)) {
    const events = [
      { name: 'yes', key: '"this one"', then: ['on-yes'] },
      { name: 'no', then: ['on-no'] },
    ];
    const timer = own.chance(0.3) ? { timer: { for_ms: own.below(6_000) } } : {};
    nodes.push({ name: 'ask', kind: 'event', depends_on: ['n0'], trigger_rule: 'all_done', events, ...timer });
    for (const name of ['on-yes', 'on-no']) nodes.push({ name, task_type: 'work', depends_on: ['ask'] });
  }
  const asked = random.fork(`approval-${index}`);
  if (asked.chance(0.4)) nodes.push(drawApproval(asked));
  // Some of the nodes around others run out of time, some are tried again after a pause.
  const again = random.fork(`again-${index}`);
  for (const [at, node] of nodes.entries()) {
    if (!('body' in node)) continue;
    const time = own.chance(0.3) ? { timeout_ms: 1 + own.below(15_000) } : {};
    nodes[at] = { ...node, ...time, ...(again.chance(0.5) ? { retry: drawRetry(again) } : {}) };
  }
  const undoing = random.fork(`undoing-${index}`);
  return workflowDefinition.parse({
    name: `w${index}`,
    nodes: undoing.chance(0.5) ? withUndoing(undoing, nodes) : nodes,
  });
}

/** A workflow of tasks, or of nodes of every kind. */
export function drawWorkflow(random: Random, index: number): WorkflowDefinition {
  const count = 2 + random.below(6);
  const expiry = random.fork(`expiry-${index}`);
  if (random.chance(0.4)) return drawMixedWorkflow(random, index, count);
  return workflowDefinition.parse({
    name: `w${index}`,
    nodes: Array.from({ length: count }, (_, at) => ({
      name: `n${at}`,
      task_type: 'work',
      required_capabilities: random.chance(0.5) ? [random.pick(capabilities)] : [],
      priority: random.pick(priorities),
      trigger_rule: random.chance(0.2) ? 'all_done' : 'all_success',
      depends_on: Array.from({ length: at }, (_unused, before) => `n${before}`).filter(() => random.chance(0.3)),
      retry: { max_attempts: 4, backoff_ms: 200 },
      ...(expiry.chance(0.1) ? { deadline_ms: 500 + expiry.below(4_000), on_expiry: 'drop' } : {}),
      ...(random.fork(`escalation-${at}`).chance(0.2)
        ? { escalation: [{ within_ms: 4_000, priority: 'critical' }] }
        : {}),
    })),
  });
}
