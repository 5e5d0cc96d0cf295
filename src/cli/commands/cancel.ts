import type { Command } from 'commander';
import { runs } from '../command.ts';
import { showTask, showWorkflow } from '../views.ts';

/** `cadre cancel ID` */
export function addCancel(program: Command): void {
  program
    .command('cancel <id>')
    .description('cancel a workflow or a task; running work is told to stop')
    .option('--reason <text>', 'why; agents and the audit trail see it')
    .addHelpText('after', '\nExample:\n  $ cadre cancel my-run --reason "wrong input"')
    .action(
      runs<[string, { readonly reason?: string }]>(async ({ out, client }, id, { reason }) => {
        const cadre = await client();
        const { findWork } = await import('../find-work.ts');
        const work = await findWork(cadre, id);
        if (work.kind === 'workflow') out.data(await cadre.cancelWorkflow(id, reason), showWorkflow);
        else out.data(await cadre.cancelTask(id, reason), showTask);
        return undefined;
      }),
    );
}
