import type { Command } from 'commander';
import { CadreError } from '../../../contracts/errors.ts';
import { runs } from '../../command.ts';
import { wholeNumber } from '../../option-values.ts';

const linesDefault = 40;

/** `cadre logs [NAME]` */
export function addLogs(program: Command): void {
  program
    .command('logs [name]')
    .summary('logs of the local cloud and its agents')
    .description('list the logs of the local cloud and its agents, or show the end of one')
    .option('--lines <count>', 'lines to show', wholeNumber(1, 100_000), linesDefault)
    .option('--follow', 'go on as the log grows')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre logs\n  $ cadre logs agent-scout-1 --lines 100\n  $ cadre logs cloud --follow',
    )
    .action(
      runs<[string | undefined, { readonly lines: number; readonly follow?: boolean }]>(
        async ({ out }, name, { lines, follow }) => {
          const { listLogs, tailLog, followLog } = await import('../../local-logs.ts');
          const logs = await listLogs();
          if (name === undefined) {
            out.data({ items: logs }, () =>
              logs.length === 0
                ? 'No logs yet: start something with `npx cadre up` or `npm start`.'
                : logs.map((log) => log.name).join('\n'),
            );
            return undefined;
          }
          const log = logs.find((one) => one.name === name);
          if (log === undefined) {
            const known = logs.map((one) => one.name).join(', ') || 'none';
            throw new CadreError('not-found', `there is no log ${name}; there are: ${known}`);
          }
          const { text, size } = await tailLog(log.path, lines);
          out.data({ name, text }, () => text);
          if (follow === true) await followLog(log.path, size, (more) => void process.stdout.write(more));
          return undefined;
        },
      ),
    );
}
