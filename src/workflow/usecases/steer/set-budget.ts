import type { WorkflowBudget } from '../../../contracts/distributor/budget.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { type Outcome, refused } from '../../../contracts/errors.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { finished, steer, type SteerRequest } from './steer-workflow.ts';

/**
 * Sets the budget of a workflow that runs anew: more, less, or without the soft limit at which it waits. What is spent stays spent. Refused with `already-finished`, and
 * for a workflow that began without a budget, since its tasks were handed out unasked. A repeat changes nothing. What waited for it starts with the next pulse.
 */
export function setBudget(
  deps: WorkflowDeps,
  { workflow_id, principal, budget }: SteerRequest & { readonly budget: WorkflowBudget },
): Promise<Outcome<WorkflowHead>> {
  return steer(deps, workflow_id, async (run) => {
    if (isFinished(run.head.status)) return finished(run);
    const { budget: before } = run.head;
    if (before === undefined) return refused('invalid-input', 'the workflow began without a budget', 'workflow_id');
    if (canonicalJson(before) === canonicalJson(budget)) return { ok: true, value: undefined };
    return { ok: true, value: { command: { type: 'set-budget', by: principal, budget }, patch: { budget } } };
  });
}
