import type { Command } from 'commander';
import type { TaskView } from '../../contracts/distributor/task.ts';
import { runs } from '../command.ts';
import { counted } from '../output.ts';

/** `cadre trace export` */
export function addTrace(program: Command): void {
  program
    .command('trace')
    .summary('recorded work, to simulate with; export')
    .description('recorded work, for cadre simulate')
    .addHelpText('after', '\nExample:\n  $ cadre trace export > trace.jsonl')
    .command('export', { isDefault: true })
    .description('print the completed tasks of the deployment as a trace: one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  $ cadre trace export > trace.jsonl
  $ cadre trace export | cadre simulate --trace - --agents 10 --agents +5`,
    )
    .action(
      runs(async ({ out, client }) => {
        const cadre = await client();
        const { recordedTrace } = await import('../../simulator/recorded.ts');
        const tasks: TaskView[] = [];
        let cursor: string | undefined;
        do {
          const page = await cadre.listTasks({
            ...{ status: 'Completed' as const, limit: 100 },
            ...(cursor === undefined ? {} : { cursor }),
          });
          tasks.push(...page.items);
          cursor = page.cursor;
        } while (cursor !== undefined);
        const lines = recordedTrace(tasks);
        for (const line of lines) out.data(line, JSON.stringify);
        out.progress(counted(lines.length, 'task'));
        return undefined;
      }),
    );
}
