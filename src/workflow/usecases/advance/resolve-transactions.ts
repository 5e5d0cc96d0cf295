import type { ExpansionRow } from '../../../contracts/workflow/rows.ts';
import type { TransactionNode } from '../../../contracts/workflow/nodes.ts';
import type { ExpressionValues } from '../../core/expressions/expression.ts';
import { bodyOf, scopePrefix, scopesNow } from '../../core/run/graph.ts';
import { localName } from '../../core/run/input.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { refusal, turnOf } from './join-graph.ts';
import { loadEnds, type Progress } from './node-values.ts';
import { failed, type Resolved, valueOf } from './resolved.ts';

/** When the time of the phase is up that a transaction is in (epoch ms); Infinity: it has none. */
function endOfTime({ graph, run }: Progress, index: number): number {
  const event = run.expansions[scopesNow(graph, index).at(-1)?.expansion ?? -1]?.event;
  return event?.type !== 'NodeExpanded' || event.until === undefined ? Infinity : Date.parse(event.until);
}

/** Lets a phase of a transaction join, and with it its time: preparing, or what was decided. The event of the latter is the decision, and is committed with its tasks. */
function enterPhase(
  deps: WorkflowDeps,
  progress: Progress,
  index: number,
  node: TransactionNode,
  scope: 'prepare' | 'commit' | 'abort',
  given: NonNullable<ExpansionRow['values']>,
): Resolved {
  const body = bodyOf(progress.graph.definition, node, scope);
  const turn = turnOf(progress, index);
  const refused = body && refusal(progress, index, body, scopePrefix(node.name, scope, 0, turn), 3);
  if (refused !== undefined && scope === 'prepare') return failed(node.name, 'too-large', refused);
  const ms = scope === 'prepare' ? node.prepare_timeout_ms : node.commit_timeout_ms;
  const until = ms === undefined ? {} : { until: new Date(deps.sources.now() + ms).toISOString() };
  const outcome = {
    node: node.name,
    attempt: 0,
    outcome: 'expanded' as const,
    scope,
    from: 0,
    count: 1,
    turn,
    ...until,
  };
  return { outcome, values: given };
}

/** A transaction goes on: it begins to prepare, decides by the votes, or fails because it was aborted. Undefined: it was committed, and ends with what that came to. */
export async function transact(
  deps: WorkflowDeps,
  progress: Progress,
  index: number,
  node: TransactionNode,
  values: ExpressionValues,
): Promise<Resolved | undefined> {
  const scope = progress.graph.scopesIn.get(index)?.at(-1);
  if (scope === undefined || progress.letters[index] === 'S') {
    const input = await valueOf(node.input, values);
    if (!input.ok) return failed(node.name, 'input-failed', input.error.message);
    return enterPhase(deps, progress, index, node, 'prepare', input.value === undefined ? {} : { input: input.value });
  }
  if (scope.kind === 'prepare') {
    const ends = await loadEnds(deps, progress, scope.sinks);
    const votes = scope.sinks.map((each) => {
      const { output } = ends.get(progress.graph.nodes[each]?.name ?? '') ?? {};
      const isNo = typeof output === 'object' && output !== null && 'vote' in output && output.vote === 'no';
      return progress.letters[each] === 'C' && !isNo;
    });
    const given = progress.run.expansions[scope.expansion]?.values ?? {};
    // The timer may be late: a vote that came after its time is none.
    const isInTime = endOfTime(progress, index) > deps.sources.now();
    return enterPhase(deps, progress, index, node, isInTime && votes.every(Boolean) ? 'commit' : 'abort', given);
  }
  if (scope.kind === 'abort') return failed(node.name, 'transaction-aborted', 'a participant did not agree');
  return undefined;
}

/** The time of a phase is up: who has not voted by now counts as a no; who has not confirmed by now is told on, while the node fails. */
export function phaseOver(
  deps: WorkflowDeps,
  progress: Progress,
  index: number,
  node: TransactionNode,
): Resolved | undefined {
  const { graph, letters, run } = progress;
  const scope = graph.scopesIn.get(index)?.at(-1);
  if (scope === undefined || endOfTime(progress, index) > deps.sources.now()) return undefined;
  if (scope.kind === 'prepare')
    return enterPhase(deps, progress, index, node, 'abort', run.expansions[scope.expansion]?.values ?? {});
  const open = scope.sinks.flatMap((each) => (letters[each] === 'C' ? [] : [localName(graph.nodes[each]?.name ?? '')]));
  const what = `the ${scope.kind} was not confirmed within ${node.commit_timeout_ms ?? 0} ms by ${open.join(', ')}`;
  return failed(node.name, 'timed-out', what);
}
