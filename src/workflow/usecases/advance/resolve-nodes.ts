import type { Outcome } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/json.ts';
import { expansionBytesMax } from '../../../contracts/limits.ts';
import type { ExpansionRow } from '../../../contracts/workflow/rows.ts';
import type { ChoiceNode, CompositeNode } from '../../../contracts/workflow/nodes.ts';
import { type DueNode, scopeStatus } from '../../core/run/composites.ts';
import { evaluate } from '../../core/expressions/evaluate.ts';
import type { ExpressionValues } from '../../core/expressions/expression.ts';
import { bodyOf, type Scope, scopePrefix, scopesNow } from '../../core/run/graph.ts';
import { type EndedNode, localName, valuesOf } from '../../core/run/input.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { newApproval } from '../approvals/new-approval.ts';
import { refusal, turnOf } from './join-graph.ts';
import { loadEnds, type Progress, valuesFor } from './node-values.ts';
import { phaseOver, transact } from './resolve-transactions.ts';
import { orAgain } from './try-again.ts';
import { completed, failed, type Resolved, valueOf } from './resolved.ts';
import { awaitEvent, hold } from './resolve-waits.ts';

/** Lets `count` copies of a node's body join, unless a limit forbids it. */
function expanded(
  progress: Progress,
  index: number,
  node: CompositeNode,
  from: number,
  count: number,
  values: NonNullable<ExpansionRow['values']>,
): Resolved {
  const body = bodyOf(progress.graph.definition, node, 'body');
  if (body === undefined) return failed(node.name, 'internal', 'its body is unknown');
  const turn = turnOf(progress, index);
  const prefix = scopePrefix(node.name, 'body', from + count, turn);
  const refused = refusal(progress, index, body, prefix, count);
  if (refused !== undefined) return failed(node.name, 'too-large', refused);
  const bytes = Buffer.byteLength(JSON.stringify(values));
  if (bytes > expansionBytesMax)
    return failed(node.name, 'too-large', `its values have ${bytes} bytes, more than ${expansionBytesMax}`);
  return { outcome: { node: node.name, attempt: 0, outcome: 'expanded', scope: 'body', from, count, turn }, values };
}

async function choose(deps: WorkflowDeps, progress: Progress, node: ChoiceNode, values: ExpressionValues) {
  const taken: string[] = [];
  for (const { when, then } of node.branches) {
    const holds = await valueOf(when, values);
    if (!holds.ok) return failed(node.name, 'input-failed', holds.error.message);
    if (holds.value === true) taken.push(...then);
    if (holds.value === true && node.take === 'first') break;
  }
  if (taken.length === 0 && node.default === undefined)
    return failed(node.name, 'no-branch', 'no branch of the choice holds, and it has no default');
  const names = [...new Set(taken.length > 0 ? taken : node.default)];
  return completed(deps, progress, node.name, JSON.stringify(names), { taken: names });
}

/** A JSONata sequence of one item is that item, and of none is nothing. */
function asList(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? (value as readonly Json[]) : [value];
}

/** A node that holds others begins: its first nodes join, or it ends at once. */
async function enter(
  deps: WorkflowDeps,
  progress: Progress,
  index: number,
  node: CompositeNode,
  values: ExpressionValues,
): Promise<Resolved> {
  const input = await valueOf(node.input, values);
  if (!input.ok) return failed(node.name, 'input-failed', input.error.message);
  const given = input.value === undefined ? {} : { input: input.value };
  if (node.kind === 'map') {
    const items = await valueOf(node.items, values);
    if (!items.ok) return failed(node.name, 'input-failed', items.error.message);
    const list = asList(items.value);
    return expanded(progress, index, node, 0, list.length, { ...given, items: list });
  }
  if (node.kind === 'loop' && node.while !== undefined) {
    const inner = { ...values, ...given, last: null, index: 0 };
    const goesOn = await valueOf(node.while, inner);
    if (!goesOn.ok) return failed(node.name, 'input-failed', goesOn.error.message);
    if (goesOn.value !== true) return completed(deps, progress, node.name, 'null');
  }
  return expanded(progress, index, node, 0, 1, node.kind === 'loop' ? { ...given, last: null } : given);
}

