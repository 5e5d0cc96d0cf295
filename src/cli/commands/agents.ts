import type { Command } from 'commander';
import { runs } from '../command.ts';
import { showAgent, showAgents } from '../views.ts';

/** `cadre agents [ID]`, and what is done with one. */
export function addAgents(program: Command): void {
  const agents = program
    .command('agents [id]')
    .summary('list agents, or show one; drain, revive, remove')
    .description(
      'list agents: what they can do, how they are, what they hold; or show one with its figures by task type',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ cadre agents
  $ cadre agents reader-1
  $ cadre agents drain reader-1 --reason upgrade
  $ cadre agents revive reader-1

To take from an agent what it holds: cadre kill agent ID --reason TEXT.`,
    )
    .action(
      runs<[string | undefined]>(async ({ out, client }, id) => {
        const cadre = await client();
        if (id === undefined) out.data({ items: await cadre.listAgents() }, ({ items }) => showAgents(items));
        else out.data(await cadre.getAgent(id), showAgent);
        return undefined;
      }),
    );
  agents
    .command('drain <id>')
    .description('give the agent no new work; what it holds it may finish')
    .requiredOption('--reason <text>', 'why; it is kept')
    .addHelpText('after', '\nExample:\n  $ cadre agents drain reader-1 --reason upgrade')
    .action(
      runs<[string, { readonly reason: string }]>(async ({ out, client }, id, { reason }) => {
        out.data(await (await client()).drainAgent(id, reason), showAgent);
        return undefined;
      }),
    );
  agents
    .command('revive <id>')
    .description('let an agent that was drained or killed get work again')
    .addHelpText('after', '\nExample:\n  $ cadre agents revive reader-1')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        out.data(await (await client()).reviveAgent(id), showAgent);
        return undefined;
      }),
    );
  agents
    .command('remove <id>')
    .description('deregister the agent; its work goes to others')
    .addHelpText('after', '\nExample:\n  $ cadre agents remove reader-1')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        await (await client()).deregisterAgent(id);
        out.data({ id, removed: true }, () => `Agent ${id} is deregistered.`);
        return undefined;
      }),
    );
}
