import { isDeepStrictEqual } from 'node:util';
import type { ApprovalRow } from '../../src/contracts/workflow/rows.ts';
import type { Item } from './oracle.ts';

type Fail = (promise: string, detail: string) => void;

const ends = new Set(['Approved', 'Rejected', 'Withdrawn']);

/** How many votes of each kind a level has; without `by` its time was over. */
function isPassed({ decisions, levels }: ApprovalRow, level: number): boolean {
  const own = decisions.filter((each) => each.level === level);
  const approvals = own.filter(({ decision, by }) => decision === 'approved' && by !== undefined).length;
  return (
    approvals >= (levels[level - 1]?.needed ?? 0) ||
    own.some(({ decision, by }) => by === undefined && decision !== 'rejected')
  );
}

/** Whether nothing changed but when the row is forgotten, which the end of its workflow says. */
function isStamp({ expires_at: _was, ...before }: Item, { expires_at: _is, ...after }: Item): boolean {
  return isDeepStrictEqual(before, after);
}

/**
 * The promises of docs/approvals.md, checked whenever an approval's row changes: what was decided stays decided, each person has one voice at a level, nobody decides who may not by the rule of four eyes, and
 * the end follows from the votes. Told apart from the code under test on purpose.
 */
export function checkApproval(before: Item | undefined, after: Item | undefined, fail: Fail): void {
  const row = after as unknown as ApprovalRow | undefined;
  if (row === undefined) return;
  const id = `${row.workflow_id}:${row.path}`;
  const was = before?.['seq'] === row.seq ? (before as unknown as ApprovalRow) : undefined;
  if (was !== undefined && !isStamp(before ?? {}, after ?? {})) {
    if (row.version !== was.version + 1) fail('ApprovalVersions', `${id}: ${was.version} -> ${row.version}`);
    if (ends.has(was.status) && row.status !== was.status)
      fail('DecidedIsFinal', `${id}: ${was.status} -> ${row.status}`);
    const kept = JSON.stringify(row.decisions.slice(0, was.decisions.length));
    if (kept !== JSON.stringify(was.decisions)) fail('DecisionsAreKept', id);
    if (row.level < was.level) fail('LevelsGoOn', `${id}: ${was.level} -> ${row.level}`);
  }
  const voices = row.decisions.flatMap(({ level, by }) => (by === undefined ? [] : [`${by} at ${level}`]));
  if (new Set(voices).size < voices.length) fail('OneVoice', `${id}: ${voices.join(', ')}`);
  if (row.requester !== undefined) {
    const persons = row.decisions.flatMap(({ by }) => by ?? []);
    if (persons.includes(row.requester)) fail('FourEyes', `${id} was decided by who asked for it`);
    if (new Set(persons).size < persons.length) fail('FourEyes', `${id}: ${voices.join(', ')}`);
  }
  const passed = row.levels.map((_level, index) => isPassed(row, index + 1));
  if (row.status === 'Approved' && !passed.every(Boolean))
    fail('ApprovedByVotes', `${id}: ${JSON.stringify(row.decisions)}`);
  if (row.status === 'Rejected' && row.decisions.at(-1)?.decision !== 'rejected') fail('RejectedByVote', id);
  if (row.status === 'Open' && row.level > 1 && !passed.slice(0, row.level - 1).every(Boolean))
    fail('LevelByLevel', id);
}

/** Whether every approval has ended and owes nothing. */
export function approvalsSettled(rows: readonly Item[]): boolean {
  return rows.every(
    ({ sk, status, owed }) =>
      !String(sk).startsWith('APPROVAL#') || (ends.has(String(status)) && (owed as unknown[]).length === 0),
  );
}

/** When everything has ended: no approval is open or owes anything, no inbox lists one, and nobody has one on the desk. */
export function checkApprovalsEnded(rows: readonly Item[], fail: Fail): void {
  for (const row of rows) {
    const { pk, sk, status, owed, load } = row;
    if (String(sk).startsWith('APPROVAL#') && (!ends.has(String(status)) || (owed as unknown[]).length > 0))
      fail('ApprovalsEnd', `${String(pk)} ${String(sk)} is ${String(status)} and owes ${JSON.stringify(owed)}`);
    if (!String(pk).startsWith('INBOX#')) continue;
    if (sk !== '#LOAD') fail('InboxesEmpty', `${String(pk)} lists ${String(sk)}`);
    else if (load !== 0) fail('DesksEmpty', `${String(pk)}: ${String(load)}`);
  }
}