/** The time (ms) that a node around others has, and whether a gather then ends with what it has. */
function timeOf(node: CompositeNode): { readonly ms: number; readonly isEnough: boolean } {
  const { timeout_ms = Infinity } = node;
  const deadline_ms = node.kind === 'gather' ? (node.deadline_ms ?? Infinity) : Infinity;
  return { ms: Math.min(timeout_ms, deadline_ms), isEnough: deadline_ms <= timeout_ms };
}

/** A node around others begins, and with it its time. */
async function begin(
  deps: WorkflowDeps,
  progress: Progress,
  index: number,
  node: CompositeNode,
  values: ExpressionValues,
): Promise<Resolved> {
  const entered = await enter(deps, progress, index, node, values);
  const { ms } = timeOf(node);
  if (ms === Infinity || entered.outcome.outcome !== 'expanded') return entered;
  return { ...entered, outcome: { ...entered.outcome, until: new Date(deps.sources.now() + ms).toISOString() } };
}

/** The end of a node around others whose timer has fired; undefined when it waits for nothing inside it any more, or for its fallback. */
export async function runOut(deps: WorkflowDeps, progress: Progress, index: number): Promise<Resolved | undefined> {
  const { graph, letters } = progress;
  const node = graph.nodes[index];
  if (node?.kind === 'transaction' && letters[index] === 'E') return phaseOver(deps, progress, index, node);
  if (node === undefined || !('body' in node) || letters[index] !== 'E') return undefined;
  if (graph.scopesIn.get(index)?.at(-1)?.kind !== 'body') return undefined;
  const { ms, isEnough } = timeOf(node);
  if (!isEnough)
    return orAgain(deps, progress, index, failed(node.name, 'timed-out', `it did not end within ${ms} ms`));
  const values = await valuesFor(deps, progress, [index]);
  return leave(deps, progress, index, values(index));
}

type Ends = ReadonlyMap<string, EndedNode>;

/** What the nodes that end a scope came to, by name; and what it is as a whole. */
async function resultsOf({ graph, letters }: Progress, scope: Scope, ends: Ends, around: ExpressionValues) {
  const { outputs, nodes } = valuesOf(graph, letters, scope.sinks, ends);
  if (scope.output !== undefined) {
    const made = await valueOf(scope.output, { ...around, outputs, nodes });
    return { outputs, whole: made };
  }
  const [only] = scope.sinks;
  const one = scope.sinks.length === 1 ? outputs[localName(graph.nodes[only ?? -1]?.name ?? '')] : outputs;
  return { outputs, whole: { ok: true as const, value: (one ?? null) as Json } };
}

/** What the expressions of a node see of its newest scope: what it was given when it joined, under what is around the node. */
function inside({ run }: Progress, scope: Scope | undefined, values: ExpressionValues): ExpressionValues {
  const { items: _items, ...given } = run.expansions[scope?.expansion ?? -1]?.values ?? {};
  return { ...values, ...given, ...(scope === undefined ? {} : { index: scope.index }) };
}

/** The results of all scopes of a node, as its `output` sees them: a list for a map, an object for a gather, else that of the last scope. */
async function gatherResults(
  deps: WorkflowDeps,
  progress: Progress,
  index: number,
  values: ExpressionValues,
): Promise<Outcome<Json>> {
  const { graph, letters, run } = progress;
  const node = graph.nodes[index];
  const scopes = scopesNow(graph, index);
  const last = scopes.at(-1);
  const isMap = node?.kind === 'map' && last?.kind !== 'fallback';
  const told = isMap ? scopes : scopes.slice(-1);
  const ends = await loadEnds(
    deps,
    progress,
    told.flatMap(({ sinks }) => sinks),
  );
  if (isMap) {
    const list: Json[] = [];
    for (const scope of scopes) {
      const items = run.expansions[scope.expansion]?.values?.items ?? [];
      const around = { ...inside(progress, scope, values), item: items[scope.index] };
      const { whole } =
        scopeStatus(letters, scope) === 'completed'
          ? await resultsOf(progress, scope, ends, around)
          : { whole: { ok: true as const, value: null } };
      if (!whole.ok) return whole;
      list.push(whole.value ?? null);
    }
    return { ok: true, value: list };
  }
  if (last === undefined) return { ok: true, value: null };
  const { outputs, whole } = await resultsOf(progress, last, ends, inside(progress, last, values));
  if (node?.kind === 'gather' && last.kind === 'body' && last.output === undefined)
    return { ok: true, value: outputs as Json };
  return whole.ok ? { ok: true, value: whole.value ?? null } : whole;
}

