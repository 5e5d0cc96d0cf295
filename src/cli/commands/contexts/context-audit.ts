import type { Command } from 'commander';
import { runs } from '../../command.ts';
import { type PageOptions, paged, tellMore } from '../../listing.ts';
import { moment } from '../../option-values.ts';
import { showTime, table } from '../../output.ts';

interface AuditOptions extends PageOptions {
  readonly namespace?: string;
  readonly from?: string;
  readonly to?: string;
  readonly principal?: string;
  readonly under?: string;
}

/** `cadre context audit` */
export function addAudit(command: (usage: string, description: string) => Command): void {
  paged(
    command('audit', 'who was refused, who read and wrote, and what was done with subjects, newest first'),
    'entries',
  )
    .option('--from <time>', 'at this time or later (default: a day before --to)', moment)
    .option('--to <time>', 'at this time or earlier (default: now)', moment)
    .option('--principal <principal>', 'only of this one')
    .option('--under <path>', 'only at and below this path')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context audit
  $ cadre context audit --from 2026-11-01T00:00:00Z --principal alice --under project`,
    )
    .action(
      runs<[AuditOptions]>(async ({ out, client }, options) => {
        const page = await (await client()).contexts.audit(options);
        out.data(page, ({ items }) =>
          table(
            ['AT', 'WHO', 'ACTION', 'OUTCOME', 'DOCUMENT'],
            items.map(({ at, principal, action, outcome, context_id, documents = [], subject = '' }) => [
              ...[showTime(at), principal, action, outcome],
              context_id ?? (documents.map((document) => document.context_id).join(' ') || subject),
            ]),
          ),
        );
        tellMore(out, page);
        return undefined;
      }),
    );
}
