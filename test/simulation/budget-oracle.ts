import type { Amount } from '../../src/contracts/distributor/budget.ts';
import type { WorkflowHead } from '../../src/contracts/workflow/rows.ts';
import { isTask } from '../../src/contracts/workflow/nodes.ts';
import type { WorkflowDefinition, WorkflowEvent } from '../../src/contracts/workflow/workflow.ts';
import type { Commit } from '../../src/platform/twin/dynamodb/store.ts';
import { noAmount, sumOf } from '../../src/distributor/core/dispatch/budget.ts';
import { attemptUsageMax } from './drawn-budget.ts';
import { secondRunOf } from './hedge-oracle.ts';

/** What the oracle may look up. */
export interface BudgetView {
  head(workflow_id: string): Partial<WorkflowHead> | undefined;
  definitionOf(workflow_id: string): WorkflowDefinition | undefined;
  /** How many attempts may run at once. */
  readonly slots: number;
}

/** What the runs of a task reserve, by `task_id#attempt`. */
function runsOf(row: Readonly<Record<string, unknown>> | undefined): ReadonlyMap<string, Amount> {
  if (row?.['status'] !== 'Processing') return new Map();
  const second = secondRunOf(row);
  const runs = [
    { attempt: row['attempt'], reserved: row['reserved'] as Amount },
    ...(second === undefined ? [] : [second]),
  ];
  return new Map(runs.map(({ attempt, reserved }) => [`${String(row['task_id'])}#${Number(attempt)}`, reserved]));
}

/** True when what each attempt reserves is the most that it uses: then the hard limit holds to the last token. */
function isForeseen({ nodes }: WorkflowDefinition): boolean {
  return nodes.every((node) => isTask(node) && node.distribution_rules?.estimate !== undefined);
}

/**
 * What is spent and what is reserved for what runs stays within the hard limit; where attempts may use more than was expected of them, but for what those that run at
 * the same time may. What undoes work, or carries out a decision, is charged but may cost what it will. It is judged after each commit as a whole, since an end and its
 * charge are one.
 */
export function createBudgetOracle(view: BudgetView, broken: (at: number, detail: string) => void) {
  /** By workflow and run of a task: what runs and was not charged yet. */
  const running = new Map<string, Map<string, Amount>>();
  /** By workflow: what was spent for attempts that no limit stops. */
  const exempt = new Map<string, Amount>();
  const limited = new Set<string>();
  const runningIn = (workflow_id: string): Map<string, Amount> => {
    const own = running.get(workflow_id) ?? new Map<string, Amount>();
    running.set(workflow_id, own);
    return own;
  };

  function judge(workflow_id: string, at: number): void {
    const definition = view.definitionOf(workflow_id);
    const { budget, spent = noAmount } = view.head(workflow_id) ?? {};
    if (budget === undefined || definition === undefined) return;
    const used = [...runningIn(workflow_id).values()].reduce(sumOf, spent);
    const free = exempt.get(workflow_id) ?? noAmount;
    const over = isForeseen(definition) ? 0 : view.slots;
    const usdMax = (budget.usd ?? Infinity) * 1e6 + over * attemptUsageMax.usd * 1e6 + 0.5;
    const tokensMax = (budget.tokens ?? Infinity) + over * attemptUsageMax.tokens;
    if (used.micro_usd - free.micro_usd > usdMax || used.tokens - free.tokens > tokensMax)
      broken(at, `${workflow_id}: ${JSON.stringify({ budget, spent, running: [...runningIn(workflow_id)] })}`);
  }

  return ({ at, changes }: Commit): void => {
    const touched = new Set<string>();
    for (const { before, after } of changes) {
      const row = after ?? before ?? {};
      if (row['sk'] === 'TASK' && row['budgeted'] === true) {
        const task_id = String(row['task_id']);
        limited.add(task_id);
        const workflow_id = task_id.slice(0, task_id.indexOf(':'));
        const [was, is] = [runsOf(before), runsOf(after)];
        for (const run of was.keys()) if (!is.has(run)) runningIn(workflow_id).delete(run);
        for (const [run, reserved] of is) {
          if (was.has(run)) continue;
          runningIn(workflow_id).set(run, reserved);
          touched.add(workflow_id);
        }
      }
      if (String(row['sk']).startsWith('EVENT#') && before === undefined) {
        const workflow_id = String(row['workflow_id']);
        touched.add(workflow_id);
        const events = JSON.parse((row['text'] as string | undefined) ?? '[]') as WorkflowEvent[];
        // What is stopped is charged first and cancelled then.
        for (const event of events)
          for (const { node, attempt, ...amount } of event.type === 'BudgetSpent' ? event.attempts : []) {
            const task_id = `${workflow_id}:${node}`;
            runningIn(workflow_id).delete(`${task_id}#${attempt}`);
            if (!limited.has(task_id)) exempt.set(workflow_id, sumOf(exempt.get(workflow_id) ?? noAmount, amount));
          }
      }
    }
    for (const workflow_id of touched) judge(workflow_id, at);
  };
}