/** A node ends with what its nodes came to. */
async function leave(
  deps: WorkflowDeps,
  progress: Progress,
  index: number,
  values: ExpressionValues,
): Promise<Resolved> {
  const node = progress.graph.nodes[index];
  const path = node?.name ?? '';
  const results = await gatherResults(deps, progress, index, values);
  if (!results.ok) return failed(path, 'output-failed', results.error.message);
  const last = progress.graph.scopesIn.get(index)?.at(-1);
  if (node === undefined || !('body' in node) || node.output === undefined || last?.kind === 'fallback')
    return completed(deps, progress, path, JSON.stringify(results.value));
  const made = await evaluate(node.output, { ...inside(progress, last, values), results: results.value });
  if (!made.ok) return failed(path, 'output-failed', made.error.message);
  return completed(deps, progress, path, made.value);
}

/** A round of a loop has ended: another one, or the loop's end. */
async function nextRound(
  deps: WorkflowDeps,
  progress: Progress,
  index: number,
  node: Extract<CompositeNode, { kind: 'loop' }>,
  values: ExpressionValues,
): Promise<Resolved> {
  const scope = progress.graph.scopesIn.get(index)?.at(-1);
  const round = (scope?.index ?? -1) + 1;
  const last = await gatherResults(deps, progress, index, values);
  if (!last.ok) return failed(node.name, 'output-failed', last.error.message);
  const { input } = progress.run.expansions[scope?.expansion ?? -1]?.values ?? {};
  const given = { ...(input === undefined ? {} : { input }), last: last.value };
  const asked = await valueOf(node.while ?? node.until, { ...values, ...given, index: round });
  if (!asked.ok) return failed(node.name, 'input-failed', asked.error.message);
  const goesOn = (asked.value === true) === (node.while !== undefined);
  if (!goesOn) return leave(deps, progress, index, values);
  if (round >= node.max_rounds) return failed(node.name, 'too-large', `it went through ${round} rounds without an end`);
  return expanded(progress, index, node, round, 1, given);
}

async function resolveOne(
  deps: WorkflowDeps,
  progress: Progress,
  { index, due }: DueNode,
  values: ExpressionValues,
): Promise<Resolved> {
  const node = progress.graph.nodes[index];
  if (node === undefined) return failed('', 'internal', 'no such node');
  if (typeof due === 'object')
    return orAgain(deps, progress, index, failed(node.name, 'inner-failed', due.fail), due.by);
  const isFallback = progress.graph.scopesIn.get(index)?.at(-1)?.kind === 'fallback';
  if (node.kind === 'transaction' && !isFallback)
    return orAgain(
      deps,
      progress,
      index,
      (await transact(deps, progress, index, node, values)) ?? (await leave(deps, progress, index, values)),
    );
  if (due === 'round' && node.kind === 'loop') return nextRound(deps, progress, index, node, values);
  if (due !== 'start') return leave(deps, progress, index, values);
  if (node.kind === 'wait') return hold(deps, progress, node, values);
  if (node.kind === 'event') return awaitEvent(deps, progress, node, values);
  if (node.kind === 'approval') {
    const asked = await newApproval(deps, progress, node, values);
    if (!asked.ok) return failed(node.name, 'input-failed', asked.error.message);
    return { outcome: { node: node.name, attempt: 0, outcome: 'held' }, approval: asked.value };
  }
  if (node.kind === 'choice') return choose(deps, progress, node, values);
  if ('body' in node) return begin(deps, progress, index, node, values);
  const output = 'output' in node ? node.output : undefined;
  const made = await evaluate(output ?? 'null', values);
  return made.ok
    ? completed(deps, progress, node.name, made.value)
    : failed(node.name, 'input-failed', made.error.message);
}

/** Evaluates nodes that wait for Cadre itself. Deterministic: the same ends give the same outcome. A failing expression fails its node only. */
export async function resolveNodes(
  deps: WorkflowDeps,
  progress: Progress,
  due: readonly DueNode[],
): Promise<readonly Resolved[]> {
  const values = await valuesFor(
    deps,
    progress,
    due.map(({ index }) => index),
  );
  return Promise.all(due.map((each) => resolveOne(deps, progress, each, values(each.index))));
}
