import type { TaskRow } from '../../../contracts/rows.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import { budgetReason, limitReached, noAmount } from '../../../distributor/core/dispatch/budget.ts';
import type { Overdraft } from '../../../distributor/core/dispatch/budget-limiter.ts';
import { failedNews } from '../../../distributor/core/tasks/task-news.ts';
import { failChange } from '../../../distributor/core/tasks/settle.ts';
import type { Account } from '../../core/run/account.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { commitStep } from './commit-advance.ts';
import type { Step } from './unfold-step.ts';
import { findRun, graphOfRun, type Run } from './load-run.ts';
import { workflowOf } from '../../../contracts/ids.ts';

/** Times it looks again after the workflow or the task was changed first; the next dispatch finds it as well. */
const racesMax = 5;

/** The step that tells of a limit, and past the hard one fails the task that has no room; undefined where there is nothing to do any more. */
function stepOf(run: Run, row: TaskRow | undefined, { task_id, level, wanted }: Overdraft, now: number) {
  const { status, budget: limits, spent = noAmount, warned, nodes } = run.head;
  if (isFinished(status) || limits === undefined) return undefined;
  if (limitReached(limits, spent, wanted, limits.on_soft === 'wait') !== level) return undefined;
  const reason = budgetReason({ limits, spent }, level, { wanted });
  const account: Account = { limits, charges: [], reached: { level, reason } };
  const empty = { changes: [], known: new Map() };
  if (level === 'soft')
    return warned === true ? undefined : { ...empty, command: { type: 'settle', outcomes: [], account } as const };
  const { node = '' } = workflowOf(task_id) ?? {};
  const index = graphOfRun(run).indexOf.get(node) ?? -1;
  if (row?.status !== 'Queued' || nodes[index] !== 'S') return undefined;
  const error: TaskError = { code: 'budget-exceeded', message: reason, retryable: false };
  const outcome = { node, attempt: row.attempt, outcome: 'failed', error } as const;
  const command = { type: 'settle', outcomes: [outcome], account } as const;
  return { command, changes: [failChange(row, error, now)], known: new Map([[node, { error }]]) } satisfies Step;
}

/** See `WorkflowTasks.overdraw`: the news of a budget that leaves no room while nothing runs on it, and the end of a workflow that can pay for nothing more. */
export async function overdrawBudget(deps: WorkflowDeps, overdraft: Overdraft): Promise<void> {
  for (let race = 0; race < racesMax; race += 1) {
    const run = await findRun(deps, overdraft.workflow_id);
    const [row] = await deps.tasks.get([overdraft.task_id]);
    const step = run && stepOf(run, row, overdraft, deps.sources.now());
    if (run === undefined || step === undefined) return;
    const committed = await commitStep(deps, run, step);
    if (committed === undefined) return;
    if ('conflict' in committed) continue;
    await deps.messenger.hint(committed.hints);
    const [change] = step.changes;
    if (row !== undefined && change !== undefined) {
      const story = { correlation_id: row.correlation_id, causation_id: row.task_id };
      await deps.messenger.announce([failedNews(row, change.patch, story)]);
    }
    return;
  }
}
