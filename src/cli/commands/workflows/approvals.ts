import type { Command } from 'commander';
import type { ApprovalView, InboxView } from '../../../contracts/workflow/approval.ts';
import type { Json } from '../../../contracts/json.ts';
import type { ApprovalCalls } from '../../../sdk/client/approval-calls.ts';
import { runs } from '../../command.ts';
import { type PageOptions, paged, tellMore } from '../../listing.ts';
import { pageSize } from '../../option-values.ts';
import { showDuration, showTime, table } from '../../output.ts';
import { facts } from '../../views.ts';

/** `cadre approvals [ID]`, and what people do with one. */
export function addApprovals(program: Command): void {
  const group = paged(program.command('approvals [id]'), 'approvals')
    .summary('what waits for your decision, or show one; approve, reject, delegate …')
    .description(
      'list what waits for you and your groups, what is due first; or show one: who is asked, what was decided, what the form asks for',
    )
    .option('--group <name>', 'only what waits for this group of yours')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre approvals                                   what waits for you and your groups
  $ cadre approvals expense-7:approve
  $ cadre approvals approve expense-7:approve --comment "fine" --answer '{"cost_center": "R1"}'
  $ cadre approvals reject expense-7:approve --comment "no receipt"`,
    )
    .action(
      runs<[string | undefined, ListOptions]>(async ({ out, client }, id, options) => {
        const { approvals } = await client();
        if (id !== undefined) {
          out.data(await approvals.get(id), showApproval);
          return undefined;
        }
        const page = await approvals.list(options);
        out.data(page, (inbox) => showInbox(inbox, Date.now()));
        tellMore(out, page);
        return undefined;
      }),
    );
  addPassing(group);
  addDeciding(group);
}

interface ListOptions extends PageOptions {
  readonly group?: string;
}

/** A command that does one thing with an approval and shows it. */
function act<A extends unknown[]>(
  command: Command,
  does: (calls: ApprovalCalls, id: string, ...args: A) => Promise<ApprovalView>,
): void {
  command.action(
    runs<[string, ...A]>(async ({ out, client }, id, ...args) => {
      out.data(await does((await client()).approvals, id, ...args), showApproval);
      return undefined;
    }),
  );
}

function addPassing(group: Command): void {
  act(
    group
      .command('claim <id>')
      .description('take it up, so that nobody else decides meanwhile')
      .addHelpText('after', '\nExample:\n  $ cadre approvals claim expense-7:approve'),
    (approvals, id) => approvals.claim(id),
  );
  act(
    group
      .command('release <id>')
      .description('give it back to the other candidates')
      .addHelpText('after', '\nExample:\n  $ cadre approvals release expense-7:approve'),
    (approvals, id) => approvals.release(id),
  );
  act<[string, { readonly comment?: string }]>(
    group
      .command('delegate <id> <person>')
      .description('let another person decide in your place')
      .option('--comment <text>', 'why')
      .addHelpText('after', '\nExample:\n  $ cadre approvals delegate expense-7:approve bob --comment "on holiday"'),
    (approvals, id, person, { comment }) => approvals.delegate(id, person, comment),
  );
  act<[string]>(
    group
      .command('comment <id> <text>')
      .description('say something about it')
      .addHelpText('after', '\nExample:\n  $ cadre approvals comment expense-7:approve "which trip was this?"'),
    (approvals, id, text) => approvals.comment(id, text),
  );
}

interface DecideOptions {
  readonly comment?: string;
  readonly answer?: string;
  readonly level?: number;
}

function addDeciding(group: Command): void {
  for (const [name, description, example] of [
    ['approve', 'approve it at the level that decides now', '--comment "fine" --answer \'{"cost_center": "R1"}\''],
    ['reject', 'reject it, which ends it', '--comment "no receipt"'],
  ] as const) {
    act<[DecideOptions]>(
      group
        .command(`${name} <id>`)
        .description(description)
        .option('--comment <text>', 'what to say about it')
        .option('--answer <json>', 'what the form asks for: JSON, or @FILE')
        .option('--level <number>', 'only at this level', pageSize)
        .addHelpText('after', `\nExample:\n  $ cadre approvals ${name} expense-7:approve ${example}`),
      async (approvals, id, { comment, answer, level }) => {
        const { readJsonArgument } = await import('../../read-input.ts');
        const given = answer === undefined ? {} : { answer: (await readJsonArgument(answer, '--answer')) as Json };
        return approvals[name](id, { comment, level, ...given });
      },
    );
  }
}

/** How long until a time, or since. */
function showDue(due_at: string | undefined, now: number): string {
  if (due_at === undefined) return '-';
  const left = Date.parse(due_at) - now;
  return left < 0 ? `${showDuration(-left)} ago` : `in ${showDuration(left)}`;
}

function showInbox({ items, principal, groups }: InboxView, now: number): string {
  const whose = `${principal}${groups.length === 0 ? '' : ` (${groups.join(', ')})`}`;
  if (items.length === 0) return `Nothing waits for ${whose}.`;
  const rows = items.map((one) => [
    one.approval_id,
    one.title,
    one.levels_count === 1 ? '-' : `${one.level} of ${one.levels_count}`,
    showDue(one.due_at, now),
    one.assignees.length === 0 ? '-' : one.assignees.join(', '),
  ]);
  return table(['APPROVAL', 'TITLE', 'LEVEL', 'DUE', 'TAKEN UP BY'], rows);
}

function showLevel({ users, groups, needed }: ApprovalView['levels'][number]): string {
  const asked = [...users, ...groups.map((group) => `group ${group}`)].join(', ');
  return `${needed} of ${asked}`;
}

function showApproval(one: ApprovalView): string {
  const { status, level, levels, decisions, actions, delegations } = one;
  const head = facts([
    ['approval', one.approval_id],
    ['title', one.title],
    ['status', status === 'Open' && levels.length > 1 ? `Open, level ${level} of ${levels.length}` : status],
    ['description', one.description],
    ['input', one.input === undefined ? undefined : JSON.stringify(one.input)],
    ['form', one.form === undefined ? undefined : JSON.stringify(one.form)],
    ...levels.map((each, index) => [levels.length === 1 ? 'asked' : `level ${index + 1}`, showLevel(each)] as const),
    ['taken up by', one.assignees.length === 0 ? undefined : one.assignees.join(', ')],
    [
      'delegated',
      delegations.length === 0 ? undefined : delegations.map(({ from, to }) => `${from} → ${to}`).join(', '),
    ],
    ['due', status === 'Open' ? showTime(one.due_at) : undefined],
  ]);
  const happened = [
    ...actions.map(({ at, by, action, to, comment }) => [at, by, [action, to].filter(Boolean).join(' to '), comment]),
    ...decisions.map(({ at, by, decision, comment, answer }) => [
      at,
      by ?? 'its time was over',
      decision,
      [comment, answer === undefined ? undefined : JSON.stringify(answer)].filter(Boolean).join(' '),
    ]),
  ].sort(([one = ''], [other = '']) => (one < other ? -1 : 1));
  if (happened.length === 0) return head;
  const rows = happened.map(([at, who, what, said]) => [showTime(at), who ?? '', what ?? '', said ?? '']);
  return `${head}\n\n${table(['WHEN', 'WHO', 'WHAT', 'SAID'], rows)}`;
}
