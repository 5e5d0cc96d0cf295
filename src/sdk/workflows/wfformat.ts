import * as z from 'zod';
import { CadreError } from '../../contracts/errors.ts';
import { idCharactersMax } from '../../contracts/limits.ts';
import { parse } from '../../contracts/parse.ts';
import { workflowDefinition, type WorkflowDefinition } from '../../contracts/workflow/workflow.ts';

/**
 * The part of WfCommons' WfFormat 1.5 that a run needs (https://docs.wfcommons.org/en/latest/wfformat.html). Unknown keys are not
 * refused: the format is not ours and has many more.
 */
const wfFormat = z.object({
  name: z.string().min(1),
  schemaVersion: z.literal('1.5'),
  workflow: z.object({
    specification: z.object({
      tasks: z
        .array(
          z.object({
            id: z.string().min(1),
            name: z.string().min(1),
            parents: z.array(z.string()).default([]),
            children: z.array(z.string()).default([]),
          }),
        )
        .min(1),
    }),
    execution: z
      .object({ tasks: z.array(z.object({ id: z.string(), runtimeInSeconds: z.number().nonnegative() })) })
      .optional(),
  }),
});
type WfTask = z.infer<typeof wfFormat>['workflow']['specification']['tasks'][number];

/** How an instance becomes a definition. */
export interface WfFormatOptions {
  /** Simulated seconds are multiplied by this: 0.01 runs an hour in 36 s. @default 1 */
  readonly timeScale?: number;
  /** Task type of all tasks; its agents wait `payload.duration_ms`. @default 'simulate' */
  readonly taskType?: string;
  /** What the agents must offer. @default [] */
  readonly requiredCapabilities?: readonly string[];
}

/** True for a WfFormat document, as opposed to one of our own definitions. */
export function isWfFormat(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'schemaVersion' in value && 'workflow' in value;
}

/** The nearest valid name: other characters become `_`; a name that is taken gets a number. */
function nameFor(id: string, taken: Set<string>): string {
  const clean = id.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^[^A-Za-z0-9]/, 'x');
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : `-${number}`;
    const name = `${clean.slice(0, idCharactersMax - suffix.length)}${suffix}`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}

/** Parents of each task, told by itself or by the parent: instances exist that say only one of the two. */
function parentsOf(tasks: readonly WfTask[]): Map<string, Set<string>> {
  const parents = new Map(tasks.map((task) => [task.id, new Set(task.parents)]));
  for (const task of tasks) for (const child of task.children) parents.get(child)?.add(task.id);
  return parents;
}

/**
 * Reads a WfFormat 1.5 instance as a workflow whose tasks take as long as the recorded ones did, times `timeScale`. Throws `invalid-input` with paths
 * when it is no such document, and `unknown-dependency` for a parent that does not exist.
 */
export function fromWfFormat(document: unknown, options: WfFormatOptions = {}): WorkflowDefinition {
  const { timeScale = 1, taskType = 'simulate', requiredCapabilities = [] } = options;
  const instance = parse(wfFormat, document);
  const { tasks } = instance.workflow.specification;
  const runtimes = new Map(instance.workflow.execution?.tasks.map((task) => [task.id, task.runtimeInSeconds]));
  const taken = new Set<string>();
  const names = new Map(tasks.map((task) => [task.id, nameFor(task.id, taken)]));
  const parents = parentsOf(tasks);
  const nodes = tasks.map((task, index) => ({
    name: names.get(task.id),
    task_type: taskType,
    required_capabilities: [...requiredCapabilities],
    depends_on: [...(parents.get(task.id) ?? [])].map((parent) => {
      const name = names.get(parent);
      if (name !== undefined) return name;
      const path = `workflow.specification.tasks[${index}].parents`;
      throw new CadreError('unknown-dependency', `${path}: there is no task "${parent}"`, { path });
    }),
    payload: { program: task.name, duration_ms: Math.round((runtimes.get(task.id) ?? 0) * 1_000 * timeScale) },
  }));
  return parse(workflowDefinition, { name: nameFor(instance.name, new Set()), nodes });
}
