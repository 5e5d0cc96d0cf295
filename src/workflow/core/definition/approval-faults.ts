import type { Fault } from '../../../contracts/errors.ts';
import { approvalDecisionsMax, candidatesMax } from '../../../contracts/limits.ts';
import type { ApprovalNode } from '../../../contracts/workflow/nodes.ts';
import { timeZoneFault } from '../approvals/local-time.ts';

type Level = ApprovalNode['levels'][number];

/** The expression that gives something, where it is not written out. */
function textOf(written: unknown): string | undefined {
  const isExpression = typeof written === 'object' && written !== null && 'expression' in written;
  return isExpression ? (written as { readonly expression: string }).expression : undefined;
}

/** The expressions of an approval, with their paths behind the node's. */
export function approvalExpressions(node: ApprovalNode): readonly (readonly [string, string | undefined])[] {
  const { title, description, input, levels } = node;
  return [
    ['.title.expression', textOf(title)],
    ['.description.expression', textOf(description)],
    ['.input', input],
    ...levels.flatMap(({ candidates }, index) => [
      [`.levels[${index}].candidates.users.expression`, textOf(candidates.users)] as const,
      [`.levels[${index}].candidates.groups.expression`, textOf(candidates.groups)] as const,
    ]),
  ];
}

function candidateFaults({ candidates: { users, groups }, needed, assign }: Level, path: string): Fault[] {
  const fault = (place: string, message: string, fix: string): Fault[] => [
    { code: 'invalid-input', path: `${path}${place}`, message, fix },
  ];
  const named = Array.isArray(users) ? new Set(users).size : undefined;
  const grouped = Array.isArray(groups) ? new Set(groups).size : undefined;
  if (named === 0 && grouped === 0) return fault('.candidates', 'nobody is asked', 'name users or groups');
  if ((named ?? 0) + (grouped ?? 0) > candidatesMax)
    return fault('.candidates', `more than ${candidatesMax} users and groups`, 'ask groups instead of their members');
  if (assign === 'least_loaded' && grouped !== 0)
    return fault('.assign', 'the members of a group cannot be counted', 'name the users, or leave assign out');
  if (grouped === 0 && named !== undefined && named < needed)
    return fault('.needed', `${needed} of ${named} users are needed`, 'ask for fewer, or name more');
  return [];
}

function levelFaults(level: Level, isLast: boolean, path: string): Fault[] {
  const { sla_ms, remind_ms, on_overdue } = level;
  const faults = candidateFaults(level, path);
  if (remind_ms !== undefined && remind_ms >= sla_ms)
    faults.push({
      code: 'invalid-input',
      path: `${path}.remind_ms`,
      message: 'the reminder comes when the time is over',
      fix: 'remind before sla_ms',
    });
  if (isLast && on_overdue === 'escalate')
    faults.push({
      code: 'invalid-input',
      path: `${path}.on_overdue`,
      message: 'the last level has no level to escalate to',
      fix: 'say approve or reject, or add a level',
    });
  return faults;
}

/** What is wrong with an approval beyond its shape and its expressions. */
export function approvalFaults({ levels, calendar }: ApprovalNode, path: string): readonly Fault[] {
  const faults = levels.flatMap((level, index) =>
    levelFaults(level, index === levels.length - 1, `${path}.levels[${index}]`),
  );
  const needed = levels.reduce((sum, level) => sum + level.needed, 0);
  if (needed > approvalDecisionsMax)
    faults.push({
      code: 'too-large',
      path: `${path}.levels`,
      message: `${needed} approvals are needed together, more than ${approvalDecisionsMax}`,
      fix: 'ask for fewer, or use several nodes',
    });
  if (calendar !== undefined) {
    faults.push(...timeZoneFault(calendar.time_zone, `${path}.calendar.time_zone`, 'invalid-input'));
    if (calendar.from >= calendar.until)
      faults.push({
        code: 'invalid-input',
        path: `${path}.calendar.until`,
        message: `the working day ends at ${calendar.until}, not after it begins at ${calendar.from}`,
        fix: 'correct the hours',
      });
  }
  return faults;
}
