import type { Command } from 'commander';
import { runs } from '../../command.ts';
import { pageSize } from '../../option-values.ts';
import { showStatus, showTime, table } from '../../output.ts';
import { showRunTasks, showWorkflow } from '../../views.ts';
import { addDefinitions } from './workflow-definitions.ts';
import { addInspection } from './workflow-inspect.ts';
import { addSteering } from './workflow-steer.ts';

interface WorkflowOptions {
  readonly limit?: number;
  readonly cursor?: string;
}

/** `cadre workflows [ID]`, and all that is done with one. */
export function addWorkflows(program: Command): void {
  const workflows = program
    .command('workflows [id]')
    .alias('workflow')
    .description('list workflows, show one with its tasks; check or register a definition, look into a run, steer it')
    .option('--limit <count>', 'workflows to a page, at most 100', pageSize)
    .option('--cursor <cursor>', 'the page after a listing that gave this cursor')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre workflows
  $ cadre workflows my-run
  $ cadre workflows validate flow.json --json
  $ cadre workflows register flow.json
  $ cadre workflows draw my-run --format svg > my-run.svg
  $ cadre workflows replay my-run --at 2026-11-23T01:00:00Z
  $ cadre workflows signal my-run payment.received --data '{"amount": 40}'
  $ cadre workflows publish payment.received order-7 --data '{"amount": 40}'
  $ cadre workflows update my-run --priority high`,
    )
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
  addDefinitions(workflows);
  addInspection(workflows);
  addSteering(workflows);
}
