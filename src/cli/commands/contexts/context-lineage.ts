import { type Command, Option } from 'commander';
import type { LineageAnswer, LineageEdge } from '../../../contracts/context/lineage.ts';
import { relationDepthMax } from '../../../contracts/limits.ts';
import { runs } from '../../command.ts';
import { wholeNumber } from '../../option-values.ts';
import { table } from '../../output.ts';
import { mermaidLabel } from '../../workflow/mermaid.ts';

interface LineageOptions {
  readonly namespace?: string;
  readonly version?: number;
  readonly depth?: number;
  readonly format?: 'mermaid';
}

const nameOf = ({ context_id, version }: { readonly context_id: string; readonly version: number }) =>
  `${context_id}@${String(version)}`;

/** Lineage as a Mermaid flowchart: what was read leads into a task, what was written out of it; the document that was asked for is drawn thick. */
export function lineageMermaid(answer: LineageAnswer): string {
  const edges = [...answer.upstream, ...answer.downstream];
  const names = [...new Set([nameOf(answer), ...edges.map(nameOf)])];
  const tasks = [...new Set(edges.map(({ task_id }) => task_id))];
  const documentIds = new Map(names.map((name, index) => [name, `d${String(index)}`]));
  const taskIds = new Map(tasks.map((name, index) => [name, `t${String(index)}`]));
  const arrow = (edge: LineageEdge) => {
    const [document = '', task = ''] = [documentIds.get(nameOf(edge)), taskIds.get(edge.task_id)];
    return edge.action === 'read' ? `  ${document} --> ${task}` : `  ${task} --> ${document}`;
  };
  return [
    'flowchart LR',
    ...names.map((name) => `  ${documentIds.get(name) ?? ''}["${mermaidLabel(name)}"]`),
    ...tasks.map((name) => `  ${taskIds.get(name) ?? ''}(["${mermaidLabel(name)}"])`),
    ...new Set(edges.map(arrow)),
    `  style ${documentIds.get(nameOf(answer)) ?? ''} stroke-width:4px`,
  ].join('\n');
}

function lineageTable(answer: LineageAnswer): string {
  const rows = (['upstream', 'downstream'] as const).flatMap((side) =>
    answer[side].map((edge) => [side, edge.task_id, edge.action, nameOf(edge)]),
  );
  if (rows.length === 0) return `No task has told that it wrote or read ${nameOf(answer)}.`;
  const tasks = new Set(answer.downstream.map(({ task_id }) => task_id)).size;
  const documents = new Set(answer.downstream.filter(({ action }) => action === 'wrote').map(nameOf)).size;
  const more = answer.cut ? ' There is more: ask with a smaller --depth.' : '';
  return `${table(['SIDE', 'TASK', 'HAS', 'VERSION'], rows)}\n${String(tasks)} tasks and ${String(documents)} versions depend on ${nameOf(answer)}.${more}`;
}

/** `cadre context lineage ID` */
export function addLineage(command: (usage: string, description: string) => Command): void {
  const depth = wholeNumber(1, relationDepthMax);
  command('lineage <id>', 'what a version was made of, and all that depends on it')
    .option('--version <number>', 'an older version', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--depth <tasks>', `tasks in a row, at most ${String(relationDepthMax)} (default: 3)`, depth)
    .addOption(new Option('--format <format>', 'draw it').choices(['mermaid']))
    .addHelpText(
      'after',
      `
Examples:
  $ cadre context lineage project/alpha --version 17
  $ cadre context lineage project/alpha --depth 5 --format mermaid`,
    )
    .action(
      runs<[string, LineageOptions]>(async ({ out, client }, context_id, { format, ...options }) => {
        const answer = await (await client()).contexts.lineage({ context_id, ...options });
        out.data(answer, format === 'mermaid' ? lineageMermaid : lineageTable);
        return undefined;
      }),
    );
}
