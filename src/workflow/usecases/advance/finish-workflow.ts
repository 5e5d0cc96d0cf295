import { CadreError } from '../../../contracts/errors.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { WorkflowEvent, WorkflowStatus } from '../../../contracts/workflow/workflow.ts';
import { countNodes, isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { loadRun } from './load-run.ts';
import { sweepRun } from './sweep-stopped.ts';
import { makespanMs } from '../view/view-workflow.ts';

/** What the execution's Finish state answers. */
export interface FinishedWorkflow {
  readonly workflow_id: string;
  readonly status: WorkflowStatus;
  readonly makespan_ms: number;
  readonly delivery_notification: string;
}

const outcomeWords: Record<WorkflowStatus, string> = {
  'Not Started': 'not started',
  'In Progress': 'still running',
  Completed: 'completed',
  Failed: 'failed',
  'Partially Complete': 'partially completed',
};

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The specification's notification, with nothing in it that was not measured. */
export function deliveryNotification(head: WorkflowHead, events: readonly WorkflowEvent[]): string {
  const counts = countNodes(head.nodes);
  const total = head.nodes.length;
  const ran = events.filter((event) => event.type === 'NodeCompleted' || event.type === 'NodeFailed');
  const agents = new Set(ran.flatMap((event) => event.agent_id ?? []));
  const makespan = makespanMs(head) ?? 0;
  const perMinute = makespan > 0 ? ` processing ${Math.round((ran.length * 60_000) / makespan)} tasks/minute` : '';
  const rate = Math.floor((100 * counts.Completed) / total);
  return [
    `Multi-agent coordination ${outcomeWords[head.status]}.`,
    `Orchestrated ${plural(agents.size, 'agent')}${perMinute} with ${rate}% workflow completion rate.`,
    `Completed ${counts.Completed} of ${plural(total, 'task')} in ${(makespan / 1_000).toFixed(1)} s,`,
    `${counts.Failed} failed, ${counts.Skipped} skipped.`,
  ].join(' ');
}

/**
 * Publishes the end of a workflow, lets all its rows expire, and takes back its attention mark. Called again it publishes again: consumers know the
 * event by its workflow. For a workflow that has not ended it only answers with its status.
 */
export async function finishWorkflow(deps: WorkflowDeps, workflow_id: string): Promise<FinishedWorkflow> {
  const history = await deps.workflows.history(workflow_id);
  if (history === undefined) throw new CadreError('not-found', `there is no workflow "${workflow_id}"`);
  const { head, events } = history;
  const { status, name, correlation_id } = head;
  const makespan_ms = makespanMs(head) ?? 0;
  const delivery_notification = deliveryNotification(
    head,
    events.flatMap((row) => row.events),
  );
  if (isFinished(status)) {
    const data = { workflow_id, name, status, makespan_ms, delivery_notification };
    await deps.messenger.announce([{ type: 'WorkflowFinished', data, correlation_id, causation_id: workflow_id }]);
    if (head.schedule_id !== undefined) {
      // On demand: only a schedule's run needs cron here.
      const { hurrySchedule } = await import('../schedules/change-schedule.ts');
      await hurrySchedule(deps, head.schedule_id);
    }
    // Whoever stopped nodes may have died before their tasks were told, and the mark that this takes back is the last that knows of it.
    if (head.nodes.includes('X')) await sweepRun(deps, await loadRun(deps, workflow_id));
    await deps.workflows.retire(head);
    await deps.workflows.clearAttention(workflow_id, { from: 0, to: head.seq });
  }
  return { workflow_id, status, makespan_ms, delivery_notification };
}
