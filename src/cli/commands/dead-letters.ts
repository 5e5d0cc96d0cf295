import type { Command } from 'commander';
import type { DeadLetterView, RedriveOutcome } from '../../contracts/api.ts';
import { CadreError } from '../../contracts/errors.ts';
import { runs } from '../command.ts';
import { pageOf, type PageOptions, paged, tellMore } from '../listing.ts';
import { showTime, table } from '../output.ts';
import { facts } from '../views.ts';

/** `cadre dead-letters [ID]`, `cadre dead-letters redrive` */
export function addDeadLetters(program: Command): void {
  const group = paged(program.command('dead-letters [id]'), 'dead letters')
    .summary('failed tasks and unreadable messages; redrive')
    .description(
      'list failed tasks and unreadable messages with their reasons, newest first; or show one with its body',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre dead-letters\n  $ cadre dead-letters t1\n  $ cadre dead-letters redrive --all --dry-run',
    )
    .action(
      runs<[string | undefined, PageOptions]>(async ({ out, client }, id, options) => {
        const cadre = await client();
        if (id !== undefined) {
          out.data(await cadre.getDeadLetter(id), showLetter);
          return undefined;
        }
        const page = await cadre.listDeadLetters(pageOf(options));
        out.data(page, ({ items }) => showLetters(items));
        tellMore(out, page);
        return undefined;
      }),
    );

  group
    .command('redrive [ids...]')
    .description(
      'run failed tasks again, put unreadable messages back: the named ones, or --all; exits 1 when one is refused',
    )
    .option('--all', 'all of them, up to 100 at once')
    .option('--dry-run', 'only say what would happen')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre dead-letters redrive t1 t2
  $ cadre dead-letters redrive --all --dry-run`,
    )
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

function showLetter(letter: DeadLetterView): string {
  return facts([
    ['id', letter.id],
    ['kind', letter.kind],
    ['from', letter.source],
    ['at', showTime(letter.at)],
    ['reason', `${letter.message} [${letter.code}]`],
    ['path', letter.path],
    ['body', letter.body === undefined ? undefined : JSON.stringify(letter.body, null, 2)],
  ]);
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
