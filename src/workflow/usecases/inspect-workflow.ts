import { CadreError, type Fault } from '../../contracts/errors.ts';
import { defaultPool, nodeTaskId, userId } from '../../contracts/ids.ts';
import type { PlanView, ReplayView, ValidationView } from '../../contracts/inspection.ts';
import { parse } from '../../contracts/parse.ts';
import { workflowDefinition, workflowSubmission } from '../../contracts/workflow.ts';
import { checkDefinition } from '../core/definition.ts';
import { graphOf } from '../core/graph.ts';
import { planOf } from '../core/plan.ts';
import { replay } from '../core/reducer.ts';
import { type NodeLetter, nodeStatusOf, stateOf } from '../core/state.ts';
import type { WorkflowDeps } from '../ports.ts';

/** What a check found, before the surfaces add their advice. */
export type Validation = Omit<ValidationView, 'errors'> & { readonly errors: readonly Fault[] };

/** The definition of a file: alone, or in a submission whose id may be left out. */
function readDefinition(value: unknown) {
  if (typeof value !== 'object' || value === null || !('definition' in value)) return parse(workflowDefinition, value);
  return parse(workflowSubmission.extend({ workflow_id: userId.optional() }), value).definition;
}

/**
 * Everything that is wrong with a definition or a submission, and its plan when nothing is: its shape first, and when that is right its graph and its
 * expressions. Changes nothing.
 */
export async function validateWorkflow(
  deps: Pick<WorkflowDeps, 'agents' | 'sources'>,
  value: unknown,
): Promise<Validation> {
  try {
    const definition = readDefinition(value);
    const { agents } = await deps.agents.pool(defaultPool);
    const offeredCapabilities = agents.map(({ capabilities }) => capabilities);
    const { faults, warnings } = checkDefinition(definition, { offeredCapabilities });
    const prefix = typeof value === 'object' && value !== null && 'definition' in value ? 'definition.' : '';
    const errors = faults.map((each) => (each.path === undefined ? each : { ...each, path: prefix + each.path }));
    const plan = faults.length === 0 ? { plan: planOf(definition, agents, deps.sources.now()) } : {};
    return { valid: faults.length === 0, errors, warnings: [...warnings], ...plan };
  } catch (error) {
    if (!(error instanceof CadreError)) throw error;
    return { valid: false, errors: [...error.faults], warnings: [] };
  }
}

/** When the nodes of a run began, end and will end; undefined when there is no such run. */
export async function planWorkflow(deps: WorkflowDeps, workflow_id: string): Promise<PlanView | undefined> {
  const [run, pinned] = await Promise.all([
    deps.workflows.history(workflow_id),
    deps.workflows.definition(workflow_id),
  ]);
  if (run === undefined || pinned === undefined) return undefined;
  const { agents } = await deps.agents.pool(run.head.pool);
  return planOf(pinned.definition, agents, deps.sources.now(), run);
}

/**
 * Computes a run's state from its event log alone, up to `at` (RFC 3339) if it is given, and else compares it with the stored one. Undefined when there is no
 * such run.
 */
export async function replayWorkflow(
  deps: WorkflowDeps,
  workflow_id: string,
  at?: string,
): Promise<ReplayView | undefined> {
  const [run, pinned] = await Promise.all([
    deps.workflows.history(workflow_id),
    deps.workflows.definition(workflow_id),
  ]);
  if (run === undefined || pinned === undefined) return undefined;
  const until = at === undefined ? Infinity : Date.parse(at);
  const rows = run.events.filter((row) => Date.parse(row.at) <= until);
  const events = rows.flatMap((row) => row.events);
  const state = replay(pinned.definition, events);
  const { nodes } = graphOf(pinned.definition, state.expansions);
  const stored = stateOf(run.head);
  const nameOf = (letter = ''): string => (letter === '' ? 'unknown' : nodeStatusOf[letter as NodeLetter]);
  const differences = [
    ...(stored.nodes.length > nodes.length ? [`${stored.nodes.length - nodes.length} nodes are not in the log`] : []),
    ...(state.status === stored.status ? [] : [`the status is ${stored.status}, the log says ${state.status}`]),
    ...nodes.flatMap(({ name }, index) => {
      const [was, is] = [stored.nodes[index], state.nodes[index]];
      return was === is ? [] : [`${name} is ${nameOf(was)}, the log says ${nameOf(is)}`];
    }),
  ];
  return {
    workflow_id,
    ...(at === undefined ? { matches: differences.length === 0 } : { at }),
    events: events.length,
    seq: rows.at(-1)?.seq ?? 0,
    status: state.status,
    cancelled: state.cancelled,
    nodes: nodes.map(({ name }, index) => ({
      name,
      task_id: nodeTaskId(workflow_id, name),
      status: nameOf(state.nodes[index]),
    })),
    differences: at === undefined ? differences : [],
  };
}
