import { CadreError } from '../../../contracts/errors.ts';
import type { ExpansionRow, WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { Expansion } from '../../../contracts/workflow/workflow.ts';
import { graphOf, noExpansions, type WorkflowGraph } from '../../core/run/graph.ts';
import { stateOf, type WorkflowState } from '../../core/run/state.ts';
import type { PinnedDefinition, WorkflowDeps } from '../../ports.ts';

/** A run as an advance sees it: its head now, the definition that was pinned when it was submitted, and what has joined the graph since, newer versions of the definition included: `graphOfRun` has the one in force. */
export interface Run {
  readonly head: WorkflowHead;
  readonly pinned: PinnedDefinition;
  readonly expansions: readonly ExpansionRow[];
}

const noRows: readonly ExpansionRow[] = [];
const events = new WeakMap<readonly ExpansionRow[], readonly Expansion[]>();

/** The events of a run's expansions: one list for one list of rows, because the graph is remembered by it. */
export function joinedIn({ expansions }: Pick<Run, 'expansions'>): readonly Expansion[] {
  if (expansions.length === 0) return noExpansions;
  const known = events.get(expansions) ?? expansions.map(({ event }) => event);
  events.set(expansions, known);
  return known;
}

/** The reducer's part of a run. */
export function stateOfRun(run: Run): WorkflowState {
  return stateOf(run.head, joinedIn(run));
}

/** The graph of a run as it is now. */
export function graphOfRun(run: Run): WorkflowGraph {
  return graphOf(run.pinned.definition, joinedIn(run));
}

/** Loads a run; undefined when there is none (or its rows have expired). What joined is cached, so that a plain graph costs no read. */
export async function findRun(deps: WorkflowDeps, workflow_id: string): Promise<Run | undefined> {
  const [head, pinned] = await Promise.all([deps.workflows.head(workflow_id), deps.workflows.definition(workflow_id)]);
  if (head === undefined || pinned === undefined) return undefined;
  const { expansions: count = 0 } = head;
  return { head, pinned, expansions: count === 0 ? noRows : await deps.workflows.expansions(workflow_id, count) };
}

/** Loads a run. Throws `not-found`. */
export async function loadRun(deps: WorkflowDeps, workflow_id: string): Promise<Run> {
  const run = await findRun(deps, workflow_id);
  if (run === undefined) throw new CadreError('not-found', `there is no workflow "${workflow_id}"`);
  return run;
}
