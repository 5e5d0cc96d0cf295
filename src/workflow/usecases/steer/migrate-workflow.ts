import { CadreError, type Outcome, refused } from '../../../contracts/errors.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { definitionBytesMax } from '../../../contracts/limits.ts';
import {
  type MigrationView,
  type WorkflowMigration,
  workflowMigrationRequest,
} from '../../../contracts/workflow/repair.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { checkDefinition } from '../../core/definition/definition.ts';
import { migrationFaults, migrationPlan } from '../../core/run/migration.ts';
import { refusalOf, requireWorkflow, writtenOut } from '../../core/definition/read-workflow.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { graphOfRun, type Run } from '../advance/load-run.ts';
import { finished, steer, type SteerRequest } from './steer-workflow.ts';
import { resolveDefinition } from '../submit/resolve-definition.ts';
import { viewOf } from '../view/view-workflow.ts';

/** Reads the body of a request. Throws CadreError with all faults at once. */
export function readMigration(value: unknown): WorkflowMigration {
  return requireWorkflow(workflowMigrationRequest, value, writtenOut);
}

/** Says why no version at all would do. */
function standstill({ head }: Run): Outcome<undefined> | undefined {
  const { status, cancel_reason, compensation } = head;
  if (isFinished(status)) return finished({ head });
  if (status === 'Not Started') return refused('not-started', 'the workflow has not started yet', 'workflow_id');
  if (cancel_reason === undefined && compensation === undefined) return undefined;
  const why = compensation === undefined ? 'it was cancelled' : 'its work is being undone';
  return refused('incompatible-definition', `nothing of the workflow starts any more: ${why}`, 'workflow_id');
}

/** Throws with everything that is wrong with a version: by itself, and for the run as it is. */
function check(run: Run, definition: WorkflowDefinition): void {
  const bytes = Buffer.byteLength(canonicalJson(definition));
  if (bytes > definitionBytesMax)
    throw new CadreError('too-large', `the definition has ${bytes} bytes, more than ${definitionBytesMax}`);
  const { faults } = checkDefinition(definition);
  const all = [...faults, ...migrationFaults(graphOfRun(run), run.head.nodes, definition)];
  if (all.length > 0) throw refusalOf(all.map((each) => ({ ...each, path: `definition.${each.path ?? ''}` })));
}

/**
 * Lets a run go on by a newer version of its definition: one advance, on the head's `seq`, so that the run is as it was when it was found compatible. What waits goes by
 * the new version from then on, and starts at once where that says so; what runs goes on. Refused with all reasons together when the version is not compatible. `dry_run` only checks. A repeat
 * with the version in force changes nothing.
 */
export async function migrateWorkflow(
  deps: WorkflowDeps,
  { workflow_id, principal, definition: given, dry_run = false }: SteerRequest & WorkflowMigration,
): Promise<Outcome<MigrationView>> {
  const { definition, registered } = await resolveDefinition(deps, given);
  let plan: ReturnType<typeof migrationPlan> = { added: [], changed: [], removed: [] };
  const outcome = await steer(deps, workflow_id, async (run) => {
    const refusal = standstill(run);
    if (refusal !== undefined) return refusal;
    const current = graphOfRun(run).definition;
    check(run, definition);
    plan = migrationPlan(current, definition);
    const isInForce = canonicalJson(current) === canonicalJson(definition) && run.head.definition === registered;
    if (dry_run || isInForce) return { ok: true, value: undefined };
    // What somebody set for this run stays, unless the newer version says something else than the one before.
    const isSameBudget = canonicalJson(current.budget ?? null) === canonicalJson(definition.budget ?? null);
    const budget = isSameBudget ? undefined : definition.budget;
    return {
      ok: true,
      value: {
        command: { type: 'migrate', by: principal, definition, registered, budget },
        ...(budget === undefined ? {} : { patch: { budget } }),
      },
    };
  });
  if (!outcome.ok) return outcome;
  return { ok: true, value: { dry_run, ...plan, workflow: await viewOf(deps, outcome.value) } };
}
