import type { Command } from 'commander';
import { runs } from '../command.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** `cadre simulate` */
export function addSimulate(program: Command): void {
  program
    .command('simulate')
    .summary('what another policy or fleet would do, in virtual time')
    .description('run the scheduler in virtual time on generated or recorded work, and compare policies and fleets')
    .option(
      '--policy <name>',
      'default, a strategy, a file with a routing policy, or fifo-random (the yardstick); give several',
      collect,
    )
    .option(
      '--agents <n|+n|-n|file>',
      'how many, how many more or fewer (another run), or a JSON file of groups',
      collect,
    )
    .option('--slots <n>', 'tasks that an agent runs at a time (default: 1)')
    .option('--trace <file>', 'JSON lines of tasks that came, instead of generated ones; - reads stdin')
    .option('--token-rates <in,out>', 'tokens a second of a trace that gives tokens (default: 10000,50)')
    .option('--tasks <n>', 'how many to generate (default: 10000)')
    .option('--rate <n>', 'tasks a second (default: as many as make the load)')
    .option('--load <share>', "share of the agents' time that the work fills (default: 0.8)")
    .option('--mix <level=share,...>', 'levels of generated tasks, and of trace lines that name none')
    .option('--duration-ms <ms>', 'mean working time of generated tasks (default: 10000)')
    .option('--durations <shape>', 'lognormal, exponential or fixed (default: lognormal)')
    .option('--deadline-ms <ms>', 'a deadline for every generated task, from its submission')
    .option(
      '--escalate <level=ms,...>',
      'tasks with a deadline that still wait so long before it rise to these levels, one after the other',
    )
    .option('--hedge', 'tasks that run longer than 95 % of those before them run a second time on an idle agent')
    .option('--seed <n>', 'everything left to chance (default: 1)')
    .option('--cloud <model>', 'aws (default): calls take as long as the table says; instant: none takes time')
    .option('--plot <file>', 'also draw waits by level and utilisation over time, as SVG')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre simulate --policy default --policy fifo-random
  $ cadre simulate --trace requests.jsonl --agents 30 --agents +5 --plot what-if.svg
  $ cadre simulate --mix low=1 --deadline-ms 600000 --escalate high=300000,critical=60000
  $ cadre simulate --tasks 100000 --agents 100 --load 0.95 --json | jq .wait_ms.critical.p95`,
    )
    .action(
      runs<[Record<string, unknown>]>(async ({ out }, options) => {
        const [{ readComparison, showReports, warningsOf, writePlot }, { compare, verdictOf }] = await Promise.all([
          import('../simulate.ts'),
          import('../../simulator/compare.ts'),
        ]);
        const comparison = await readComparison(options);
        for (const warning of warningsOf(comparison)) out.note(warning);
        // Before the work, which may take minutes: a plot that cannot be written is told at once.
        if (comparison.plot !== undefined) await writePlot(comparison.plot, '');
        out.progress(`${comparison.work.length} tasks, seed ${comparison.seed}`);
        const compared = [...compare(comparison)];
        const reports = compared.map(({ report }) => report);
        const verdict = verdictOf(reports);
        if (comparison.plot !== undefined) {
          const { plotOf } = await import('../../simulator/plot.ts');
          await writePlot(comparison.plot, plotOf(compared, verdict));
        }
        if (out.json) for (const report of reports) out.data(report, () => '');
        else out.data(reports, (all) => `${showReports(all)}\n\n${verdict}`);
        return undefined;
      }),
    );
}
