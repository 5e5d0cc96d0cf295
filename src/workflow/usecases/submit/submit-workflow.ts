import { CadreError, type Outcome } from '../../../contracts/errors.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { definitionBytesMax } from '../../../contracts/limits.ts';
import type { AgentRow, PoolRows } from '../../../contracts/rows.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import {
  type WorkflowDefinition,
  type WorkflowSubmission,
  workflowSubmission,
  type WorkflowView,
} from '../../../contracts/workflow/workflow.ts';
import { storeText } from '../../../distributor/core/tasks/stored-json.ts';
import { namespaceOf } from '../../../distributor/core/ready/route.ts';
import { standingOf } from '../../../distributor/core/ready/submitter.ts';
import { checkDefinition } from '../../core/definition/definition.ts';
import type { Surroundings } from '../../core/definition/definition-warnings.ts';
import { refusalOf, requireWorkflow, writtenOut } from '../../core/definition/read-workflow.ts';
import { initialState, isFinished } from '../../core/run/state.ts';
import type { PinnedDefinition, WorkflowDeps } from '../../ports.ts';
import { beginCreated } from './begin-workflow.ts';
import type { Run } from '../advance/load-run.ts';
import { resolveDefinition } from './resolve-definition.ts';
import { viewOf } from '../view/view-workflow.ts';

/** A submission with the authority it came with. */
export interface WorkflowRequest {
  readonly submission: WorkflowSubmission;
  readonly principal: string;
  readonly correlation_id: string;
  readonly traceparent?: string;
  /** The schedule whose run it is. */
  readonly schedule_id?: string;
}

/** Seconds until the pulse looks whether a submitted workflow has begun; longer than a step may be owed. */
const startCheckSeconds = 12;

/** Reads the body of a request. Throws CadreError with all faults at once. */
export function readSubmission(value: unknown): WorkflowSubmission {
  return requireWorkflow(workflowSubmission, value, writtenOut);
}

/** Everything that can be wrong is found before anything is written. */
function check(definition: WorkflowDefinition, bytes: number, around: Surroundings): readonly string[] {
  if (bytes > definitionBytesMax) {
    throw new CadreError('too-large', `the workflow has ${bytes} bytes, more than ${definitionBytesMax}`);
  }
  const { faults, warnings } = checkDefinition(definition, around);
  if (faults.length > 0) throw refusalOf(faults);
  return warnings.map(({ message }) => message);
}

type Started = PromiseSettledResult<Outcome<WorkflowHead>>;

/** A run that is to be: its first head, and what never changes. */
type NewRun = Pick<Run, 'head' | 'pinned'>;

/** What a submission is compared with. */
interface Known {
  readonly agents: readonly AgentRow[];
  readonly killed: PoolRows['killed'];
  readonly policy: PoolRows['policy'];
}

async function prepare(
  deps: WorkflowDeps,
  request: WorkflowRequest,
  { agents, killed, policy }: Known,
): Promise<NewRun> {
  const { submission } = request;
  const { workflow_id } = submission;
  const kill = killed?.get(namespaceOf(submission));
  if (kill !== undefined)
    throw new CadreError('namespace-killed', `${namespaceOf(submission)} was killed: ${kill.reason}`, {
      path: 'namespace',
    });
  const { definition, registered, warnings: deprecations } = await resolveDefinition(deps, submission.definition);
  const bytes = Buffer.byteLength(canonicalJson({ ...submission, definition }));
  const offeredCapabilities = agents.map((agent) => agent.capabilities);
  const hasDeadline = submission.deadline !== undefined;
  const warnings = [...deprecations, ...check(definition, bytes, { offeredCapabilities, hasDeadline })];
  const head: WorkflowHead = {
    workflow_id,
    name: definition.name,
    pool: defaultPool,
    status: 'Not Started',
    seq: 0,
    nodes: initialState(definition).nodes,
    ...(registered === undefined ? {} : { definition: registered }),
    // Of what was sent: `NAME@latest` again is the same run, whatever was registered since.
    body_hash: deps.sources.hash(canonicalJson(submission)),
    created_at: new Date(deps.sources.now()).toISOString(),
    submitted_by: request.principal,
    ...standingOf(policy, request.principal),
    correlation_id: request.correlation_id,
    ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
    warnings,
    ...(definition.budget === undefined ? {} : { budget: definition.budget }),
    ...(submission.namespace === undefined ? {} : { namespace: submission.namespace }),
    ...(submission.deadline === undefined ? {} : { deadline: new Date(submission.deadline).toISOString() }),
    ...(request.schedule_id === undefined ? {} : { schedule_id: request.schedule_id }),
  };
  const input =
    submission.input === undefined
      ? {}
      : { input: await storeText(deps, workflow_id, JSON.stringify(submission.input)) };
  return { head, pinned: { definition, ...input } };
}

