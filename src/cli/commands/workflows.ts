import type { Command } from 'commander';
import { runs } from '../command.ts';
import { pageSize } from '../option-values.ts';
import { showStatus, showTime, table } from '../output.ts';
import { showRunTasks, showWorkflow } from '../views.ts';

interface WorkflowOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

/** `cadre workflows [ID]` */
export function addWorkflows(program: Command): void {
  program
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
}
