import * as z from 'zod';
import { CadreError } from '../contracts/errors.ts';
import { defaultTimeoutMs, timeoutMsMax } from '../contracts/limits.ts';
import { isTask, type WorkflowNode } from '../contracts/workflow/nodes.ts';
import { fromWfFormat, isWfFormat } from '../sdk/workflows/wfformat.ts';
import { readJsonFile } from './read-input.ts';
import { isReference } from './registered.ts';
import { readWorkflow, type WorkflowFile } from './workflow-file.ts';

/** What agents that stand in for recorded tasks offer. */
export const simulateCapability = 'simulate';

const recordedPayload = z.object({ duration_ms: z.number().nonnegative() });

/** A workflow to run; `recorded` when its tasks stand in for recorded ones, which only have to last as long. */
export interface RunFile extends WorkflowFile {
  readonly recorded: boolean;
}

/** Reads what to run: a registered definition by its name, a file of our own, or a WfCommons instance with its time scale. */
export async function readRunFile(path: string, timeScale = '1'): Promise<RunFile> {
  if (isReference(path)) return { definition: path, recorded: false };
  const value = await readJsonFile(path);
  if (!isWfFormat(value)) return { ...readWorkflow(value), recorded: false };
  const factor = Number(timeScale);
  if (!Number.isFinite(factor) || factor < 0) {
    throw new CadreError('invalid-input', `--time-scale must be a number from 0 on, not "${timeScale}"`);
  }
  const definition = fromWfFormat(value, { timeScale: factor, requiredCapabilities: [simulateCapability] });
  return { definition: { ...definition, nodes: definition.nodes.map(withTime) }, recorded: true };
}

/** A recorded task may last longer than tasks do by default: it gets its time and as much again. */
function withTime(node: WorkflowNode): WorkflowNode {
  if (!isTask(node)) return node;
  const recorded = recordedPayload.safeParse(node.payload);
  if (!recorded.success) return node;
  return { ...node, timeout_ms: Math.min(timeoutMsMax, Math.max(defaultTimeoutMs, 2 * recorded.data.duration_ms)) };
}
