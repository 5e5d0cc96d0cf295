import type { Command } from 'commander';
import { runs } from '../../command.ts';
import { exitCodeOf } from '../../exit-codes.ts';

/** `cadre review [PATH]` */
export function addReview(program: Command): void {
  program
    .command('review [path]')
    .summary('review a source tree with a fleet of agents')
    .description('review a source tree with a fleet of agents and write a report (default: this folder)')
    .option('--out <folder>', 'where the reports go', 'cadre-report')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre review\n  $ cadre review ../other --out /tmp/report --json | jq .by_severity',
    )
    .action(
      runs<[string | undefined, { readonly out: string }]>(async ({ out, client }, path = '.', options) => {
        const cadre = await client();
        const [{ interruptible }, { provideReviewFleet }, { refuseNoFolder, reviewTree }, { reviewData, showReview }] =
          await Promise.all([
            import('../../local/interrupt.ts'),
            import('../../fleet/review-fleet.ts'),
            import('../../review-job.ts'),
            import('../../review-summary.ts'),
          ]);
        await refuseNoFolder(path);
        return interruptible(async (signal) => {
          const fleet = await provideReviewFleet(cadre, { out, signal });
          try {
            const result = await reviewTree(cadre, path, options.out, { out, signal });
            out.data(reviewData(result), () => showReview(result));
            return exitCodeOf(result.view.status);
          } finally {
            await fleet?.stop();
          }
        });
      }),
    );
}
