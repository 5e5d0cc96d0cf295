import type { Command } from 'commander';
import { runs } from '../../command.ts';
import { counted } from '../../output.ts';

/** `cadre down` */
export function addDown(program: Command): void {
  program
    .command('down')
    .summary('stop the local cloud and its agents')
    .description('stop the local cloud and the agents that were left running; everything in it is gone')
    .addHelpText('after', '\nExample:\n  $ cadre down')
    .action(
      runs(async ({ out }) => {
        const [{ stopCloud }, { stopKeptFleet }] = await Promise.all([
          import('../../local/cloud.ts'),
          import('../../fleet/kept-fleet.ts'),
        ]);
        const agents = await stopKeptFleet();
        const stopped = await stopCloud();
        out.data({ stopped, agents }, () =>
          stopped
            ? `The local cloud is stopped${agents > 0 ? `, with ${counted(agents, 'agent')}` : ''}.`
            : 'No local cloud was running.',
        );
        return undefined;
      }),
    );
}
