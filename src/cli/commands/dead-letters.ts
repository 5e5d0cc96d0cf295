import type { Command } from 'commander';
import type { DeadLetterView, RedriveOutcome } from '../../contracts/api.ts';
import { CadreError } from '../../contracts/errors.ts';
import { runs } from '../command.ts';
import { pageSize } from '../option-values.ts';
import { showTime, table } from '../output.ts';
import { facts } from '../views.ts';

/** `cadre dead-letters list|show|redrive` */
export function addDeadLetters(program: Command): void {
  const group = program
    .command('dead-letters')
    .description('failed tasks and unreadable messages: list, show, redrive')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre dead-letters list\n  $ cadre dead-letters show t1\n  $ cadre dead-letters redrive --all --dry-run',
    );

  group
    .command('list', { isDefault: true })
    .description('list them with their reasons, newest first')
    .option('--limit <count>', 'dead letters to a page, at most 100', pageSize)
    .option('--cursor <cursor>', 'the page after a listing that gave this cursor')
    .action(
      runs<[{ readonly limit?: number; readonly cursor?: string }]>(async ({ out, client }, { limit, cursor }) => {
        const page = await (
          await client()
        ).listDeadLetters({
          ...(limit === undefined ? {} : { limit }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        out.data(page, ({ items }) => showLetters(items));
        if (page.cursor !== undefined) out.progress(`More: cadre dead-letters list --cursor ${page.cursor}`);
        return undefined;
      }),
    );

  group
    .command('show <id>')
    .description('show one with its body')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        out.data(await (await client()).getDeadLetter(id), (letter) =>
          facts([
            ['id', letter.id],
            ['kind', letter.kind],
            ['from', letter.source],
            ['at', showTime(letter.at)],
            ['reason', `${letter.message} [${letter.code}]`],
            ['path', letter.path],
            ['body', letter.body === undefined ? undefined : JSON.stringify(letter.body, null, 2)],
          ]),
        );
        return undefined;
      }),
    );

  group
    .command('redrive [ids...]')
    .description('run failed tasks again, put unreadable messages back')
    .option('--all', 'all of them, up to 100 at once')
    .option('--dry-run', 'only say what would happen')
    .action(
      runs<[string[], { readonly all?: boolean; readonly dryRun?: boolean }]>(async ({ out, client }, ids, options) => {
        if ((ids.length === 0) !== (options.all === true)) {
          throw new CadreError('invalid-input', 'name the dead letters to redrive, or say --all');
        }
        const items = await (
          await client()
        ).redrive({
          ...(options.all === true ? {} : { ids }),
          dry_run: options.dryRun === true,
        });
        out.data({ items }, () => showOutcomes(items));
        return items.some((item) => item.outcome === 'refused') ? 1 : 0;
      }),
    );
}

function showLetters(items: readonly DeadLetterView[]): string {
  if (items.length === 0) return 'No dead letters.';
  const rows = items.map((one) => [one.id, one.kind, one.code, showTime(one.at), one.message.slice(0, 80)]);
  return table(['ID', 'KIND', 'CODE', 'AT', 'REASON'], rows);
}

function showOutcomes(items: readonly RedriveOutcome[]): string {
  if (items.length === 0) return 'Nothing to redrive.';
  const rows = items.map((one) => [one.id, one.kind ?? '-', one.outcome, one.error?.message ?? '']);
  return table(['ID', 'KIND', 'OUTCOME', 'REASON'], rows);
}
