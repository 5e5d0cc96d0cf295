import { type Command, Option } from 'commander';
import type { Json } from '../../contracts/json.ts';
import type { WorkflowUpdate } from '../../contracts/repair.ts';
import { priorities } from '../../contracts/task.ts';
import { runs } from '../command.ts';
import { moment } from '../option-values.ts';
import { showWorkflow } from '../views.ts';

interface RerunOptions {
  readonly from: readonly string[];
  readonly id?: string;
  readonly input?: string;
}

/** `cadre workflow update|rerun ID` */
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
  group
    .command('rerun <id>')
    .description('start a new run that begins at some nodes of another one and takes the rest over')
    .requiredOption('--from <node...>', 'nodes that run again, with everything after them')
    .option('--id <id>', 'of the new run (default: made out of the request)')
    .option('--input <json>', "in place of the first run's input, or @FILE")
    .addHelpText('after', '\nExample:\n  $ cadre workflow rerun my-run --from report')
    .action(
      runs<[string, RerunOptions]>(async ({ out, client }, id, { from, id: workflow_id, input }) => {
        const { readJsonArgument } = await import('../read-input.ts');
        const request = {
          from: [...from],
          ...(workflow_id === undefined ? {} : { workflow_id }),
          ...(input === undefined ? {} : { input: (await readJsonArgument(input, '--input')) as Json }),
        };
        out.data(await (await client()).rerunWorkflow(id, request), showWorkflow);
        return undefined;
      }),
    );
}
