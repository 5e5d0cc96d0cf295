import type { DocumentPin } from '../../../contracts/context/declared-reads.ts';
import { CadreError, type Outcome, refused } from '../../../contracts/errors.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { documentPinsMax } from '../../../contracts/limits.ts';
import type { WorkflowRerun } from '../../../contracts/workflow/repair.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { WorkflowView } from '../../../contracts/workflow/workflow.ts';
import { branchesOf } from '../../../contracts/workflow/nodes.ts';
import { standingOf } from '../../../distributor/core/ready/submitter.ts';
import { storeText } from '../../../distributor/core/tasks/stored-json.ts';
import { graphOf } from '../../core/run/graph.ts';
import { refusalOf } from '../../core/definition/read-workflow.ts';
import { keptLetters, type Taken } from '../../core/run/rerun.ts';
import { initialState, isCompleted } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { findRun, graphOfRun, type Run } from '../advance/load-run.ts';
import { loadEnds, progressOf, valuesFor } from '../advance/node-values.ts';
import { branchTaken } from '../advance/resolve-waits.ts';
import { startRun, type WorkflowRequest } from '../submit/submit-workflow.ts';

/** Characters of the first run's id that a new id begins with. */
const stemCharacters = 100;
/** Characters of the hash that tells apart the runs which begin where another one ended. */
const tailCharacters = 10;

/** What the choices and events that completed went on with: a choice's output says it, an event's output names the event. */
async function takenIn(deps: WorkflowDeps, run: Run): Promise<Taken> {
  const progress = progressOf(run);
  const { nodes } = progress.graph.definition;
  const branching = [...nodes.entries()].filter(
    ([index, node]) => branchesOf(node).length > 0 && isCompleted(run.head.nodes[index]),
  );
  const indexes = branching.map(([index]) => index);
  const [ends, values] = await Promise.all([loadEnds(deps, progress, indexes), valuesFor(deps, progress, indexes)]);
  const taken = await Promise.all(
    branching.map(async ([index, node]) => {
      const output = ends.get(node.name)?.output;
      if (node.kind === 'event') return [node.name, await branchTaken(node, values(index), output)] as const;
      return [node.name, Array.isArray(output) ? (output as string[]) : []] as const;
    }),
  );
  return new Map(taken);
}

/** The versions that the first run has pinned, but where the request names another one. */
function pinsOf(before: readonly DocumentPin[] = [], given: readonly DocumentPin[] = []): readonly DocumentPin[] {
  const nameOf = ({ namespace = '', context_id }: DocumentPin): string => `${namespace} ${context_id}`;
  const pins = [...new Map([...before, ...given].map((pin) => [nameOf(pin), pin])).values()];
  if (pins.length <= documentPinsMax) return pins;
  throw new CadreError('too-large', `a run pins ${documentPinsMax} documents at most`, { path: 'pins' });
}

/**
 * Starts a new run of the same definition that begins at some nodes of another run: what is not after them is taken over with its output, what is after them runs.
 * The id is given, or made out of the request, so that a repeat is the same run. Refused with every reason why something cannot be taken over, and when the work of the other run was
 * undone. Nothing of the other run changes. `pins` are the versions of documents that its tasks read.
 */
export async function rerunWorkflow(
  deps: WorkflowDeps,
  source: string,
  { from, input, pins: given, workflow_id: id }: WorkflowRerun,
  request: Omit<WorkflowRequest, 'submission' | 'schedule_id'>,
): Promise<Outcome<WorkflowView>> {
  const run = await findRun(deps, source);
  if (run === undefined) return refused('not-found', `there is no workflow "${source}"`, 'workflow_id');
  if (run.head.compensation !== undefined)
    return refused('not-reusable', 'its work is undone, so there is nothing to take over', 'workflow_id');
  const { definition } = graphOfRun(run);
  const letters = keptLetters(graphOf(definition), run.head.nodes, from, await takenIn(deps, run));
  if ('faults' in letters) throw refusalOf(letters.faults);
  const pins = pinsOf(run.head.pins, given);
  const body_hash = deps.sources.hash(
    canonicalJson({
      ...{ rerun_of: source, from },
      ...(input === undefined ? {} : { input }),
      ...(given === undefined ? {} : { pins: given }),
    }),
  );
  const workflow_id = id ?? `${source.slice(0, stemCharacters)}-${body_hash.slice(0, tailCharacters)}`;
  const { pool, name, namespace, priority, definition: registered } = run.head;
  const head: WorkflowHead = {
    workflow_id,
    name,
    pool,
    status: 'Not Started',
    seq: 0,
    nodes: initialState(definition).nodes,
    ...(registered === undefined ? {} : { definition: registered }),
    ...(namespace === undefined ? {} : { namespace }),
    body_hash,
    created_at: new Date(deps.sources.now()).toISOString(),
    submitted_by: request.principal,
    ...standingOf((await deps.agents.pool(pool)).policy, request.principal),
    correlation_id: request.correlation_id,
    ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
    warnings: [],
    ...(definition.budget === undefined ? {} : { budget: definition.budget }),
    ...(priority === undefined ? {} : { priority }),
    rerun_of: source,
    ...(pins.length === 0 ? {} : { pins }),
  };
  const own = input === undefined ? run.pinned.input : await storeText(deps, workflow_id, JSON.stringify(input));
  const pinned = {
    definition,
    ...(own === undefined ? {} : { input: own }),
    rerun: { of: source, nodes: letters.kept },
  };
  return startRun(deps, head, pinned);
}
