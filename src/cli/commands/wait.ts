import type { Command } from 'commander';
import { runs } from '../command.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { showStatus } from '../output.ts';
import { showTask, showWorkflow } from '../views.ts';

/** `cadre wait ID` */
export function addWait(program: Command): void {
  program
    .command('wait <id>')
    .summary('wait until a workflow or a task has ended')
    .description('wait until a workflow or a task has ended; the exit code tells how')
    .addHelpText('after', '\nExample:\n  $ cadre wait my-run --json | jq .output')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        const cadre = await client();
        const { awaitWork } = await import('../find-work.ts');
        const { interruptible } = await import('../local/interrupt.ts');
        return interruptible(async (signal) => {
          const work = await awaitWork(cadre, id, signal, () => out.progress(`${id}: nothing has this id yet`));
          if (work.kind === 'task') {
            const onProgress = (task: { readonly status: string }) => out.progress(`${id}: ${showStatus(task.status)}`);
            const task = await cadre.waitTask(id, { signal, onProgress });
            out.data(task, showTask);
            return exitCodeOf(task.status);
          }
          const workflow = await cadre.waitWorkflow(id, {
            signal,
            onProgress: ({ status, nodes }) =>
              out.progress(`${id}: ${showStatus(status)}, ${nodes.Completed} of ${total(nodes)} tasks completed`),
          });
          out.data(workflow, showWorkflow);
          return exitCodeOf(workflow.status);
        });
      }),
    );
}

function total(nodes: Readonly<Record<string, number>>): number {
  return Object.values(nodes).reduce((sum, count) => sum + count, 0);
}
