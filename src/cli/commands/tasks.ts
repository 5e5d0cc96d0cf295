import type { Command } from 'commander';
import { runs } from '../command.ts';
import { pageSize } from '../option-values.ts';
import { showTask, showTasks } from '../views.ts';

interface TaskOptions {
  readonly status?: 'Queued' | 'Processing' | 'Completed' | 'Failed' | 'Cancelled';
  readonly limit?: number;
  readonly cursor?: string;
}

/** `cadre tasks [ID]` */
export function addTasks(program: Command): void {
  program
    .command('tasks [id]')
    .description('list tasks, or show one')
    .option('--status <status>', 'Queued, Processing, Completed, Failed or Cancelled')
    .option('--limit <count>', 'tasks to a page, at most 100', pageSize)
    .option('--cursor <cursor>', 'the page after a listing that gave this cursor')
    .addHelpText('after', '\nExamples:\n  $ cadre tasks --status Queued\n  $ cadre tasks my-task --json')
    .action(
      runs<[string | undefined, TaskOptions]>(async ({ out, client }, id, { status, limit, cursor }) => {
        const cadre = await client();
        if (id !== undefined) {
          out.data(await cadre.getTask(id), showTask);
          return undefined;
        }
        const page = await cadre.listTasks({
          ...(status === undefined ? {} : { status }),
          ...(limit === undefined ? {} : { limit }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        out.data(page, ({ items }) => showTasks(items));
        if (page.cursor !== undefined) out.progress(`More: cadre tasks --cursor ${page.cursor}`);
        return undefined;
      }),
    );
}
