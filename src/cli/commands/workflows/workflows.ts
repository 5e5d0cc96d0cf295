import type { Command } from 'commander';
import { runs } from '../../command.ts';
import { pageOf, type PageOptions, paged, tellMore } from '../../listing.ts';
import { showStatus, showTime, table } from '../../output.ts';
import { showRunTasks, showWorkflow } from '../../views.ts';
import { addDefinitions } from './workflow-definitions.ts';
import { addInspection } from './workflow-inspect.ts';
import { addSteering } from './workflow-steer.ts';

/** `cadre workflows [ID]`, and all that is done with one. */
export function addWorkflows(program: Command): void {
  const workflows = paged(program.command('workflows [id]'), 'workflows')
    .alias('workflow')
    .summary('list workflows, or show one; check, register, look into, steer')
    .description('list workflows, show one with its tasks; check or register a definition, look into a run, steer it')
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
      runs<[string | undefined, PageOptions]>(async ({ out, client }, id, options) => {
        const cadre = await client();
        if (id !== undefined) {
          const view = await cadre.getWorkflow(id);
          const tasks = await cadre.workflowTasks(id);
          out.data({ ...view, tasks }, () => `${showWorkflow(view)}\n\n${showRunTasks(tasks)}`);
          return undefined;
        }
        const page = await cadre.listWorkflows(pageOf(options));
        out.data(page, ({ items }) =>
          items.length === 0
            ? 'No workflows.'
            : table(
                ['WORKFLOW', 'NAME', 'STATUS', 'CREATED'],
                items.map((one) => [one.workflow_id, one.name, showStatus(one.status), showTime(one.created_at)]),
              ),
        );
        tellMore(out, page);
        return undefined;
      }),
    );
  addDefinitions(workflows);
  addInspection(workflows);
  addSteering(workflows);
}
