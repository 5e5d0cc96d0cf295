import type { Command } from 'commander';
import { CadreError } from '../../contracts/errors.ts';
import { runs } from '../command.ts';
import { showAgent, showAgents } from '../views.ts';

interface Options {
  readonly drain?: string;
  readonly revive?: boolean;
  readonly remove?: boolean;
}

/** `cadre agents` */
export function addAgents(program: Command): void {
  program
    .command('agents [id]')
    .description('list agents: what they can do, how they are, what they hold')
    .option('--drain <reason>', 'give the agent no new work; what it holds it may finish')
    .option('--revive', 'let an agent that was drained or killed get work again')
    .option('--remove', 'deregister the agent; its work goes to others')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre agents
  $ cadre agents reader-1                  with its figures by task type
  $ cadre agents reader-1 --drain upgrade
  $ cadre agents reader-1 --revive
  $ cadre agents old-agent --remove

To take from an agent what it holds: cadre kill agent ID --reason TEXT.`,
    )
    .action(
      runs<[string | undefined, Options]>(async ({ out, client }, id, { drain, revive, remove }) => {
        const cadre = await client();
        const chosen = [drain, revive, remove].filter((option) => option !== undefined);
        if (chosen.length > (id === undefined ? 0 : 1))
          throw new CadreError('invalid-input', 'name one agent, and one of --drain, --revive and --remove');
        if (id === undefined) {
          out.data({ items: await cadre.listAgents() }, ({ items }) => showAgents(items));
        } else if (drain !== undefined) {
          out.data(await cadre.drainAgent(id, drain), showAgent);
        } else if (revive === true) {
          out.data(await cadre.reviveAgent(id), showAgent);
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
