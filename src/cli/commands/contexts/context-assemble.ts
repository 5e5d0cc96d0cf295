import { type Command, Option } from 'commander';
import { assembledTokensMax } from '../../../contracts/limits.ts';
import { runs } from '../../command.ts';
import { wholeNumber } from '../../option-values.ts';

interface AssembleOptions {
  readonly namespace?: string;
  readonly budget?: number;
  readonly pin?: string[];
  readonly task?: string;
  readonly workflow?: string;
  readonly agent?: string;
}

/** `cadre context assemble TEXT` */
export function addAssemble(command: (usage: string, description: string) => Command): void {
  command('assemble <text>', 'the best context for a task within a budget of tokens, with reasons')
    .option('--budget <tokens>', 'tokens at most (default: 8000)', wholeNumber(100, assembledTokensMax))
    .addOption(
      new Option('--pin <id>', 'a document that has to be in; may be repeated').argParser(
        (id: string, before: string[] | undefined) => [...(before ?? []), id],
      ),
    )
    .option('--task <id>', 'with the working memory of this task')
    .option('--workflow <id>', 'with the shared memory of this workflow')
    .option('--agent <id>', 'with the long-term memory of this agent')
    .addHelpText(
      'after',
      `
Example:
  $ cadre context assemble 'why do leases expire' --pin project/alpha --agent bob --budget 4000`,
    )
    .action(
      runs<[string, AssembleOptions]>(async ({ out, client }, text, options) => {
        const { namespace, budget, pin, task, workflow, agent } = options;
        const answer = await (
          await client()
        ).contexts.assemble({
          text,
          ...(namespace === undefined ? {} : { namespace }),
          ...(budget === undefined ? {} : { budget_tokens: budget }),
          ...(pin === undefined ? {} : { pinned: pin }),
          ...(task === undefined ? {} : { task_id: task }),
          ...(workflow === undefined ? {} : { workflow_id: workflow }),
          ...(agent === undefined ? {} : { agent_id: agent }),
        });
        out.data(answer, (shown) => shown.text.trimEnd());
        for (const { context_id, tokens, reasons } of answer.pieces)
          out.progress(`${context_id} (${String(tokens)} tokens): ${reasons.join('; ')}`);
        for (const { context_id, tokens } of answer.left_out)
          out.progress(`${context_id} (${String(tokens)} tokens) had no room`);
        return undefined;
      }),
    );
}
