import type { Command } from 'commander';
import { runs } from '../command.ts';
import { table } from '../output.ts';

/** `cadre queues` */
export function addQueues(program: Command): void {
  program
    .command('queues')
    .description('list queues with their sizes')
    .addHelpText('after', '\nExample:\n  $ cadre queues')
    .action(
      runs(async ({ out, client }) => {
        out.data({ items: await (await client()).listQueues() }, ({ items }) =>
          table(
            ['QUEUE', 'TYPE', 'PRIORITY', 'SIZE'],
            items.map((queue) => [queue.id, queue.type, queue.priority_level, String(queue.current_size)]),
          ),
        );
        return undefined;
      }),
    );
}