/** Whether an execution may still be missing: the submission may have broken off before it started one. */
function lacksExecution({ status, task_token }: WorkflowHead): boolean {
  return task_token === undefined && !isFinished(status);
}

/** Takes back the mark of the creation once nothing of it is owed any more; that of an end, or of a later advance, stays. A failure costs a look of the pulse. */
async function settleCreation(deps: WorkflowDeps, begun: WorkflowHead | undefined): Promise<void> {
  if (begun === undefined || isFinished(begun.status)) return;
  const { workflow_id, seq } = begun;
  await deps.workflows.clearAttention(workflow_id, { from: 0, to: seq }).catch((reason: unknown) => {
    deps.log.warn('a workflow is left to the pulse to look at', { workflow_id, reason });
  });
}

/** Writes the rows of new runs, begins them, then starts their executions; answers in their order. The same body again is the same run. */
async function startRuns(deps: WorkflowDeps, runs: readonly NewRun[]): Promise<readonly Started[]> {
  const created = await Promise.allSettled(runs.map(({ head, pinned }) => deps.workflows.create(head, pinned)));
  // One that was found is left to its execution: what its beginning once broke off on, it would break off on again, and hold up the others.
  const fresh = runs.filter(({ head }, index) => {
    const each = created[index];
    return each?.status === 'fulfilled' && each.value.ok && each.value.value === head;
  });
  // A look of the pulse in case nothing below happens; nothing else may be going on that would bring one about.
  if (fresh.length > 0) await deps.messenger.ticks(defaultPool, [startCheckSeconds]);
  const begun = fresh.length > 0 ? await beginCreated(deps, fresh) : [];
  return Promise.allSettled(
    created.map(async (each) => {
      if (each.status === 'rejected') throw each.reason;
      if (each.value.ok && lacksExecution(each.value.value)) {
        const { workflow_id } = each.value.value;
        await deps.executions.start(workflow_id);
        await settleCreation(
          deps,
          begun.find((head) => head.workflow_id === workflow_id),
        );
      }
      return each.value;
    }),
  );
}

/**
 * Accepts workflows: the rows of each, its first tasks, then its execution. The same id with the same body is the same run; with another body it is refused
 * with `workflow-conflict` and the first stays. Rejected, in the order of the requests: with all faults of the definition at once, or because the execution
 * did not start; that may be repeated, and a workflow without one runs all the same.
 */
export async function submitWorkflows(
  deps: WorkflowDeps,
  requests: readonly WorkflowRequest[],
): Promise<readonly Started[]> {
  const { agents, killed, policy } = await deps.agents.pool(defaultPool);
  const prepared = await Promise.allSettled(
    requests.map((request) => prepare(deps, request, { agents, killed, policy })),
  );
  const runs = prepared.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const started = (await startRuns(deps, runs)).values();
  return prepared.map((each) => (each.status === 'rejected' ? each : (started.next().value as Started)));
}

/** Accepts one workflow; throws what `submitWorkflows` rejects it with. */
export async function submitWorkflow(deps: WorkflowDeps, request: WorkflowRequest): Promise<Outcome<WorkflowView>> {
  const [submitted] = await submitWorkflows(deps, [request]);
  return viewOfOne(deps, submitted);
}

/** The same for a run whose head and definition were made elsewhere. */
export async function startRun(
  deps: WorkflowDeps,
  head: WorkflowHead,
  pinned: PinnedDefinition,
): Promise<Outcome<WorkflowView>> {
  const [started] = await startRuns(deps, [{ head, pinned }]);
  return viewOfOne(deps, started);
}

async function viewOfOne(deps: WorkflowDeps, settled: Started | undefined): Promise<Outcome<WorkflowView>> {
  if (settled?.status !== 'fulfilled') throw settled?.reason;
  const outcome = settled.value;
  return outcome.ok ? { ok: true, value: await viewOf(deps, outcome.value) } : outcome;
}
