import type { ApprovalItem, ApprovalView, DecisionRequest } from '../../../contracts/workflow/approval.ts';
import { CadreError, type Outcome, refused } from '../../../contracts/errors.ts';
import { nodeTaskId, workflowOf } from '../../../contracts/ids.ts';
import type { Json } from '../../../contracts/json.ts';
import { approvalFormBytesMax } from '../../../contracts/limits.ts';
import type { ApprovalRow } from '../../../contracts/workflow/rows.ts';
import { tickDelays } from '../../../distributor/core/tasks/timers.ts';
import { formFaults } from '../../core/approvals/approval-form.ts';
import {
  type Caller,
  claim,
  countedBefore,
  delegate,
  type Loads,
  release,
  remark,
  vote,
} from '../../core/approvals/approval.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { loadJson } from '../advance/stored-json.ts';

/** Attempts to win a race against others who change the same approval, or are given work at the same time. */
const changeTriesMax = 8;

type ApprovalDeps = Pick<WorkflowDeps, 'approvals' | 'messenger' | 'sources' | 'blobs'>;

/** An approval by its id; undefined when there is none. */
export async function findApproval(deps: ApprovalDeps, id: string): Promise<ApprovalRow | undefined> {
  const at = workflowOf(id);
  return at && deps.approvals.get(at.workflow_id, at.node);
}

/** Changes an approval, and lets the pulse see to what follows. Refused with `not-found`, or as `by` refuses. */
async function change(
  deps: ApprovalDeps,
  id: string,
  by: (row: ApprovalRow, now: number, loads: Loads) => Outcome<ApprovalRow>,
): Promise<Outcome<ApprovalRow>> {
  for (let attempt = 0; attempt < changeTriesMax; attempt += 1) {
    const row = await findApproval(deps, id);
    if (row === undefined) return refused('not-found', `there is no approval "${id}"`, 'id');
    const counted = countedBefore(row);
    const loads = counted.length === 0 ? new Map<string, number>() : await deps.approvals.loads(row.pool, counted);
    const now = deps.sources.now();
    const next = by(row, now, loads);
    if (!next.ok || next.value === row) return next;
    if (!(await deps.approvals.save(row, next.value, loads))) continue;
    const { wake_at } = next.value;
    // Only a hint: the row is due in the table.
    await deps.messenger.ticks(row.pool, tickDelays(wake_at === undefined ? [] : [wake_at], now));
    return next;
  }
  return refused('version-conflict', `the approval "${id}" is changed by too many at once`);
}

/**
 * Decides in the caller's name; the same again changes nothing. Throws `invalid-input` with all faults of the answer. Refused with `forbidden` for whoever is not
 * asked, with `already-finished` when the level is over: somebody else may have been faster.
 */
export async function decideApproval(
  deps: ApprovalDeps,
  caller: Caller,
  id: string,
  { decision, level, comment, answer }: DecisionRequest,
): Promise<Outcome<ApprovalRow>> {
  if (answer !== undefined && Buffer.byteLength(JSON.stringify(answer)) > approvalFormBytesMax)
    return refused('too-large', `an answer may have ${approvalFormBytesMax} bytes`, 'answer');
  const row = await findApproval(deps, id);
  if (row?.form !== undefined && (decision === 'approve' || answer !== undefined)) {
    const faults = formFaults(row.form, answer);
    const [first] = faults;
    if (first !== undefined) throw new CadreError(first.code, first.message, { faults, path: first.path ?? 'answer' });
  }
  const given = { decision: decision === 'approve' ? ('approved' as const) : ('rejected' as const), level };
  return change(deps, id, (current, now, loads) => vote(current, caller, { ...given, comment, answer }, now, loads));
}

/** Takes an approval up, so that nobody else decides meanwhile. */
export function claimApproval(deps: ApprovalDeps, caller: Caller, id: string): Promise<Outcome<ApprovalRow>> {
  return change(deps, id, (row, now) => claim(row, caller, now));
}

/** Gives it back to the other candidates. */
export function releaseApproval(deps: ApprovalDeps, caller: Caller, id: string): Promise<Outcome<ApprovalRow>> {
  return change(deps, id, (row, now) => release(row, caller, now));
}

/** Lets another person decide in the caller's place. */
export function delegateApproval(
  deps: ApprovalDeps,
  caller: Caller,
  id: string,
  request: { readonly to: string; readonly comment?: string | undefined },
): Promise<Outcome<ApprovalRow>> {
  return change(deps, id, (row, now) => delegate(row, caller, request, now));
}

/** Notes a comment. */
export function commentApproval(
  deps: ApprovalDeps,
  caller: Caller,
  id: string,
  comment: string,
): Promise<Outcome<ApprovalRow>> {
  return change(deps, id, (row, now) => remark(row, caller, comment, now));
}

/** A row as a line of an inbox. */
export function approvalItemOf(row: ApprovalRow): ApprovalItem {
  const { workflow_id, path, title, status, level, levels, assignees, created_at, due_at } = row;
  return {
    ...{ approval_id: nodeTaskId(workflow_id, path), workflow_id, node: path, title, status, level },
    ...{ levels_count: levels.length, assignees: [...assignees], created_at },
    ...(due_at === undefined ? {} : { due_at }),
  };
}

/** A row as a whole, with what its people see. */
export async function approvalViewOf(deps: Pick<WorkflowDeps, 'blobs'>, row: ApprovalRow): Promise<ApprovalView> {
  const { description, form, levels, requester, delegations, decisions, actions, ended_at } = row;
  const input = (await loadJson(deps, row.input)) as Json | undefined;
  return {
    ...approvalItemOf(row),
    ...(description === undefined ? {} : { description }),
    ...(input === undefined ? {} : { input }),
    ...(form === undefined ? {} : { form }),
    ...(requester === undefined ? {} : { requester }),
    ...{ levels: [...levels], delegations: [...delegations], decisions: [...decisions], actions: [...actions] },
    ...(ended_at === undefined ? {} : { ended_at }),
  };
}
