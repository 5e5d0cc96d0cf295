import type { ReviewResult } from './review-job.ts';
import { showDuration, showStatus, style, table } from './output.ts';

/** What a program is told of a review. */
export function reviewData({ view, tasks, report, files, delivery_notification }: ReviewResult) {
  const { workflow_id, status, makespan_ms } = view;
  const { by_severity, failures, agents } = report;
  return {
    workflow_id,
    status,
    makespan_ms,
    by_severity,
    failures,
    agents,
    report: files,
    delivery_notification,
    tasks,
  };
}

/** What people are told: who did what, what was found, what failed, and where the report is. */
export function showReview(result: ReviewResult): string {
  const { view, report, files, delivery_notification } = result;
  const rows = report.agents.map((agent) => [
    agent.agent_id,
    String(agent.tasks),
    String(agent.failed),
    showDuration(agent.busy_ms),
    agent.work.join(', '),
  ]);
  const found = Object.entries(report.by_severity).map(([severity, count]) => `${count} ${severity}`);
  const failures = report.failures.map(({ task, code, reason }) => `  ${task}: ${reason} [${code}]`);
  return [
    table(['AGENT', 'TASKS', 'FAILED', 'BUSY', 'WORK'], rows),
    '',
    `${style('bold', 'Review')}    ${showStatus(view.status)} in ${showDuration(view.makespan_ms)}`,
    `${style('bold', 'Findings')}  ${found.join(', ')}`,
    ...(failures.length === 0 ? [] : [style('bold', 'Failed tasks'), ...failures]),
    `${style('bold', 'Report')}    ${files.markdown}`,
    `          ${files.json}`,
    '',
    delivery_notification,
  ].join('\n');
}
