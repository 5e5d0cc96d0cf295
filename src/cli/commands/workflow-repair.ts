import { type Command, Option } from 'commander';
import type { WorkflowUpdate } from '../../contracts/repair.ts';
import { priorities } from '../../contracts/task.ts';
import { runs } from '../command.ts';
import { moment } from '../option-values.ts';
import { showWorkflow } from '../views.ts';

/** `cadre workflow update ID` */
export function addRepair(group: Command): void {
  group
    .command('update <id>')
    .description('change the priority or the deadline of a workflow that runs; its waiting tasks move at once')
    .addOption(new Option('--priority <priority>', 'of all its tasks from now on').choices([...priorities]))
    .option('--deadline <time>', 'when it should have ended, for example 2026-11-23T18:00:00Z', moment)
    .addHelpText(
      'after',
      '\nExample:\n  $ cadre workflow update my-run --priority high --deadline 2026-11-23T18:00:00Z',
    )
    .action(
      runs<[string, WorkflowUpdate]>(async ({ out, client }, id, { priority, deadline }) => {
        const change = {
          ...(priority === undefined ? {} : { priority }),
          ...(deadline === undefined ? {} : { deadline }),
        };
        out.data(await (await client()).updateWorkflow(id, change), showWorkflow);
        return undefined;
      }),
    );
}
