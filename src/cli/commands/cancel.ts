import type { Command } from 'commander';
import { cancelGraceMsMax } from '../../contracts/limits.ts';
import { runs } from '../command.ts';
import { milliseconds } from '../option-values.ts';
import { showTask, showWorkflow } from '../views.ts';

interface CancelFlags {
  readonly reason?: string;
  readonly grace?: number;
  readonly force?: boolean;
  readonly compensate?: boolean;
}

/** `cadre cancel ID` */
export function addCancel(program: Command): void {
  program
    .command('cancel <id>')
    .summary('cancel a workflow or a task')
    .description('cancel a workflow or a task; what runs is told to stop, in a workflow with time to end by itself')
    .option('--reason <text>', 'why; agents and the audit trail see it')
    .option(
      '--grace <time>',
      'what runs in a workflow may end by itself for so long (default: 30s)',
      milliseconds(0, cancelGraceMsMax),
    )
    .option('--force', 'stop what runs at once; also what undoes the work of a cancelled workflow')
    .option('--compensate', 'undo what completed in a workflow (default: what its definition says by on_cancel)')
    .option('--no-compensate', 'undo nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  $ cadre cancel my-run --reason "wrong input"\n  $ cadre cancel my-run --force\n  $ cadre cancel my-run --compensate',
    )
    .action(
      runs<[string, CancelFlags]>(async ({ out, client }, id, { reason, grace, force = false, compensate }) => {
        const options = {
          ...(force ? { graceMs: 0 } : grace === undefined ? {} : { graceMs: grace }),
          ...(compensate === undefined ? {} : { compensate }),
        };
        const cadre = await client();
        const { findWork } = await import('../find-work.ts');
        const work = await findWork(cadre, id);
        if (work.kind === 'workflow') out.data(await cadre.cancelWorkflow(id, reason, options), showWorkflow);
        else out.data(await cadre.cancelTask(id, reason), showTask);
        return undefined;
      }),
    );
}
