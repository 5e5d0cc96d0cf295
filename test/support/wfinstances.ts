import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { timeoutMsMax } from '../../src/contracts/limits.ts';
import type { WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import { isTask } from '../../src/contracts/workflow/nodes.ts';
import { fromWfFormat, type WfFormatOptions } from '../../src/sdk/workflows/wfformat.ts';
import type { TimedTask } from './list-scheduling.ts';

const folder = new URL('../../../shared/data/wfinstances/', import.meta.url);
const extension = '.json';

/** The recorded scientific workflows that are at hand, by name; none where the data is absent. */
export const instanceNames: readonly string[] = existsSync(folder)
  ? readdirSync(folder).flatMap((file) => (file.endsWith(extension) ? [file.slice(0, -extension.length)] : []))
  : [];

/** A recorded workflow whose tasks take as long as they took, times the scale. */
export function readInstance(name: string, options: WfFormatOptions): WorkflowDefinition {
  const recorded: unknown = JSON.parse(readFileSync(new URL(name + extension, folder), 'utf8'));
  const definition = fromWfFormat(recorded, options);
  // Some took longer than tasks may by default.
  return { ...definition, nodes: definition.nodes.map((node) => ({ ...node, timeout_ms: timeoutMsMax })) };
}

/** Its tasks with their times. */
export function timedTasks({ nodes }: WorkflowDefinition): readonly TimedTask[] {
  return nodes.map((node) => {
    const { duration_ms } = (isTask(node) ? node.payload : undefined) as { readonly duration_ms: number };
    return { name: node.name, depends_on: node.depends_on, ms: duration_ms };
  });
}
