import { byKeys } from './ordering.ts';
import { renderMarkdown } from './report-markdown.ts';
import type { Failure, Review } from './review.ts';
import type { AgentTotal, ReviewReport, TaskRun, TimedTask } from './review-report.ts';

/**
 * Makes the report, for people in Markdown and for programs in JSON. Without `tasks` the parts about the run are left
 * out. The same input in any order gives the same report.
 */
export function buildReport(review: Review, tasks: readonly TaskRun[] = []): { markdown: string; json: ReviewReport } {
  const timed = tasks
    .map((task) => ({
      ...task,
      waited_ms: between(task.queued_at, task.started_at),
      ran_ms: between(task.started_at, task.completed_at),
    }))
    .sort(
      byKeys(
        (task) => task.queued_at ?? '~',
        (task) => task.name,
      ),
    );
  const json: ReviewReport = {
    ...review,
    failures: joinFailures(review.failures, timed),
    tasks: timed,
    agents: agentTotals(timed),
    makespan_ms: makespan(timed),
  };
  return { markdown: renderMarkdown(json), json };
}

/** The report task itself knows the failures before it; the run knows all of them, its own included. */
function joinFailures(known: readonly Failure[], tasks: readonly TimedTask[]): Failure[] {
  const fromRun = tasks.filter((task) => ['Failed', 'Cancelled', 'Skipped'].includes(task.status));
  const joined = new Map(known.map((failure) => [failure.task, failure]));
  for (const { name, status, error } of fromRun) {
    if (joined.has(name)) continue;
    joined.set(name, {
      task: name,
      status,
      code: error?.code ?? status.toLowerCase(),
      reason: error?.message ?? 'no reason was given',
    });
  }
  return [...joined.values()].sort(byKeys((each) => each.task));
}

function agentTotals(tasks: readonly TimedTask[]): AgentTotal[] {
  const byAgent = Map.groupBy(
    tasks.filter((task) => task.agent_id !== undefined),
    (task) => task.agent_id ?? '',
  );
  const totals = [...byAgent].map(([agent_id, done]) => ({
    agent_id,
    tasks: done.length,
    failed: done.filter((task) => task.status === 'Failed').length,
    busy_ms: done.reduce((sum, task) => sum + (task.ran_ms ?? 0), 0),
    work: [...new Set(done.map((task) => task.name.replace(/-\d+$/u, '')))].sort(),
  }));
  return totals.sort(
    byKeys(
      (each) => each.tasks,
      (each) => each.agent_id,
    ),
  );
}

function makespan(tasks: readonly TimedTask[]): number | null {
  const starts = tasks.flatMap((task) => task.queued_at ?? task.started_at ?? []).map((time) => Date.parse(time));
  const ends = tasks.flatMap((task) => task.completed_at ?? []).map((time) => Date.parse(time));
  if (starts.length === 0 || ends.length === 0) return null;
  const first = starts.reduce((least, time) => Math.min(least, time));
  return Math.max(0, ends.reduce((most, time) => Math.max(most, time)) - first);
}

function between(from: string | undefined, to: string | undefined): number | null {
  return from === undefined || to === undefined ? null : Math.max(0, Date.parse(to) - Date.parse(from));
}
