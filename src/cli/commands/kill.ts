import { Argument, type Command } from 'commander';
import { runs } from '../command.ts';
import { showNamespace } from './namespaces.ts';
import { showAgent, showTask, showWorkflow } from '../views.ts';

type Kind = 'agent' | 'workflow' | 'task' | 'namespace';

/** `cadre kill KIND ID` */
export function addKill(program: Command): void {
  program
    .command('kill')
    .summary('stop an agent, a workflow, a task or a namespace at once')
    .description('stop an agent, a workflow, a task or a namespace at once; what it still reports is refused')
    .addArgument(
      new Argument('<kind>', 'what to kill').choices(['agent', 'workflow', 'task', 'namespace'] satisfies Kind[]),
    )
    .argument('<id>', 'which one')
    .requiredOption('--reason <text>', 'why; it is kept, and told to agents and in events')
    .addHelpText(
      'after',
      `
An agent loses what it holds: its tasks go to others with no attempt counted, and it gets no work until it is revived (cadre agents revive ID).
A task fails with "killed", also one of a workflow; of its own it becomes a dead letter. A workflow is cancelled with all that runs in it.
All work of a namespace is cancelled, and nothing new of it is accepted until it is revived (cadre namespaces revive NAME).

Examples:
  $ cadre kill agent reader-1 --reason "writes nonsense"
  $ cadre kill task my-run:fetch --reason "endless loop"
  $ cadre kill workflow my-run --reason "wrong input"`,
    )
    .action(
      runs<[Kind, string, { readonly reason: string }]>(async ({ out, client }, kind, id, { reason }) => {
        const cadre = await client();
        if (kind === 'agent') out.data(await cadre.killAgent(id, reason), showAgent);
        else if (kind === 'task') out.data(await cadre.killTask(id, reason), showTask);
        else if (kind === 'namespace') out.data(await cadre.killNamespace(id, reason), showNamespace);
        else out.data(await cadre.cancelWorkflow(id, reason, { graceMs: 0 }), showWorkflow);
        return undefined;
      }),
    );
}
