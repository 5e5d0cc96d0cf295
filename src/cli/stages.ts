import type { RunTask, WorkflowDefinition } from '../contracts/workflow/workflow.ts';
import { isTask } from '../contracts/workflow/nodes.ts';

/** A stage of a run: the tasks that are equally far from the start. */
export interface Stage {
  readonly title: string;
  readonly names: readonly string[];
}

/** How far a stage is. */
export interface StageState {
  readonly title: string;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
}

/** Cuts a definition into stages by distance from the start; a title names what its tasks do. */
export function stagesOf({ nodes }: Pick<WorkflowDefinition, 'nodes'>): readonly Stage[] {
  const placed = new Set<string>();
  const stages: Stage[] = [];
  let left = nodes;
  while (left.length > 0) {
    const next = left.filter((node) => node.depends_on.every((parent) => placed.has(parent)));
    // A cycle or an unknown dependency: the deployment refuses it and says where.
    const members = next.length === 0 ? left : next;
    for (const node of members) placed.add(node.name);
    stages.push({ title: titleOf(members), names: members.map((node) => node.name) });
    left = left.filter((node) => !placed.has(node.name));
  }
  return stages;
}

const titleCharactersMax = 34;

function titleOf(nodes: WorkflowDefinition['nodes']): string {
  const types = [...new Set(nodes.map((node) => (isTask(node) ? node.task_type.replace(/^[^.]*\./, '') : node.kind)))];
  const all = types.join(', ');
  if (all.length <= titleCharactersMax) return all;
  const more = types.length === 1 ? '…' : ` and ${types.length - 1} more`;
  return `${types[0]?.slice(0, titleCharactersMax - more.length) ?? ''}${more}`;
}

const ended: readonly RunTask['status'][] = ['Completed', 'Failed', 'Cancelled', 'Skipped'];

/** How far the stages are, from the tasks of the run. */
export function stageStates(stages: readonly Stage[], tasks: readonly RunTask[]): readonly StageState[] {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  return stages.map(({ title, names }) => {
    const members = names.flatMap((name) => byName.get(name) ?? []);
    return {
      title,
      total: names.length,
      done: members.filter((task) => ended.includes(task.status)).length,
      failed: members.filter((task) => task.status === 'Failed').length,
      running: members.filter((task) => task.status === 'Processing').length,
    };
  });
}

const barCharacters = 24;

/** A bar with its numbers: the same text on a terminal and in a log. */
export function showBar({ title, total, done, failed, running }: StageState): string {
  const filled = total === 0 ? barCharacters : Math.floor((barCharacters * done) / total);
  const notes = [running > 0 ? `${running} running` : '', failed > 0 ? `${failed} failed` : ''].filter(
    (note) => note !== '',
  );
  const bar = `${'█'.repeat(filled)}${'░'.repeat(barCharacters - filled)}`;
  return `${title.padEnd(titleCharactersMax)} ${bar} ${done}/${total}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}
