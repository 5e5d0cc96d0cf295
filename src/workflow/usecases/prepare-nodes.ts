import { canonicalJson } from '../../contracts/json.ts';
import { nodeTaskId } from '../../contracts/ids.ts';
import type { StoredJson, TaskRow } from '../../contracts/rows.ts';
import type { TaskError } from '../../contracts/task.ts';
import type { WorkflowNode } from '../../contracts/workflow.ts';
import { storeText } from '../../distributor/core/stored-json.ts';
import { newTask } from '../../distributor/core/task.ts';
import { evaluate } from '../core/expression.ts';
import { graphOf } from '../core/graph.ts';
import { type EndedNode, needsValues, payloadOf, valuesOf } from '../core/input.ts';
import type { WorkflowDeps } from '../ports.ts';
import type { Run } from './load-run.ts';
import { loadJson } from './stored-json.ts';

/** How a task ended. */
export interface EndedTask {
  readonly output?: StoredJson;
  readonly error?: TaskError;
}

/** Ends that are not stored yet, by node: those which the advance itself settles. */
export type KnownEnds = ReadonlyMap<string, EndedTask>;

/** Rows of the nodes that can start, and those whose input could not be made. */
export interface Prepared {
  readonly rows: readonly TaskRow[];
  readonly failures: readonly { readonly node: string; readonly error: TaskError }[];
}

/** Dependencies listed in a task's row. More: the row of a wide join outgrows an item; the definition has them all. */
const dependenciesShownMax = 100;

/** Reads how these nodes ended: from the advance itself where it settles them, else from their rows. */
async function loadEnds(deps: WorkflowDeps, run: Run, names: readonly string[], known: KnownEnds) {
  const ends = new Map<string, EndedNode>();
  const idOf = (name: string): string => nodeTaskId(run.head.workflow_id, name);
  const missing = names.filter((name) => !known.has(name));
  const rows = missing.length === 0 ? [] : await deps.tasks.get(missing.map(idOf));
  const stored = new Map(missing.map((name, index) => [name, rows[index]]));
  await Promise.all(
    names.map(async (name) => {
      const end = known.get(name) ?? stored.get(name);
      if (end === undefined) return;
      const output = await loadJson(deps, end.output);
      ends.set(name, { output, ...(end.error === undefined ? {} : { error: end.error }) });
    }),
  );
  return ends;
}

async function toRow(deps: WorkflowDeps, run: Run, node: WorkflowNode, text: string): Promise<TaskRow> {
  const { head } = run;
  const task_id = nodeTaskId(head.workflow_id, node.name);
  const payload = await storeText(deps, task_id, text);
  const task = {
    task_id,
    task_type: node.task_type,
    priority: node.priority,
    required_capabilities: node.required_capabilities,
    ...(node.distribution_rules === undefined ? {} : { distribution_rules: node.distribution_rules }),
    payload,
  };
  return newTask(task, {
    pool: head.pool,
    now: new Date(deps.sources.now()).toISOString(),
    body_hash: deps.sources.hash(canonicalJson(task)),
    submitted_by: head.submitted_by,
    correlation_id: head.correlation_id,
    ...(head.traceparent === undefined ? {} : { traceparent: head.traceparent }),
    ...(node.retry === undefined ? {} : { max_attempts: node.retry.max_attempts }),
    ...(node.retry?.backoff_ms === undefined ? {} : { backoff_ms: node.retry.backoff_ms }),
    ...(node.timeout_ms === undefined ? {} : { timeout_ms: node.timeout_ms }),
    dependencies: node.depends_on.slice(0, dependenciesShownMax),
  });
}

/**
 * Makes the task rows of nodes that start. `letters` is the state in which they start, `known` the ends that are not stored yet. Deterministic but
 * for the time, so that a repeat makes the same rows. An input expression that fails is the failure of its node only.
 */
export async function prepareNodes(
  deps: WorkflowDeps,
  run: Run,
  letters: string,
  names: readonly string[],
  known: KnownEnds,
): Promise<Prepared> {
  const graph = graphOf(run.pinned.definition);
  const nodes = names.flatMap((name) => graph.nodes[graph.indexOf.get(name) ?? -1] ?? []);
  const evaluating = nodes.filter(needsValues);
  const needed = [...new Set(evaluating.flatMap((node) => node.depends_on))];
  const [ends, input] =
    evaluating.length === 0
      ? [new Map<string, EndedNode>(), undefined]
      : await Promise.all([loadEnds(deps, run, needed, known), loadJson(deps, run.pinned.input)]);
  const rows: TaskRow[] = [];
  const failures: { node: string; error: TaskError }[] = [];
  for (const node of nodes) {
    const values =
      node.input === undefined ? { outputs: {}, nodes: {} } : valuesOf(graph, letters, node.depends_on, ends);
    const payload = await payloadOf(node, { input, ...values });
    if (payload.ok) rows.push(await toRow(deps, run, node, payload.value));
    else
      failures.push({
        node: node.name,
        error: { code: 'input-failed', message: payload.error.message, retryable: false },
      });
  }
  return { rows, failures };
}

/** The workflow's output by its `output` expression over the nodes that end the graph; a failing expression says why instead. */
export async function workflowOutput(
  deps: WorkflowDeps,
  run: Run,
  letters: string,
  known: KnownEnds,
): Promise<{ readonly output?: StoredJson; readonly output_error?: string }> {
  const { definition } = run.pinned;
  if (definition.output === undefined) return {};
  const graph = graphOf(definition);
  const names = graph.sinks.flatMap((index) => graph.nodes[index]?.name ?? []);
  const [ends, input] = await Promise.all([loadEnds(deps, run, names, known), loadJson(deps, run.pinned.input)]);
  const made = await evaluate(definition.output, { input, ...valuesOf(graph, letters, names, ends) });
  if (!made.ok) return { output_error: made.error.message };
  return { output: await storeText(deps, run.head.workflow_id, made.value) };
}
