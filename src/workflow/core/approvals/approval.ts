import type { ApprovalAction } from '../../../contracts/workflow/approval.ts';
import type { Decision } from '../../../contracts/workflow/approval-decision.ts';
import { type Outcome, refused } from '../../../contracts/errors.ts';
import { canonicalJson, type Json } from '../../../contracts/json.ts';
import { approvalActionsMax, delegationsMax, waitMsMax } from '../../../contracts/limits.ts';
import type { ApprovalNews, ApprovalRow } from '../../../contracts/workflow/rows.ts';
import { afterWorkingTime } from './working-time.ts';

/** Who asks: the principal of a request, and the groups that it was proved to belong to. */
export interface Caller {
  readonly principal: string;
  readonly groups: readonly string[];
}

/** How many open approvals each person was given, as far as it was looked up. */
export type Loads = ReadonlyMap<string, number>;

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** The level that decides now; undefined while nobody is asked. */
export function levelOf(row: ApprovalRow): ApprovalRow['levels'][number] | undefined {
  return row.status === 'Open' ? row.levels[row.level - 1] : undefined;
}

/** Who has decided at the level that decides now. */
function deciders(row: ApprovalRow): readonly string[] {
  return row.decisions.flatMap(({ level, by }) => (level === row.level && by !== undefined ? [by] : []));
}

/** A row in which something changed: counted up, and with the timer that the change asks for. */
function changed(row: ApprovalRow, patch: Partial<ApprovalRow>, now: number): ApprovalRow {
  const { wake_at: _timer, ...next } = { ...row, ...patch, version: row.version + 1 };
  const times = [
    ...(next.owed.length === 0 ? [] : [timeOf(now)]),
    ...(next.status === 'Open' && next.remind_at !== undefined ? [next.remind_at] : []),
    ...(next.status === 'Open' && next.due_at !== undefined ? [next.due_at] : []),
  ].sort();
  const [first] = times;
  return first === undefined ? next : { ...next, wake_at: first };
}

function without<K extends keyof ApprovalRow>(row: ApprovalRow, ...keys: K[]): Omit<ApprovalRow, K> {
  const rest: Partial<ApprovalRow> = { ...row };
  for (const key of keys) Reflect.deleteProperty(rest, key);
  return rest as Omit<ApprovalRow, K>;
}

/** Why the rule of four eyes keeps a person from deciding at a level; undefined: it does not. */
function barredBy({ requester, decisions }: ApprovalRow, level: number, person: string): string | undefined {
  if (requester === undefined) return undefined;
  if (requester === person) return `${person} started the workflow`;
  const other = decisions.find((each) => each.by === person && each.level !== level);
  return other && `${person} decided at level ${other.level}`;
}

/** The people who get a level that is given to those who have least to do; the order of the definition decides between equals. */
function leastLoaded(row: ApprovalRow, level: number, loads: Loads): readonly string[] {
  const { users, needed } = row.levels[level - 1] ?? { users: [], needed: 0 };
  const load = (user: string): number => loads.get(user) ?? 0;
  const free = users.filter((user) => barredBy(row, level, user) === undefined);
  return free.toSorted((one, other) => load(one) - load(other)).slice(0, needed);
}

/** Asks the people of a level. Its times never pass the longest wait of a node, counted from when the approval was made. */
function enter(row: ApprovalRow, level: number, news: ApprovalNews, now: number, loads: Loads): ApprovalRow {
  const asked = row.levels[level - 1];
  if (asked === undefined) return end(row, 'Approved', now);
  const latest = Date.parse(row.created_at) + waitMsMax;
  const after = (ms: number): string => timeOf(afterWorkingTime(row.calendar, now, ms, latest));
  const due_at = after(asked.sla_ms);
  const remind_at = asked.remind_ms === undefined ? undefined : after(asked.remind_ms);
  const assignees = asked.assign === 'least_loaded' ? leastLoaded(row, level, loads) : [];
  const fresh = { status: 'Open' as const, level, assignees, delegations: [], due_at };
  const reminder = remind_at !== undefined && remind_at < due_at ? { remind_at } : {};
  return changed(
    { ...without(row, 'remind_at'), ...reminder },
    { ...fresh, owed: [...row.owed.filter((owed) => owed !== 'ApprovalReminded'), news] },
    now,
  );
}

