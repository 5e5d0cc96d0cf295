import * as z from 'zod';
import type { AskedLevel } from '../../../contracts/workflow/approval.ts';
import {
  approvalDescription,
  type approvalLevel,
  approvalTitle,
  candidateGroups,
  candidateUsers,
} from '../../../contracts/workflow/approval-node.ts';
import { type Outcome, refused } from '../../../contracts/errors.ts';
import { candidatesMax } from '../../../contracts/limits.ts';
import type { StoredJson } from '../../../contracts/rows.ts';
import type { ApprovalRow } from '../../../contracts/workflow/rows.ts';
import type { ApprovalNode } from '../../../contracts/workflow/nodes.ts';
import { storeText } from '../../../distributor/core/tasks/stored-json.ts';
import { evaluate } from '../../core/expressions/evaluate.ts';
import type { ExpressionValues } from '../../core/expressions/expression.ts';
import type { WorkflowDeps } from '../../ports.ts';
import type { Progress } from '../advance/node-values.ts';

/** What is written out, or what its expression gives. Refused when that has another shape. */
async function given<T extends z.ZodType>(
  what: string,
  written: z.output<T> | { readonly expression: string },
  schema: T,
  values: ExpressionValues,
): Promise<Outcome<z.output<T>>> {
  if (typeof written !== 'object' || written === null || !('expression' in written))
    return { ok: true, value: written };
  const { expression } = written;
  const made = await evaluate(expression, values);
  if (!made.ok) return refused('input-failed', `${what}: ${made.error.message}`);
  const parsed = schema.safeParse(JSON.parse(made.value));
  if (parsed.success) return { ok: true, value: parsed.data };
  return refused('input-failed', `${what}: ${parsed.error.issues[0]?.message ?? 'it has another shape'}`);
}

/** A JSONata sequence of one is that one, and of none is nothing. */
const listOf = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (typeof value === 'string' ? [value] : (value ?? [])), schema);

async function askedLevel(
  { candidates, ...level }: z.output<typeof approvalLevel>,
  number: number,
  values: ExpressionValues,
  requester?: string,
): Promise<Outcome<AskedLevel>> {
  const users = await given(`the users of level ${number}`, candidates.users, listOf(candidateUsers), values);
  if (!users.ok) return users;
  const groups = await given(`the groups of level ${number}`, candidates.groups, listOf(candidateGroups), values);
  if (!groups.ok) return groups;
  const asked = { ...level, users: [...new Set(users.value)], groups: [...new Set(groups.value)] };
  const count = asked.users.length + asked.groups.length;
  if (count > candidatesMax) return refused('too-large', `level ${number} asks more than ${candidatesMax} candidates`);
  const free = asked.users.filter((user) => user !== requester);
  const enough = asked.groups.length > 0 ? level.assign === 'anyone' : free.length >= level.needed;
  if (!enough) return refused('input-failed', `level ${number} needs ${level.needed} of ${free.length} users`);
  return { ok: true, value: asked };
}

/**
 * The row of an approval whose node starts: its texts and candidates evaluated, nobody asked yet. Refused with `input-failed` when an expression fails, or gives
 * fewer people than are needed; by the rule of four eyes who started the workflow does not count.
 */
export async function newApproval(
  deps: Pick<WorkflowDeps, 'sources' | 'blobs'>,
  { run }: Progress,
  node: ApprovalNode,
  values: ExpressionValues,
): Promise<Outcome<ApprovalRow>> {
  const { workflow_id, pool, seq, correlation_id } = run.head;
  const requester = node.four_eyes === true ? run.head.submitted_by : undefined;
  const title = await given('the title', node.title, approvalTitle, values);
  if (!title.ok) return title;
  const description = await given('the description', node.description ?? '', approvalDescription, values);
  if (!description.ok) return description;
  const levels: AskedLevel[] = [];
  for (const [index, level] of node.levels.entries()) {
    const asked = await askedLevel(level, index + 1, values, requester);
    if (!asked.ok) return asked;
    levels.push(asked.value);
  }
  let input: StoredJson | undefined;
  if (node.input !== undefined) {
    const made = await evaluate(node.input, values);
    if (!made.ok) return refused('input-failed', `the input: ${made.error.message}`);
    input = await storeText(deps, `${workflow_id}:${node.name}`, made.value);
  }
  const now = new Date(deps.sources.now()).toISOString();
  const row: ApprovalRow = {
    ...{ workflow_id, path: node.name, pool, seq: seq + 1, version: 1, title: title.value, levels },
    ...(description.value === '' ? {} : { description: description.value }),
    ...(input === undefined ? {} : { input }),
    ...(node.form === undefined ? {} : { form: node.form }),
    ...(requester === undefined ? {} : { requester }),
    ...(node.calendar === undefined ? {} : { calendar: node.calendar }),
    ...{ on_reject: node.on_reject, status: 'Opening', level: 0, assignees: [], delegations: [] },
    ...{ decisions: [], actions: [], created_at: now, owed: [], wake_at: now, correlation_id },
  };
  return { ok: true, value: row };
}
