import * as z from 'zod';
import { planBytesMax } from '../../../contracts/limits.ts';
import { parse } from '../../../contracts/parse.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { isTask, workflowBody } from '../../../contracts/workflow/nodes.ts';
import { scopePrefix } from '../../core/run/graph.ts';
import type { NodeOutcome } from '../../core/run/settle-nodes.ts';
import { CadreError } from '../../../contracts/errors.ts';
import type { WorkflowDeps } from '../../ports.ts';
import type { Step } from './unfold-step.ts';
import type { Run } from './load-run.ts';
import { progressOf } from './node-values.ts';
import { refusal } from './join-graph.ts';
import { loadJson } from './stored-json.ts';

/** An output with a plan in it; the rest of it is the task's own business. */
const planned = z.object({ plan: workflowBody });

function invalid(message: string): TaskError {
  return { code: 'invalid-plan', message: message.slice(0, 4_096), retryable: false };
}

/** The nodes of a plan, or everything that is wrong with them; undefined when the output has none. */
async function readPlan(definition: WorkflowDefinition, output: unknown) {
  if (typeof output !== 'object' || output === null || !('plan' in output)) return undefined;
  try {
    const { plan } = parse(planned, output);
    const bytes = Buffer.byteLength(JSON.stringify(plan));
    if (bytes > planBytesMax) return { error: invalid(`the plan has ${bytes} bytes, more than ${planBytesMax}`) };
    const { checkPlan } = await import('../../core/definition/definition.ts');
    const faults = checkPlan(definition, plan);
    if (faults.length === 0) return { plan };
    return { error: invalid(faults.map(({ path = '', message }) => `plan.${path}: ${message}`).join('; ')) };
  } catch (error) {
    if (!(error instanceof CadreError)) throw error;
    return { error: invalid(error.faults.map(({ path = '', message }) => `${path}: ${message}`).join('; ')) };
  }
}

async function planOf(deps: WorkflowDeps, run: Run, step: Step, outcome: NodeOutcome): Promise<NodeOutcome> {
  const progress = progressOf(run, step.known);
  const { graph } = progress;
  const index = graph.indexOf.get(outcome.node) ?? -1;
  const node = graph.nodes[index];
  if (outcome.outcome !== 'completed' || !isTask(node) || node.expands !== true) return outcome;
  const read = await readPlan(graph.definition, await loadJson(deps, step.known.get(outcome.node)?.output));
  if (read === undefined) return outcome;
  const { node: path, attempt } = outcome;
  if ('error' in read) return { node: path, attempt, outcome: 'failed', error: read.error };
  const refused = refusal(progress, index, read.plan, scopePrefix(path, 'plan', 0), 1);
  if (refused !== undefined) return { node: path, attempt, outcome: 'failed', error: invalid(refused) };
  return { node: path, attempt, outcome: 'expanded', scope: 'plan', from: 0, count: 1, body: read.plan };
}

/** A step in which tasks that returned a plan go on with its nodes instead of ending. A plan that is refused is the failure of its task. */
export async function withPlans(deps: WorkflowDeps, run: Run, step: Step): Promise<Step> {
  const { command } = step;
  if (command.type !== 'settle') return step;
  const outcomes = await Promise.all(command.outcomes.map((outcome) => planOf(deps, run, step, outcome)));
  return { ...step, command: { ...command, outcomes } };
}
