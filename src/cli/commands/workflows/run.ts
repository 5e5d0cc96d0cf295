import type { Command } from 'commander';
import type { Json } from '../../../contracts/json.ts';
import { runs } from '../../command.ts';
import { exitCodeOf } from '../../exit-codes.ts';
import { showRunTasks, showWorkflow } from '../../views.ts';

interface RunOptions {
  readonly twin?: boolean;
  readonly timeScale?: string;
  readonly input?: string;
  readonly id?: string;
}

/** `cadre run FILE` */
export function addRun(program: Command): void {
  program
    .command('run <workflow>')
    .summary('run a workflow, registered or from a file, to its end')
    .description(
      'run a registered workflow (NAME@VERSION, NAME@latest), or one from a JSON file (a definition, a submission, a WfCommons instance), to its end; - reads stdin',
    )
    .option(
      '--twin',
      'in this process and in virtual time, with nothing deployed; agents sleep `payload.duration_ms`, people approve',
    )
    .option('--time-scale <factor>', 'multiply the recorded run times of a WfCommons instance', '1')
    .option('--input <json>', 'the input of the workflow: JSON, or @FILE')
    .option('--id <workflow_id>', 'its id; the same id with the same file is the same run')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre run flow.json --input '{"name": "Ada"}'
  $ cadre run release@latest --input @input.json
  $ cadre run montage.json --time-scale 0.01 --json
  $ cadre run montage.json --twin --json | jq .makespan_ms`,
    )
    .action(
      runs<[string, RunOptions]>(async ({ out, client }, file, options) => {
        const [{ readRunFile }, { readJsonArgument }] = await Promise.all([
          import('../../run-file.ts'),
          import('../../read-input.ts'),
        ]);
        const run = await readRunFile(file, options.timeScale);
        const given =
          options.input === undefined ? run.input : ((await readJsonArgument(options.input, '--input')) as Json);
        const { deadline, namespace } = run;
        const request = { ...run, input: given, workflow_id: options.id ?? run.workflow_id, deadline, namespace };
        const { runDeployed, runInTwin } = await import('../../run-workflow.ts');
        const { view, tasks } =
          options.twin === true ? await runInTwin(request) : await runDeployed(await client(), request, out);
        const { workflow_id, status, makespan_ms } = view;
        const printed = tasks.map(({ name, status: how, agent_id, attempt, queued_at, started_at, completed_at }) => ({
          ...{ name, status: how, agent_id, attempt, queued_at, started_at, completed_at },
        }));
        out.data(
          { workflow_id, status, makespan_ms, tasks: printed },
          () => `${showWorkflow(view)}\n\n${showRunTasks(tasks)}`,
        );
        return exitCodeOf(status);
      }),
    );
}
