import type { Command } from 'commander';
import type { ForgetAnswer } from '../../../contracts/context/subjects.ts';
import { runs } from '../../command.ts';
import { type PageOptions, paged, tellMore } from '../../listing.ts';
import { showTime, table } from '../../output.ts';

interface SubjectOptions extends PageOptions {
  readonly namespace?: string;
  readonly subject?: string;
  readonly reason?: string;
}

/** `cadre context export|erase|certificates` */
export function addSubjects(command: (usage: string, description: string) => Command): void {
  command('export', 'all that is stored of one subject: every version and conflict, a JSON line each')
    .requiredOption('--subject <id>', 'whose data')
    .addHelpText('after', '\nExample:\n  $ cadre context export --subject alice@example.com > alice.jsonl')
    .action(
      runs<[SubjectOptions]>(async ({ out, client }, { namespace, subject = '' }) => {
        const { contexts } = await client();
        const request = { subject, ...(namespace === undefined ? {} : { namespace }) };
        const items: unknown[] = [];
        let cursor: string | undefined;
        do {
          const page = await contexts.export({ ...request, ...(cursor === undefined ? {} : { cursor }) });
          items.push(...page.items);
          ({ cursor } = page);
        } while (cursor !== undefined);
        out.data({ items }, () => items.map((item) => JSON.stringify(item)).join('\n'));
        return undefined;
      }),
    );
  command('erase', 'erase all that is stored of one subject; call it again for the certificate')
    .requiredOption('--subject <id>', 'whose data')
    .requiredOption('--reason <text>', 'why')
    .addHelpText('after', "\nExample:\n  $ cadre context erase --subject alice@example.com --reason 'request 17'")
    .action(
      runs<[SubjectOptions]>(async ({ out, client }, { namespace, subject = '', reason = '' }) => {
        const request = { subject, reason, ...(namespace === undefined ? {} : { namespace }) };
        const answer: ForgetAnswer = await (await client()).contexts.forget(request);
        out.data(answer, (shown) =>
          shown.outcome === 'done'
            ? JSON.stringify(shown.certificate, null, 2)
            : `${String(shown.documents.length)} documents are being erased, ${String(shown.held.length)} are held.`,
        );
        if (answer.outcome === 'done' && answer.more) out.progress('More is stored of this subject: call it again.');
        if (answer.outcome === 'erasing') out.progress('Call it again in some minutes for the certificate.');
        return undefined;
      }),
    );
  paged(command('certificates', 'list the certificates of what was erased, newest first'), 'certificates')
    .addHelpText('after', '\nExample:\n  $ cadre context certificates')
    .action(
      runs<[SubjectOptions]>(async ({ out, client }, options) => {
        const page = await (await client()).contexts.certificates(options);
        out.data(page, ({ items }) =>
          table(
            ['NUMBER', 'SUBJECT', 'ISSUED', 'ERASED', 'HELD', 'HASH'],
            items.map(({ number, subject, issued_at, documents, held, hash }) => [
              String(number),
              subject,
              showTime(issued_at),
              String(documents.length),
              String(held.length),
              hash,
            ]),
          ),
        );
        tellMore(out, page);
        return undefined;
      }),
    );
}
