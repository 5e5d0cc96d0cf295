import { CadreError } from '../contracts/errors.ts';
import { fromWfFormat, isWfFormat } from '../sdk/wfformat.ts';
import { readJsonFile } from './read-input.ts';
import { readWorkflow, type WorkflowFile } from './workflow-file.ts';

/** What agents that stand in for recorded tasks offer. */
export const simulateCapability = 'simulate';

/** A workflow to run; `recorded` when its tasks stand in for recorded ones, which only have to last as long. */
export interface RunFile extends WorkflowFile {
  readonly recorded: boolean;
}

/** Reads a file to run: one of our own, or a WfCommons instance with its time scale. */
export async function readRunFile(path: string, timeScale = '1'): Promise<RunFile> {
  const value = await readJsonFile(path);
  if (!isWfFormat(value)) return { ...readWorkflow(value), recorded: false };
  const factor = Number(timeScale);
  if (!Number.isFinite(factor) || factor < 0) {
    throw new CadreError('invalid-input', `--time-scale must be a number from 0 on, not "${timeScale}"`);
  }
  const definition = fromWfFormat(value, { timeScale: factor, requiredCapabilities: [simulateCapability] });
  return { definition, recorded: true };
}
