import type { Command } from 'commander';
import { runs } from '../command.ts';
import { showAgent, showAgents } from '../views.ts';

/** `cadre agents` */
export function addAgents(program: Command): void {
  program
    .command('agents [id]')
    .description('list agents: what they can do, how they are, what they hold')
    .option('--remove', 'deregister the agent; its work goes to others')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre agents\n  $ cadre agents reader-1      with its figures by task type\n  $ cadre agents old-agent --remove',
    )
    .action(
      runs<[string | undefined, { readonly remove?: boolean }]>(async ({ out, client }, id, { remove }) => {
        const cadre = await client();
        if (id === undefined) {
          out.data({ items: await cadre.listAgents() }, ({ items }) => showAgents(items));
        } else if (remove === true) {
          await cadre.deregisterAgent(id);
          out.data({ id, removed: true }, () => `Agent ${id} is deregistered.`);
        } else {
          out.data(await cadre.getAgent(id), showAgent);
        }
        return undefined;
      }),
    );
}
