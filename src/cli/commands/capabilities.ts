import type { Command } from 'commander';
import { runs } from '../command.ts';
import { style, table } from '../output.ts';

/** `cadre capabilities` */
export function addCapabilities(program: Command): void {
  program
    .command('capabilities')
    .description('list capabilities: who offers them, how much of it is free, what waits for it')
    .addHelpText(
      'after',
      "\nExamples:\n  $ cadre capabilities\n  $ cadre capabilities --json | jq '.items[] | select(.agents < 2)'",
    )
    .action(
      runs(async ({ out, client }) => {
        out.data({ items: await (await client()).listCapabilities() }, ({ items }) =>
          items.length === 0
            ? 'No agent offers a capability, and no task requires one.'
            : table(
                ['CAPABILITY', 'AGENTS', 'AVAILABLE', 'FREE SLOTS', 'WAITING'],
                items.map(({ capability, agents, available, free, slots, waiting }) => [
                  capability,
                  agents === 0 ? style('red', 'none') : String(agents),
                  String(available),
                  `${free} of ${slots}`,
                  String(waiting),
                ]),
              ),
        );
        return undefined;
      }),
    );
}
