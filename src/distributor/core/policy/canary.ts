import type { CanaryFigures, CanaryHold, CanarySums, SideSums } from '../../../contracts/distributor/canary.ts';
import type { PolicyRow, ReadyTask } from '../../../contracts/rows.ts';
import { hashOf } from '../strategies/hash.ts';

/** A task that ended, as the figures of a canary count it. */
export interface CanaryEnd {
  readonly hold: CanaryHold;
  /** When it got its slot, and when its result was applied (epoch ms). */
  readonly started: number;
  readonly ended: number;
  readonly isCompleted: boolean;
}

/** What a canary is found to be; `old` and `new` are the figure that is watched. */
export interface CanaryVerdict {
  readonly isWorse: boolean;
  readonly old: number;
  readonly new: number;
}

const nothing: SideSums = { ended: 0, completed: 0, wait_ms: 0, latency_ms: 0, dated: 0, met: 0 };
/** Sums of a canary nobody has ended a task under. */
export const noSums: CanarySums = { old: nothing, new: nothing };

/** Whether the canary decides for a task: by its id, so that every attempt and every look gets the same answer. */
export function isCanaryTask({ canary }: Pick<PolicyRow, 'canary'>, task_id: string): boolean {
  return canary !== undefined && hashOf(`canary ${task_id}`) / 2 ** 32 < canary.share;
}

/** What the hold of a task notes while a canary is on; undefined: none is. */
export function canaryHoldOf(
  policy: PolicyRow | undefined,
  { task_id, queued_at, deadline }: Pick<ReadyTask, 'task_id' | 'queued_at' | 'deadline'>,
): CanaryHold | undefined {
  if (policy?.canary === undefined) return undefined;
  return {
    version: policy.version,
    side: isCanaryTask(policy, task_id) ? 'new' : 'old',
    queued: Date.parse(queued_at),
    ...(deadline === undefined ? {} : { due: Date.parse(deadline) }),
  };
}

function sumsOf({ hold, started, ended, isCompleted }: CanaryEnd): SideSums {
  return {
    ended: 1,
    completed: isCompleted ? 1 : 0,
    wait_ms: Math.max(0, started - hold.queued),
    latency_ms: isCompleted ? Math.max(0, ended - hold.queued) : 0,
    dated: hold.due === undefined ? 0 : 1,
    met: hold.due !== undefined && isCompleted && ended <= hold.due ? 1 : 0,
  };
}

function sum(one: SideSums, other: SideSums): SideSums {
  return {
    ended: one.ended + other.ended,
    completed: one.completed + other.completed,
    wait_ms: one.wait_ms + other.wait_ms,
    latency_ms: one.latency_ms + other.latency_ms,
    dated: one.dated + other.dated,
    met: one.met + other.met,
  };
}

/** What these tasks add to a canary's sums. */
export function addedSums(ends: readonly CanaryEnd[]): CanarySums {
  const of = (side: CanaryHold['side']) =>
    ends
      .filter(({ hold }) => hold.side === side)
      .map(sumsOf)
      .reduce(sum, nothing);
  return { old: of('old'), new: of('new') };
}

/** A side's figures: shares and means, absent where nothing is behind them. */
export function figuresOf({ ended, completed, wait_ms, latency_ms, dated, met }: SideSums): CanaryFigures {
  return {
    ended,
    dated,
    ...(ended === 0 ? {} : { success: completed / ended, wait: wait_ms / ended }),
    ...(dated === 0 ? {} : { deadlines: met / dated }),
    ...(completed === 0 ? {} : { latency: latency_ms / completed }),
  };
}

/** Whether the new version does worse than the old one by more than the margin; undefined while too few tasks have ended on either side. */
export function verdictOn({ canary }: Pick<PolicyRow, 'canary'>, sums: CanarySums): CanaryVerdict | undefined {
  if (canary === undefined) return undefined;
  const { watch, margin, samples } = canary;
  const counted = ({ ended, completed, dated }: SideSums) =>
    ({ success: ended, wait: ended, deadlines: dated, latency: completed })[watch];
  if (Math.min(counted(sums.old), counted(sums.new)) < samples) return undefined;
  const [before = 0, after = 0] = [figuresOf(sums.old)[watch], figuresOf(sums.new)[watch]];
  const isShare = watch === 'success' || watch === 'deadlines';
  // Shares may fall by so much; times may grow by so much of what they were.
  const isWorse = isShare ? after < before - margin : after > before * (1 + margin);
  return { isWorse, old: before, new: after };
}
