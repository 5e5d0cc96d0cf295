import { scopesNow } from '../../core/run/graph.ts';
import type { WorkflowDeps } from '../../ports.ts';
import type { Progress } from './node-values.ts';

/** When the time is up of the body or the phase that a node is in (epoch ms); Infinity: it has none. */
export function endOfTime({ graph, run }: Progress, index: number): number {
  const scopes = scopesNow(graph, index);
  const kind = scopes.at(-1)?.kind;
  // A loop has its time from its first round on.
  const event = run.expansions[scopes.find((scope) => scope.kind === kind)?.expansion ?? -1]?.event;
  return event?.type !== 'NodeExpanded' || event.until === undefined ? Infinity : Date.parse(event.until);
}

/** True for a node whose body or phase has time left, although a timer has fired: it was that of a try or a phase before. */
export function hasTime(deps: WorkflowDeps, progress: Progress, index: number): boolean {
  const end = endOfTime(progress, index);
  return progress.letters[index] === 'E' && end !== Infinity && end > deps.sources.now();
}
