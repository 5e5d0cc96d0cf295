import { type Command, Option } from 'commander';
import { type TaskStatus, taskStatus } from '../../contracts/distributor/task.ts';
import { runs } from '../command.ts';
import { pageOf, type PageOptions, paged, tellMore } from '../listing.ts';
import { showTask, showTasks } from '../views.ts';

interface TaskOptions extends PageOptions {
  readonly status?: TaskStatus;
}

/** `cadre tasks [ID]` */
export function addTasks(program: Command): void {
  paged(program.command('tasks [id]'), 'tasks')
    .description('list tasks, or show one')
    .addOption(new Option('--status <status>', 'only those').choices(taskStatus.options))
    .addHelpText('after', '\nExamples:\n  $ cadre tasks --status Queued\n  $ cadre tasks my-task --json')
    .action(
      runs<[string | undefined, TaskOptions]>(async ({ out, client }, id, options) => {
        const cadre = await client();
        if (id !== undefined) {
          out.data(await cadre.getTask(id), showTask);
          return undefined;
        }
        const { status } = options;
        const page = await cadre.listTasks({ ...pageOf(options), ...(status === undefined ? {} : { status }) });
        out.data(page, ({ items }) => showTasks(items));
        tellMore(out, page);
        return undefined;
      }),
    );
}
