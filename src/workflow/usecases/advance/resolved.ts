import type { Outcome } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/json.ts';
import type { ApprovalRow, EndedTask, ExpansionRow, SignalRow } from '../../../contracts/workflow/rows.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import { storeText } from '../../../distributor/core/tasks/stored-json.ts';
import { evaluate } from '../../core/expressions/evaluate.ts';
import type { ExpressionValues } from '../../core/expressions/expression.ts';
import type { NodeOutcome } from '../../core/run/settle-nodes.ts';
import type { WorkflowDeps } from '../../ports.ts';
import type { Progress } from './node-values.ts';

/** What became of a node that Cadre itself evaluates, and what is stored with it. */
export interface Resolved {
  readonly outcome: NodeOutcome;
  readonly result?: EndedTask;
  readonly values?: ExpansionRow['values'];
  /** What people are asked. */
  readonly approval?: ApprovalRow;
  /** The published event that it found, and that the workflow has not received so far. */
  readonly signal?: SignalRow;
}

/** A node that fails. */
export function failed(node: string, code: string, message: string): Resolved {
  const error: TaskError = { code, message: message.slice(0, 4_096), retryable: false };
  return { outcome: { node, attempt: 0, outcome: 'failed', error }, result: { error } };
}

/** A node that completes with this output, as JSON text. */
export async function completed(
  deps: WorkflowDeps,
  progress: Progress,
  node: string,
  text: string,
  ended: Pick<Extract<NodeOutcome, { outcome: 'completed' }>, 'taken' | 'signal' | 'received'> = {},
): Promise<Resolved> {
  const output = await storeText(deps, `${progress.run.head.workflow_id}:${node}`, text);
  const outcome = { node, attempt: 0, outcome: 'completed' as const, ...ended };
  return { outcome, result: { output } };
}

/** The value of an expression; undefined where there is none. */
export async function valueOf(text: string | undefined, values: ExpressionValues): Promise<Outcome<Json | undefined>> {
  if (text === undefined) return { ok: true, value: undefined };
  const made = await evaluate(text, values);
  return made.ok ? { ok: true, value: JSON.parse(made.value) as Json } : made;
}
