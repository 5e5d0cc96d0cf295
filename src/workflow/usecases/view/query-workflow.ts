import { type Outcome, refused } from '../../../contracts/errors.ts';
import type { QueryView } from '../../../contracts/workflow/inspection.ts';
import type { Json } from '../../../contracts/json.ts';
import { evaluate, referencesOf } from '../../core/expressions/expression.ts';
import { valuesOf } from '../../core/run/input.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { findRun, graphOfRun } from '../advance/load-run.ts';
import { loadEnds, progressOf } from '../advance/node-values.ts';
import { loadJson } from '../advance/stored-json.ts';

/** Which query of which run. */
export interface QueryRequest {
  readonly workflow_id: string;
  readonly query: string;
}

/**
 * Evaluates a query that the run's definition names, over the run as it is now; the run does not notice. Only the outputs that the expression names are read.
 * Refused with `not-found`, or with `invalid-expression` when it fails or takes too long.
 */
export async function queryWorkflow(deps: WorkflowDeps, request: QueryRequest): Promise<Outcome<QueryView>> {
  const { workflow_id, query } = request;
  const run = await findRun(deps, workflow_id);
  if (run === undefined) return refused('not-found', `there is no workflow "${workflow_id}"`, 'id');
  const { definition } = graphOfRun(run);
  const { input } = run.pinned;
  const text = definition.queries?.[query];
  if (text === undefined) {
    const names = Object.keys(definition.queries ?? {}).join(', ');
    return refused('not-found', `"${definition.name}" has no query "${query}"; it has ${names || 'none'}`, 'name');
  }
  const references = referencesOf(text);
  if (!references.ok) return references;
  const progress = progressOf(run);
  const { graph, letters } = progress;
  const own = definition.nodes.map((_, index) => index);
  const named = [...references.value.outputs, ...references.value.nodes].flatMap(
    (name) => graph.indexOf.get(name) ?? [],
  );
  const ends = await loadEnds(deps, progress, [...new Set(named)]);
  const { outputs } = valuesOf(graph, letters, named, ends);
  const { nodes } = valuesOf(graph, letters, own, ends);
  const made = await evaluate(text, { input: await loadJson(deps, input), outputs, nodes });
  if (!made.ok) return refused('invalid-expression', made.error.message, `queries.${query}`);
  return { ok: true, value: { workflow_id, query, seq: run.head.seq, value: JSON.parse(made.value) as Json } };
}
