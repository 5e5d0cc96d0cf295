import { retryDelayMs } from '../../../distributor/core/tasks/settle.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { loadEnds, type Progress } from './node-values.ts';
import type { Resolved } from './resolved.ts';

/** Failures that another try may not meet again; all others follow from the definition and its input. */
const passingFailures = ['inner-failed', 'timed-out', 'transaction-aborted'];

/**
 * A failure of a node that runs others, or its next try where its `retry` has one. `by` is the node inside that failed: its code may be one that is not tried again. The
 * decision of a transaction is never gone back on: only one that was aborted is tried again.
 */
export async function orAgain(
  deps: WorkflowDeps,
  progress: Progress,
  index: number,
  ended: Resolved,
  by?: number,
): Promise<Resolved> {
  const node = progress.graph.nodes[index];
  const retry = node !== undefined && ('body' in node || node.kind === 'transaction') ? node.retry : undefined;
  const { outcome } = ended;
  const last = progress.graph.scopesIn.get(index)?.at(-1);
  if (retry === undefined || outcome.outcome !== 'failed' || last === undefined || last.kind === 'fallback')
    return ended;
  const { error } = outcome;
  const isDecided = node?.kind === 'transaction' && error.code !== 'transaction-aborted';
  if (isDecided || last.attempt >= retry.max_attempts || !passingFailures.includes(error.code)) return ended;
  const inner = by === undefined ? undefined : await loadEnds(deps, progress, [by]);
  const codes = [error.code, inner?.get(progress.graph.nodes[by ?? -1]?.name ?? '')?.error?.code];
  if (codes.some((code) => code !== undefined && retry.non_retryable?.includes(code) === true)) return ended;
  const random = retry.jitter === false ? 1 : deps.sources.random();
  const delay_ms = retry.backoff_ms === undefined ? 0 : retryDelayMs(retry.backoff_ms, last.attempt, random);
  const until = delay_ms === 0 ? {} : { until: new Date(deps.sources.now() + delay_ms).toISOString() };
  return { outcome: { node: outcome.node, attempt: last.attempt, outcome: 'retried', error, ...until } };
}
