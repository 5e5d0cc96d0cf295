import type { Fault } from '../../../contracts/errors.ts';
import { runMsMax } from '../../../contracts/limits.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { bodiesOf, everyNode, isTask, type WorkflowNode } from '../../../contracts/workflow/nodes.ts';
import { longestWay } from '../run/critical-path.ts';
import { graphOf } from '../run/graph.ts';

/** Warnings kept with a workflow. More: its head grows. */
const warningsMax = 50;

function capabilityWarnings(nodes: readonly WorkflowNode[], offered: readonly (readonly string[])[]): Fault[] {
  const sets = offered.map((capabilities) => new Set(capabilities));
  const waiting = Map.groupBy(nodes.filter(isTask), (node) =>
    [...new Set(node.required_capabilities)].sort().join(', '),
  );
  return [...waiting].flatMap(([key, tasks]): Fault[] => {
    const required = tasks[0]?.required_capabilities ?? [];
    if (sets.some((set) => required.every((capability) => set.has(capability)))) return [];
    const [first] = tasks;
    const others = tasks.length > 1 ? ` and ${tasks.length - 1} more` : '';
    const wants = key === '' ? 'no agent is registered' : `no registered agent offers ${key}`;
    const message = `${wants}: node "${first?.name ?? ''}"${others} will wait until one does`;
    return [{ code: 'unknown-capability', message }];
  });
}

/** Bodies that no node names, and compensations that nothing asks for. A plan may use either. */
function unusedWarnings({ bodies = {}, on_cancel }: WorkflowDefinition, nodes: readonly WorkflowNode[]): Fault[] {
  if (nodes.some((node) => isTask(node) && node.expands === true)) return [];
  const named = new Set(nodes.flatMap((node) => bodiesOf(node).map(([, body]) => body)));
  // What a registered definition brings along was its author's to use.
  const unused = Object.keys(bodies).filter((name) => !named.has(name) && !name.includes('@'));
  const [undone] = nodes.filter(({ compensate_with }) => compensate_with !== undefined);
  const isAsked = on_cancel === 'compensate' || nodes.some(({ on_error }) => on_error === 'compensate');
  return [
    ...unused.map((name): Fault => {
      const message = `no node runs the body "${name}"`;
      return { code: 'never-used', path: `bodies.${name}`, message };
    }),
    ...(undone === undefined || isAsked
      ? []
      : [
          {
            code: 'never-used' as const,
            message: `nothing asks for the compensation of "${undone.name}": no node has "on_error": "compensate"`,
            fix: 'give it to the nodes whose failure is to undo the others, or say "on_cancel": "compensate"',
          },
        ]),
  ];
}

/** Tasks that wait for their deadline to come nearer, where neither their node nor the submission gives them one: only an update of the run may. */
function deadlineWarnings(nodes: readonly WorkflowNode[]): Fault[] {
  const work = nodes.flatMap((node) => [...(isTask(node) ? [node] : []), ...compensationOf(node)]);
  const [first, ...others] = work.filter(
    ({ deadline_ms, escalation, on_expiry = 'run' }) =>
      deadline_ms === undefined && (escalation !== undefined || on_expiry !== 'run'),
  );
  if (first === undefined) return [];
  const key = first.escalation === undefined ? 'on_expiry' : 'escalation';
  const more = others.length > 0 ? ` and that of ${others.length} more` : '';
  const message = `${key} of "${first.name}"${more} does nothing without a deadline`;
  return [{ code: 'never-used', message, fix: 'give the node deadline_ms, or the submission a deadline' }];
}

const compensationOf = ({ name, compensate_with: work }: WorkflowNode) =>
  work === undefined ? [] : [{ ...work, name: `${name}:compensate` }];

const dayMs = 86_400_000;

/** Waits of the definition's own nodes that together last longer than a run may. */
function durationWarnings(definition: WorkflowDefinition): Fault[] {
  const graph = graphOf(definition);
  const waits = graph.nodes.map((node) => (node.kind === 'wait' ? (node.for_ms ?? 0) : 0));
  const longest = longestWay(graph, waits);
  if (longest <= runMsMax) return [];
  const message = `its waits take ${Math.round(longest / dayMs)} days one after the other, and a run lasts ${runMsMax / dayMs} days at most`;
  return [{ code: 'run-too-long', path: 'nodes', message, fix: 'shorten the waits, or let another run go on' }];
}

/** What else is known of those who would run a definition. */
export interface Surroundings {
  /** The capabilities of each agent. */
  readonly offeredCapabilities?: readonly (readonly string[])[];
  /** The submission gives a deadline. */
  readonly hasDeadline?: boolean;
}

/** What may turn out wrong with a sound definition: requirements that no single agent meets (agents may come later), waits longer than a run, and what no run uses. */
export function warningsOf(
  definition: WorkflowDefinition,
  { offeredCapabilities: offered, hasDeadline = false }: Surroundings = {},
): Fault[] {
  const nodes = everyNode(definition);
  const warnings = [
    ...durationWarnings(definition),
    ...unusedWarnings(definition, nodes),
    ...(hasDeadline ? [] : deadlineWarnings(nodes)),
    ...(offered === undefined ? [] : capabilityWarnings(nodes, offered)),
  ];
  const hidden = warnings.length - warningsMax;
  return hidden > 0
    ? [...warnings.slice(0, warningsMax), { code: 'never-used', message: `and ${hidden} more` }]
    : warnings;
}