function end(row: ApprovalRow, status: 'Approved' | 'Rejected', now: number): ApprovalRow {
  const patch = { status, ended_at: timeOf(now), owed: [...row.owed, 'ApprovalDecided' as const] };
  return changed(without(row, 'due_at', 'remind_at'), patch, now);
}

/** The people whose work is counted before a level is entered: those of the next one, when it goes to who has least to do. */
export function countedBefore(row: ApprovalRow): readonly string[] {
  const next = row.levels[row.level];
  return next?.assign === 'least_loaded' ? next.users : [];
}

/** What follows when time has passed: the first level is asked, people are reminded, a level is over. Undefined when nothing is due. */
export function decideTime(row: ApprovalRow, now: number, loads: Loads): ApprovalRow | undefined {
  if (row.status === 'Opening') return enter(row, 1, 'ApprovalRequested', now, loads);
  const level = levelOf(row);
  if (level === undefined) return undefined;
  if (row.due_at !== undefined && Date.parse(row.due_at) <= now) {
    const last = row.level === row.levels.length;
    const rule = level.on_overdue ?? (last ? 'reject' : 'escalate');
    const outcome = rule === 'approve' ? 'approved' : rule === 'reject' || last ? 'rejected' : 'escalated';
    const over = { ...row, decisions: [...row.decisions, { level: row.level, decision: outcome, at: timeOf(now) }] };
    if (outcome === 'rejected') return end(over as ApprovalRow, 'Rejected', now);
    const news = outcome === 'escalated' ? 'ApprovalEscalated' : 'ApprovalRequested';
    return enter(over as ApprovalRow, row.level + 1, news, now, loads);
  }
  if (row.remind_at === undefined || Date.parse(row.remind_at) > now) return undefined;
  return changed(without(row, 'remind_at'), { owed: [...row.owed, 'ApprovalReminded'] }, now);
}

/** What was owed is paid. */
export function paid(row: ApprovalRow, now: number): ApprovalRow {
  return changed(row, { owed: [] }, now);
}

/** Nobody needs a decision any more. Undefined when there is one already, or it was withdrawn before. */
export function withdrawn(row: ApprovalRow, now: number): ApprovalRow | undefined {
  if (row.status !== 'Open' && row.status !== 'Opening') return undefined;
  return changed(without(row, 'due_at', 'remind_at'), { status: 'Withdrawn', ended_at: timeOf(now), owed: [] }, now);
}

/** Whether a person may decide at this level: a candidate who did not hand it on, or whom it was handed to. */
function mayDecide(row: ApprovalRow, { principal, groups }: Caller): boolean {
  const level = levelOf(row);
  if (level === undefined) return false;
  if (row.delegations.some(({ to }) => to === principal)) return true;
  const isCandidate = level.users.includes(principal) || level.groups.some((group) => groups.includes(group));
  return isCandidate && !row.delegations.some(({ from }) => from === principal);
}

