import { hedgeAfterMsMin, hedgeKnownMin } from '../../../contracts/limits.ts';
import type { ReadyTask, TaskRow } from '../../../contracts/rows.ts';
import { type Durations, timeOf } from '../agents/durations.ts';
import { timerEntry } from '../ready/index-entries.ts';
import { fenceOf } from './runs.ts';
import type { TaskChange } from './task-change.ts';

/** What outlives it has a second run elsewhere: this share of a type's attempts has ended by then. */
const usualShare = 0.95;
/** So many times what an attempt usually takes must be left until the deadline, or there is little slack. */
const slackTimes = 2;

/** How long a task runs before it is hedged (ms), without a look at its deadline: as it says itself, else what 95 % of its type take. Undefined: it may not be hedged, or too little is known. */
function hedgeAfter(
  { task_type, distribution_rules }: Pick<ReadyTask, 'task_type' | 'distribution_rules'>,
  durations: () => Durations,
): number | undefined {
  const rule = distribution_rules?.hedge;
  if (rule === undefined || rule.after_ms !== undefined) return rule?.after_ms;
  const known = durations();
  const own = known.of(task_type);
  if (own === undefined || known.known(task_type) < hedgeKnownMin) return undefined;
  return Math.max(hedgeAfterMsMin, Math.round(timeOf(own.duration, usualShare)));
}

/**
 * When a task that starts now (epoch ms) gets a second run elsewhere unless it has ended (RFC 3339): when it has run longer than usual and, where it has a deadline, less than twice
 * that time is left until then. Undefined: never, or its time-out comes first.
 */
export function hedgeAt(
  task: Pick<ReadyTask, 'task_type' | 'distribution_rules' | 'deadline' | 'timeout_ms'>,
  { now, durations }: { readonly now: number; readonly durations: () => Durations },
): string | undefined {
  const after = hedgeAfter(task, durations);
  if (after === undefined) return undefined;
  const slackEnds = task.deadline === undefined ? 0 : Date.parse(task.deadline) - slackTimes * after;
  const at = Math.max(now + after, slackEnds);
  return at < now + task.timeout_ms ? new Date(at).toISOString() : undefined;
}

/** Why a task is run a second time, as people are told. */
export function hedgeReasons({ started_at = '', deadline, distribution_rules }: TaskRow, now: number): string[] {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const rule = distribution_rules?.hedge?.after_ms;
  const usual = rule === undefined ? '95 % of its type take' : `the ${seconds(rule)} that it is given`;
  return [
    `hedge: it has run for ${seconds(now - Date.parse(started_at))}, longer than ${usual}`,
    ...(deadline === undefined ? [] : [`its deadline is ${deadline}`]),
  ];
}

/** Looks for an idle slot again later, or (`at` undefined) no more. */
export function hedgeLaterChange(row: TaskRow, at: number | undefined): TaskChange {
  const hedge_at = at === undefined ? null : new Date(at).toISOString();
  return {
    task_id: row.task_id,
    expect: fenceOf(row),
    patch: { hedge_at },
    index: hedge_at === null ? null : timerEntry(row, hedge_at),
  };
}
