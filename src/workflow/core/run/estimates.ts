import { depthMax } from '../../../contracts/limits.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { isTask, type TaskNode, type WorkflowNode } from '../../../contracts/workflow/nodes.ts';
import { recordOf } from '../../../distributor/core/agents/figures.ts';
import { restAfter } from './critical-path.ts';
import { bodyOf, graphOf } from './graph.ts';

/** How long a node should take when nothing is known. */
export const unknownEstimateMs = 60_000;

/** How long a node should take, and who says so. */
export interface Estimate {
  readonly ms: number;
  readonly by: 'definition' | 'history' | 'nothing';
}

/** Median durations (ms) of task types, over all that these agents have done lately. */
export function medianDurations(agents: readonly Pick<AgentRow, 'figures'>[]): ReadonlyMap<string, number> {
  const sums = new Map<string, { completed: number; log: number }>();
  for (const [type, { completed, log }] of agents.flatMap(({ figures }) => Object.entries(figures ?? {}))) {
    const sum = sums.get(type) ?? { completed: 0, log: 0 };
    sums.set(type, { completed: sum.completed + completed, log: sum.log + log });
  }
  const nothing = { failed: 0, log_squared: 0, micro_usd: 0, tokens: 0 };
  return new Map(
    [...sums].flatMap(([type, sum]) => {
      const { p50_ms } = recordOf({ ...nothing, ...sum });
      return p50_ms === undefined ? [] : [[type, p50_ms] as const];
    }),
  );
}

/** `estimated_duration` of the payload, in seconds or as `90s`: where tasks of their own say it too. */
function saidBy({ payload }: TaskNode): number | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return undefined;
  const said = (payload as Readonly<Record<string, unknown>>)['estimated_duration'];
  const seconds = typeof said === 'string' ? Number(/^(\d+(?:\.\d+)?)s$/.exec(said)?.[1]) : said;
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

function estimateOfTask(node: TaskNode, history: ReadonlyMap<string, number>): Estimate {
  const said = saidBy(node);
  if (said !== undefined) return { ms: said, by: 'definition' };
  const usual = history.get(node.task_type);
  return usual === undefined ? { ms: unknownEstimateMs, by: 'nothing' } : { ms: usual, by: 'history' };
}

/**
 * How long a node should take: as its payload says, else as its task type usually takes. A node around others takes the longest way through its body, once:
 * how many rounds or items there will be, nobody knows. Deciding and joining take no time.
 */
export function estimateOf(
  definition: WorkflowDefinition,
  node: WorkflowNode,
  history: ReadonlyMap<string, number>,
  depth = 0,
): Estimate {
  if (isTask(node)) return estimateOfTask(node, history);
  const body = depth < depthMax ? bodyOf(definition, node, 'body') : undefined;
  if (body === undefined) return { ms: 0, by: 'definition' };
  const graph = graphOf({ name: definition.name, nodes: [...body.nodes] });
  const inner = graph.nodes.map((each) => estimateOf(definition, each, history, depth + 1));
  const rest = restAfter(
    graph,
    inner.map(({ ms }) => ms),
  );
  const ms = inner.reduce((most, each, index) => Math.max(most, each.ms + (rest[index] ?? 0)), 0);
  const by = (['nothing', 'history'] as const).find((source) => inner.some((each) => each.by === source));
  return { ms, by: by ?? 'definition' };
}