/** Refuses whoever may not act on the level now: it is over, he is not asked, is kept out by the rule of four eyes, has decided, or others have taken all places. */
function admit(row: ApprovalRow, caller: Caller): Outcome<NonNullable<ReturnType<typeof levelOf>>> {
  const level = levelOf(row);
  if (level === undefined) {
    if (row.status === 'Opening') return refused('not-started', 'nobody has been asked yet', 'id');
    return refused('already-finished', `the approval is ${row.status}`, 'id');
  }
  if (!mayDecide(row, caller)) return refused('forbidden', `${caller.principal} is not asked at level ${row.level}`);
  const barred = barredBy(row, row.level, caller.principal);
  if (barred !== undefined) return refused('forbidden', `four eyes: ${barred}`);
  if (deciders(row).includes(caller.principal))
    return refused('already-finished', `${caller.principal} has decided at level ${row.level}`);
  const taken = row.assignees.length >= level.needed && !row.assignees.includes(caller.principal);
  return taken
    ? refused('forbidden', `level ${row.level} was taken up by ${row.assignees.join(', ')}`)
    : { ok: true, value: level };
}

/** Notes what a person did, unless too much was noted already. */
function noted(row: ApprovalRow, action: ApprovalAction, patch: Partial<ApprovalRow>, now: number) {
  if (row.actions.length >= approvalActionsMax)
    return refused('too-large', `more than ${approvalActionsMax} actions; only decisions are taken now`);
  return { ok: true as const, value: changed(row, { ...patch, actions: [...row.actions, action] }, now) };
}

/** Takes a level up: others may not decide while all places are taken. A repeat changes nothing. */
export function claim(row: ApprovalRow, caller: Caller, now: number): Outcome<ApprovalRow> {
  const { principal: by } = caller;
  const admitted = admit(row, caller);
  if (!admitted.ok) return admitted;
  if (row.assignees.includes(by)) return { ok: true, value: row };
  return noted(row, { action: 'claimed', by, at: timeOf(now) }, { assignees: [...row.assignees, by] }, now);
}

/** Gives it back to the other candidates. Refused to whoever has not taken it up. */
export function release(row: ApprovalRow, caller: Caller, now: number): Outcome<ApprovalRow> {
  const { principal: by } = caller;
  const admitted = admit(row, caller);
  if (!admitted.ok) return admitted;
  if (!row.assignees.includes(by)) return { ok: true, value: row };
  const assignees = row.assignees.filter((each) => each !== by);
  return noted(row, { action: 'released', by, at: timeOf(now) }, { assignees }, now);
}

/** Lets another person decide in the caller's place. He may hand it on, or back. Refused for one who is asked already: each has one voice. */
export function delegate(
  row: ApprovalRow,
  caller: Caller,
  { to, comment }: { readonly to: string; readonly comment?: string | undefined },
  now: number,
): Outcome<ApprovalRow> {
  const { principal: by } = caller;
  const admitted = admit(row, caller);
  if (!admitted.ok) return admitted;
  const held = row.delegations.find((each) => each.to === by);
  const from = held?.from ?? by;
  const isAsked = admitted.value.users.includes(to) || row.delegations.some((each) => each.to === to);
  if (to !== from && (to === by || isAsked)) return refused('invalid-input', `${to} is asked already`, 'to');
  const barred = barredBy(row, row.level, to);
  if (barred !== undefined) return refused('forbidden', `four eyes: ${barred}`);
  const others = row.delegations.filter((each) => each !== held);
  const delegations = to === from ? others : [...others, { from, to }];
  if (delegations.length > delegationsMax)
    return refused('too-large', `a level can be delegated ${delegationsMax} times`, 'to');
  const assignees = [...row.assignees.filter((each) => each !== by), to];
  const at = timeOf(now);
  const action = { action: 'delegated' as const, by, at, to, ...(comment === undefined ? {} : { comment }) };
  return noted(row, action, { assignees, delegations }, now);
}

/** Notes a comment of anybody who is or was asked. */
export function remark(row: ApprovalRow, caller: Caller, comment: string, now: number): Outcome<ApprovalRow> {
  const { principal: by, groups } = caller;
  if (levelOf(row) === undefined) return refused('already-finished', `the approval is ${row.status}`, 'id');
  const isAsked = row.levels.some(
    ({ users, groups: asked }) => users.includes(by) || asked.some((group) => groups.includes(group)),
  );
  const took = row.delegations.some(({ to }) => to === by) || row.decisions.some((each) => each.by === by);
  if (!isAsked && !took) return refused('forbidden', `${by} is not asked at any level`);
  return noted(row, { action: 'commented', by, at: timeOf(now), comment }, {}, now);
}

