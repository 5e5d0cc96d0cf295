import { CadreError, type Outcome } from '../../contracts/errors.ts';
import { defaultPool } from '../../contracts/ids.ts';
import { canonicalJson } from '../../contracts/json.ts';
import { definitionBytesMax } from '../../contracts/limits.ts';
import type { WorkflowHead } from '../../contracts/rows.ts';
import { type WorkflowSubmission, workflowSubmission, type WorkflowView } from '../../contracts/workflow.ts';
import { storeText } from '../../distributor/core/stored-json.ts';
import { checkDefinition } from '../core/definition.ts';
import { refusalOf, requireWorkflow } from '../core/read-workflow.ts';
import { initialState } from '../core/state.ts';
import type { PinnedDefinition, WorkflowDeps } from '../ports.ts';
import { viewOf } from './view-workflow.ts';

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
  return requireWorkflow(workflowSubmission, value, ({ definition }) => definition);
}

/** Everything that can be wrong is found before anything is written. */
async function check(
  deps: WorkflowDeps,
  { definition }: WorkflowSubmission,
  bytes: number,
): Promise<readonly string[]> {
  if (bytes > definitionBytesMax) {
    throw new CadreError('too-large', `the workflow has ${bytes} bytes, more than ${definitionBytesMax}`);
  }
  const { agents } = await deps.agents.pool(defaultPool);
  const offeredCapabilities = agents.map((agent) => agent.capabilities);
  const { faults, warnings } = checkDefinition(definition, { offeredCapabilities });
  if (faults.length > 0) throw refusalOf(faults);
  return warnings.map(({ message }) => message);
}

/**
 * Accepts a workflow: its rows, then its execution. The same id with the same body is the same run; with another body it is refused with
 * `workflow-conflict` and the first stays. Throws with all faults of the definition at once. Should the execution not start, the call throws and
 * may be repeated; the pulse starts it otherwise.
 */
export async function submitWorkflow(deps: WorkflowDeps, request: WorkflowRequest): Promise<Outcome<WorkflowView>> {
  const { submission } = request;
  const { workflow_id, definition } = submission;
  const body = canonicalJson(submission);
  const warnings = await check(deps, submission, Buffer.byteLength(body));
  const head: WorkflowHead = {
    workflow_id,
    name: definition.name,
    pool: defaultPool,
    status: 'Not Started',
    seq: 0,
    nodes: initialState(definition).nodes,
    body_hash: deps.sources.hash(body),
    created_at: new Date(deps.sources.now()).toISOString(),
    submitted_by: request.principal,
    correlation_id: request.correlation_id,
    ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
    warnings,
    ...(submission.namespace === undefined ? {} : { namespace: submission.namespace }),
    ...(submission.deadline === undefined ? {} : { deadline: new Date(submission.deadline).toISOString() }),
    ...(request.schedule_id === undefined ? {} : { schedule_id: request.schedule_id }),
  };
  const input =
    submission.input === undefined
      ? {}
      : { input: await storeText(deps, workflow_id, JSON.stringify(submission.input)) };
  return startRun(deps, head, { definition, ...input });
}

/** Writes the rows of a new run, then starts its execution. The same body again is the same run. */
export async function startRun(
  deps: WorkflowDeps,
  head: WorkflowHead,
  pinned: PinnedDefinition,
): Promise<Outcome<WorkflowView>> {
  const created = await deps.workflows.create(head, pinned);
  if (!created.ok) return created;
  if (created.value.status === 'Not Started') {
    // A look of the pulse in case the start is lost; nothing else may be going on that would bring one about.
    await deps.messenger.ticks(head.pool, [startCheckSeconds]);
    await deps.executions.start(head.workflow_id);
  }
  return { ok: true, value: await viewOf(deps, created.value) };
}
