import type { Command } from 'commander';
import type { Task } from '../../contracts/task.ts';
import { runs } from '../command.ts';
import { table } from '../output.ts';

/** `cadre submit FILE|-` */
export function addSubmit(program: Command): void {
  program
    .command('submit <file>')
    .description(
      'submit tasks (one, an array, or { "tasks": […] }) or a workflow from a JSON file, and do not wait; - reads stdin',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ cadre submit task.json
  $ echo '{"task_id":"t1","task_type":"echo","priority":"high","required_capabilities":[],"payload":{}}' | cadre submit -`,
    )
    .action(
      runs<[string]>(async ({ out, client }, file) => {
        const { readJsonFile } = await import('../read-input.ts');
        const value = await readJsonFile(file);
        const cadre = await client();
        if (isWorkflow(value)) {
          const { readWorkflow } = await import('../workflow-file.ts');
          const { definition, input, workflow_id, deadline } = readWorkflow(value);
          const handle = await cadre.run(definition, input, { workflow_id, deadline });
          for (const warning of handle.submitted.warnings) out.note(`Warning: ${warning}`);
          out.data(
            handle.submitted,
            (one) => `Workflow ${one.workflow_id} is submitted. Follow it: cadre wait ${one.workflow_id}`,
          );
          return 0;
        }
        const tasks = (Array.isArray(value) ? value : isBatch(value) ? value.tasks : [value]) as readonly Task[];
        if (tasks.length === 1 && tasks[0] !== undefined) {
          out.data(
            await cadre.submit(tasks[0]),
            (one) => `Task ${one.task_id} is ${one.repeated ? 'there already' : 'submitted'}.`,
          );
          return 0;
        }
        const results = await cadre.submitAll(tasks);
        out.data({ results }, () =>
          table(
            ['TASK', 'OUTCOME'],
            results.map((result, index) =>
              result.ok
                ? [result.value.task_id, result.value.repeated ? 'there already' : 'submitted']
                : [tasks[index]?.task_id ?? String(index), `refused: ${result.error.message} [${result.error.code}]`],
            ),
          ),
        );
        return results.every((result) => result.ok) ? 0 : 6;
      }),
    );
}

function isBatch(value: unknown): value is { readonly tasks: unknown[] } {
  return typeof value === 'object' && value !== null && 'tasks' in value && Array.isArray(value.tasks);
}

function isWorkflow(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('nodes' in value || 'definition' in value);
}