/** What a person decides; the answer has the shape of the form already. */
export interface Vote {
  readonly decision: 'approved' | 'rejected';
  readonly level: number;
  readonly comment?: string | undefined;
  readonly answer?: Json | undefined;
}

function isRepeat(row: ApprovalRow, by: string, { decision, level, comment, answer }: Vote): boolean {
  const same = (one: unknown, other: unknown): boolean => canonicalJson(one ?? null) === canonicalJson(other ?? null);
  return row.decisions.some(
    (each) =>
      each.by === by &&
      each.level === level &&
      each.decision === decision &&
      same(each.comment, comment) &&
      same(each.answer, answer),
  );
}

/**
 * Decides at a level. One rejection ends the approval; enough approvals ask the next level, or end it. The same decision again changes nothing. Refused with
 * `already-finished` when the level is over, with `forbidden` for whoever is not asked.
 */
export function vote(row: ApprovalRow, caller: Caller, given: Vote, now: number, loads: Loads): Outcome<ApprovalRow> {
  const { principal: by } = caller;
  if (isRepeat(row, by, given)) return { ok: true, value: row };
  if (given.level < row.level) return refused('already-finished', `level ${given.level} is over`, 'level');
  const admitted = admit(row, caller);
  if (!admitted.ok) return admitted;
  if (given.level > row.level) return refused('not-started', `level ${row.level} comes first`, 'level');
  const { level, decision, comment, answer } = given;
  const made: Decision = {
    ...{ level, decision, by, at: timeOf(now) },
    ...(comment === undefined ? {} : { comment }),
    ...(answer === undefined ? {} : { answer }),
  };
  const assignees = row.assignees.includes(by) ? row.assignees : [...row.assignees, by];
  const voted = { ...row, assignees, decisions: [...row.decisions, made] };
  if (decision === 'rejected') return { ok: true, value: end(voted, 'Rejected', now) };
  if (deciders(voted).length < admitted.value.needed) return { ok: true, value: changed(voted, {}, now) };
  return { ok: true, value: enter(voted, row.level + 1, 'ApprovalRequested', now, loads) };
}

/** Whose inbox an approval is in: `user:<principal>` and `group:<name>`. */
export function inboxesOf(row: ApprovalRow): readonly string[] {
  const level = levelOf(row);
  if (level === undefined) return [];
  const gone = new Set([...deciders(row), ...row.delegations.map(({ from }) => from)]);
  const people = [...level.users, ...row.delegations.map(({ to }) => to)].filter(
    (user) => !gone.has(user) && barredBy(row, row.level, user) === undefined,
  );
  return [...new Set([...people.map((user) => `user:${user}`), ...level.groups.map((group) => `group:${group}`)])];
}

/** Who has it on the desk: the people who took it up, or were given it, and have not decided. */
export function loadOf(row: ApprovalRow): readonly string[] {
  if (levelOf(row) === undefined) return [];
  const done = deciders(row);
  return row.assignees.filter((each) => !done.includes(each));
}

/** What the node comes to, once there is a decision: the last one, with all that led to it. */
export function outcomeOf({ status, decisions, ended_at }: ApprovalRow): Json {
  const last = decisions.at(-1);
  const { by, comment, answer } = last ?? {};
  return {
    decision: status === 'Approved' ? 'approved' : 'rejected',
    ...(by === undefined ? { overdue: true } : { by }),
    ...(ended_at === undefined ? {} : { at: ended_at }),
    ...(comment === undefined ? {} : { comment }),
    ...(answer === undefined ? {} : { answer }),
    decisions: decisions as unknown as Json,
  };
}
