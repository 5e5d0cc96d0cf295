import { CadreError, type Fault } from '../../../contracts/errors.ts';
import { defaultPool, nodeTaskId, userId } from '../../../contracts/ids.ts';
import type { PlanView, ReplayView, ValidationView } from '../../../contracts/workflow/inspection.ts';
import {
  type WorkflowDefinition,
  workflowDefinition,
  workflowSubmission,
} from '../../../contracts/workflow/workflow.ts';
import { warningsOf } from '../../core/definition/definition-warnings.ts';
import { graphOf } from '../../core/run/graph.ts';
import { planOf } from '../../core/run/plan.ts';
import { type Reading, readWorkflow, writtenOut } from '../../core/definition/read-workflow.ts';
import { replay } from '../../core/run/reducer.ts';
import { type NodeLetter, nodeStatusOf, stateOf } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { resolveDefinition } from '../submit/resolve-definition.ts';

/** What a check found, before the surfaces add their advice. */
export type Validation = Omit<ValidationView, 'errors' | 'warnings'> & {
  readonly errors: readonly Fault[];
  readonly warnings: readonly Fault[];
};

/** A submission whose id may be left out: a file need not say it. */
const submissionInFile = workflowSubmission.extend({ workflow_id: userId.optional() });

/** A definition as it was given, and where its paths begin. */
interface Given {
  readonly definition: WorkflowDefinition | string;
  readonly at: string;
  readonly hasDeadline: boolean;
}

/** Reads a definition: alone, or in a submission. */
function readDefinition(value: unknown): Reading<Given> {
  if (typeof value !== 'object' || value === null || !('definition' in value)) {
    const reading = readWorkflow(workflowDefinition, value, '', (definition) => definition);
    return 'read' in reading ? { read: { definition: reading.read, at: '', hasDeadline: false } } : reading;
  }
  const reading = readWorkflow(submissionInFile, value, 'definition.', writtenOut);
  if (!('read' in reading)) return reading;
  const { definition, deadline } = reading.read;
  return { read: { definition, at: 'definition.', hasDeadline: deadline !== undefined } };
}

/** With what it names of the registry, or why there is no such thing. */
async function resolved(deps: Pick<WorkflowDeps, 'definitions'>, { definition, at, hasDeadline }: Given) {
  try {
    return { read: { ...(await resolveDefinition(deps, definition, at)), hasDeadline } };
  } catch (error) {
    if (!(error instanceof CadreError) || error.code !== 'unknown-definition') throw error;
    return { faults: error.faults };
  }
}

/**
 * Everything that is wrong with a definition or a submission (its shape, its graph and its expressions, all at once), and its plan when nothing is. Changes
 * nothing.
 */
export async function validateWorkflow(
  deps: Pick<WorkflowDeps, 'agents' | 'definitions' | 'sources'>,
  value: unknown,
): Promise<Validation> {
  const given = readDefinition(value);
  const reading = 'read' in given ? await resolved(deps, given.read) : given;
  if ('faults' in reading) return { valid: false, errors: reading.faults, warnings: [] };
  const { agents } = await deps.agents.pool(defaultPool);
  const { definition, hasDeadline } = reading.read;
  const offeredCapabilities = agents.map(({ capabilities }) => capabilities);
  const plan = planOf(definition, agents, deps.sources.now());
  return { valid: true, errors: [], warnings: warningsOf(definition, { offeredCapabilities, hasDeadline }), plan };
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
