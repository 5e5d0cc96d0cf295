import type { Command } from 'commander';
import { runs } from '../../command.ts';
import { exitCodeOf } from '../../exit-codes.ts';
import { port } from '../../option-values.ts';

interface StartOptions {
  readonly endpoint?: string;
  readonly port?: number;
  readonly keep?: boolean;
  readonly out: string;
}

/** `cadre start [PATH]`, which is `npm start` */
export function addStart(program: Command): void {
  program
    .command('start [path]')
    .summary('everything at once: local cloud, twelve agents, a review of this folder')
    .description(
      'everything at once: local cloud, deployment, twelve agents, and a review of a source tree (default: this folder)',
    )
    .option('--endpoint <url>', 'use this cloud instead of the local one, for example LocalStack')
    .option('--port <port>', 'the port of the local cloud (default: a free one)', port)
    .option('--keep', 'leave everything running afterwards')
    .option('--out <folder>', 'where the reports go', 'cadre-report')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npm start\n  $ npm start -- --keep\n  $ npm start -- --endpoint http://localhost:4566',
    )
    .action(
      runs<[string | undefined, StartOptions]>(async ({ out }, path = '.', options) => {
        const [{ startEverything }, { reviewData, showReview }] = await Promise.all([
          import('../../start-job.ts'),
          import('../../review-summary.ts'),
        ]);
        const result = await startEverything({
          path,
          folder: options.out,
          out,
          keep: options.keep === true,
          ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
          ...(options.port === undefined ? {} : { port: options.port }),
        });
        out.data(reviewData(result), () => showReview(result));
        if (options.keep === true) {
          out.progress(
            '\nEverything is still running. Try: npx cadre status, npx cadre agents, npx cadre review PATH, npx cadre run FILE.',
          );
          out.progress('Stop it with: npx cadre down');
        }
        return exitCodeOf(result.view.status);
      }),
    );
}
