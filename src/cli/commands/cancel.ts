import type { Command } from 'commander';
import { cancelGraceMsMax } from '../../contracts/limits.ts';
import { runs } from '../command.ts';
import { wholeNumber } from '../option-values.ts';
import { showTask, showWorkflow } from '../views.ts';

const graceSeconds = wholeNumber(0, cancelGraceMsMax / 1_000);

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
    .description('cancel a workflow or a task; what runs is told to stop, in a workflow with time to end by itself')
    .option('--reason <text>', 'why; agents and the audit trail see it')
    .option('--grace <seconds>', 'what runs in a workflow may end by itself for so long (default: 30)', graceSeconds)
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
          ...(force ? { graceMs: 0 } : grace === undefined ? {} : { graceMs: grace * 1_000 }),
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
