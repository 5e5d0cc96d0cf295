import type { TaskRow } from '../../src/contracts/rows.ts';
import type { WorkflowHead } from '../../src/contracts/workflow/rows.ts';
import type { WorkflowEvent } from '../../src/contracts/workflow/workflow.ts';
import { agentsOwnErrors } from './simulated-agent.ts';

/** What became of the workflows of a seed, or of many. */
export interface Outcomes {
  readonly submitted: number;
  /** Those that only the cloud could have spoilt: nobody cancelled them or killed a task, nothing waited too long, no agent gave up on a task, no node failed by its definition. */
  readonly able: number;
  /** How many of these completed. */
  readonly succeeded: number;
}

/** A workflow that has ended, with its tasks and its log. */
export interface EndedWorkflow {
  readonly head: WorkflowHead;
  readonly tasks: readonly TaskRow[];
  readonly events: readonly WorkflowEvent[];
}

function isAble({ head, tasks }: EndedWorkflow): boolean {
  if (head.cancel_reason !== undefined) return false;
  const codes = tasks.flatMap(({ status, error }) => (status === 'Failed' ? [error?.code ?? ''] : []));
  if (
    codes.some(
      (code) =>
        code === 'killed' || code === 'budget-exceeded' || code === 'deadline-passed' || agentsOwnErrors.has(code),
    )
  )
    return false;
  return head.status === 'Completed' || codes.length > 0;
}

/** Counts what ended how. */
export function outcomesOf(ended: readonly EndedWorkflow[]): Outcomes {
  const able = ended.filter(isAble);
  return {
    submitted: ended.length,
    able: able.length,
    succeeded: able.filter(({ head }) => head.status === 'Completed').length,
  };
}

/** Both together. */
export function sumOfOutcomes(one: Outcomes, other: Outcomes): Outcomes {
  return {
    submitted: one.submitted + other.submitted,
    able: one.able + other.able,
    succeeded: one.succeeded + other.succeeded,
  };
}

/** True when a workflow that did not complete says why: who cancelled it, or what failed with which error. */
export function isExplained({ head, events }: EndedWorkflow): boolean {
  if (head.status === 'Completed' || head.cancel_reason !== undefined) return true;
  return events.some((event) => event.type === 'NodeFailed' && event.error.code !== '' && event.error.message !== '');
}
