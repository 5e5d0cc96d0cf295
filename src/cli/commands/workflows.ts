import type { Command } from 'commander';
import { runs } from '../command.ts';
import { pageSize } from '../option-values.ts';
import { showStatus, showTime, table } from '../output.ts';
import { showRunTasks, showWorkflow } from '../views.ts';

interface WorkflowOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

/** `cadre workflows [ID]`, and `pause`, `resume`, `redrive` of one. */
export function addWorkflows(program: Command): void {
  const workflows = program
    .command('workflows [id]')
    .description('list workflows, or show one with its tasks')
    .option('--limit <count>', 'workflows to a page, at most 100', pageSize)
    .option('--cursor <cursor>', 'the page after a listing that gave this cursor')
    .addHelpText('after', '\nExamples:\n  $ cadre workflows\n  $ cadre workflows my-run')
    .action(
      runs<[string | undefined, WorkflowOptions]>(async ({ out, client }, id, { limit, cursor }) => {
        const cadre = await client();
        if (id !== undefined) {
          const view = await cadre.getWorkflow(id);
          const tasks = await cadre.workflowTasks(id);
          out.data({ ...view, tasks }, () => `${showWorkflow(view)}\n\n${showRunTasks(tasks)}`);
          return undefined;
        }
        const page = await cadre.listWorkflows({
          ...(limit === undefined ? {} : { limit }),
          ...(cursor === undefined ? {} : { cursor }),
        });
        out.data(page, ({ items }) =>
          items.length === 0
            ? 'No workflows.'
            : table(
                ['WORKFLOW', 'NAME', 'STATUS', 'CREATED'],
                items.map((one) => [one.workflow_id, one.name, showStatus(one.status), showTime(one.created_at)]),
              ),
        );
        if (page.cursor !== undefined) out.progress(`More: cadre workflows --cursor ${page.cursor}`);
        return undefined;
      }),
    );
  addSteering(workflows);
}

/** `cadre workflows pause|resume|redrive ID` */
function addSteering(workflows: Command): void {
  workflows
    .command('pause <id>')
    .description('let nothing new start in a workflow; what is queued or runs goes on')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        out.data(await (await client()).pauseWorkflow(id), showWorkflow);
        return undefined;
      }),
    );
  workflows
    .command('resume <id>')
    .description('let a paused workflow go on')
    .action(
      runs<[string]>(async ({ out, client }, id) => {
        out.data(await (await client()).resumeWorkflow(id), showWorkflow);
        return undefined;
      }),
    );
  workflows
    .command('redrive <id>')
    .description('run again what failed in a workflow that has ended, or in its compensation')
    .option('--skip <path...>', 'failed compensations that count as done')
    .addHelpText('after', '\nExample:\n  $ cadre workflows redrive my-run --skip book:compensate')
    .action(
      runs<[string, { readonly skip?: readonly string[] }]>(async ({ out, client }, id, { skip }) => {
        out.data(await (await client()).redriveWorkflow(id, skip), showWorkflow);
        return undefined;
      }),
    );
}
