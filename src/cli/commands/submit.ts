import type { Command } from 'commander';
import type { SubmittedTask } from '../../contracts/api.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { Task } from '../../contracts/distributor/task.ts';
import { runs } from '../command.ts';
import { milliseconds } from '../option-values.ts';
import { sentenceOf, showForecast } from '../forecast.ts';
import { table } from '../output.ts';

const upToAWeek = milliseconds(0, 7 * 24 * 3_600_000);

/** `cadre submit FILE|-` */
export function addSubmit(program: Command): void {
  program
    .command('submit <file>')
    .summary('submit tasks or a workflow from a JSON file, and do not wait')
    .description(
      'submit tasks (one, an array, or { "tasks": […] }) or a workflow from a JSON file, and do not wait; - reads stdin; exits 6 when some of several tasks are refused',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ cadre submit task.json
  $ cadre submit tasks.json --wait-for-room 10m
  $ cadre submit task.json --dry-run       would it meet its deadline? nothing is submitted
  $ echo '{"task_id":"t1","task_type":"echo","priority":"high","required_capabilities":[],"payload":{}}' | cadre submit -`,
    )
    .option('--forecast', 'also tell how likely each task misses its deadline')
    .option('--dry-run', 'tell only that, and submit nothing')
    .option('--wait-for-room <time>', 'try again for so long while the queue is full, for example 10m', upToAWeek)
    .action(
      runs<[string, Options]>(async ({ out, client }, file, { waitForRoom = 0, forecast = false, dryRun = false }) => {
        const options = { forecast, waitForRoomMs: waitForRoom };
        const { readJsonFile } = await import('../read-input.ts');
        const value = await readJsonFile(file);
        const cadre = await client();
        if (isWorkflow(value)) {
          if (forecast || dryRun)
            throw new CadreError('invalid-input', 'forecasts are made of tasks, not of workflows');
          const { readWorkflow } = await import('../workflow-file.ts');
          const { definition, input, workflow_id, deadline, namespace } = readWorkflow(value);
          const handle = await cadre.run(definition, input, { workflow_id, deadline, namespace });
          for (const warning of handle.submitted.warnings) out.note(`Warning: ${warning}`);
          out.data(
            handle.submitted,
            (one) => `Workflow ${one.workflow_id} is submitted. Follow it: cadre wait ${one.workflow_id}`,
          );
          return 0;
        }
        const tasks = (Array.isArray(value) ? value : isBatch(value) ? value.tasks : [value]) as readonly Task[];
        if (tasks.length === 0) throw new CadreError('invalid-input', `${file} holds no task`);
        if (dryRun) {
          const items = await cadre.forecastTasks(tasks);
          out.data({ items }, () => items.map(showForecast).join('\n\n'));
          return 0;
        }
        if (tasks.length === 1 && tasks[0] !== undefined) {
          out.data(await cadre.submit(tasks[0], options), showSubmitted);
          return 0;
        }
        const results = await cadre.submitAll(tasks, options);
        out.data({ results }, () =>
          table(
            ['TASK', 'OUTCOME', ...(forecast ? ['FORECAST'] : [])],
            results.map((result, index) =>
              result.ok
                ? [
                    result.value.task_id,
                    result.value.repeated ? 'there already' : 'submitted',
                    ...(forecast ? [sentenceOf(result.value.forecast)] : []),
                  ]
                : [tasks[index]?.task_id ?? String(index), `refused: ${result.error.message} [${result.error.code}]`],
            ),
          ),
        );
        return results.every((result) => result.ok) ? 0 : 6;
      }),
    );
}

interface Options {
  readonly waitForRoom?: number;
  readonly forecast?: boolean;
  readonly dryRun?: boolean;
}

function showSubmitted({ task_id, repeated, forecast }: SubmittedTask): string {
  const head = `Task ${task_id} is ${repeated ? 'there already' : 'submitted'}.`;
  return forecast === undefined ? head : `${head}\n${showForecast(forecast)}`;
}

function isBatch(value: unknown): value is { readonly tasks: unknown[] } {
  return typeof value === 'object' && value !== null && 'tasks' in value && Array.isArray(value.tasks);
}

function isWorkflow(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('nodes' in value || 'definition' in value);
}
