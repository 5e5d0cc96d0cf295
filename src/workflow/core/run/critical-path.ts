/** The edges of a graph, by index. */
export interface Edges {
  readonly dependencies: readonly (readonly number[])[];
  readonly dependents: readonly (readonly number[])[];
}

/** What is known about the time of a node: how long it should take (ms), and when it began and ended (epoch ms). */
export interface NodeTiming {
  readonly estimate_ms: number;
  readonly started_at?: number | undefined;
  readonly ended_at?: number | undefined;
}

/** When everything happens, if every estimate is right and no node waits for an agent. Epoch ms and ms. */
export interface Forecast {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** How much later a node may end without the whole ending later; 0 for nodes that have ended. */
  readonly slack: readonly number[];
  /** The nodes that decide when it ends, in their order. */
  readonly critical: readonly number[];
  readonly finish: number;
}

/** The nodes so that each comes after its dependencies. Nodes of a cycle are left out: such a graph never runs. */
export function inOrder({ dependencies, dependents }: Edges): readonly number[] {
  const open = dependencies.map((list) => list.length);
  const order = open.flatMap((count, index) => (count === 0 ? [index] : []));
  for (let head = 0; head < order.length; head += 1) {
    for (const next of dependents[order[head] ?? -1] ?? []) {
      open[next] = (open[next] ?? 0) - 1;
      if (open[next] === 0) order.push(next);
    }
  }
  return order;
}

/** The longest way (ms) from the end of each node to the end of the graph, by estimates alone. */
export function restAfter(edges: Edges, estimates: readonly number[]): readonly number[] {
  const rest = estimates.map(() => 0);
  for (const index of inOrder(edges).toReversed()) {
    for (const next of edges.dependents[index] ?? [])
      rest[index] = Math.max(rest[index] ?? 0, (estimates[next] ?? 0) + (rest[next] ?? 0));
  }
  return rest;
}

/** The longest way (ms) through the graph, by estimates alone. */
export function longestWay(edges: Edges, estimates: readonly number[]): number {
  const rest = restAfter(edges, estimates);
  return estimates.reduce((most, ms, index) => Math.max(most, ms + (rest[index] ?? 0)), 0);
}

function latest(indexes: readonly number[], ends: readonly number[]): number | undefined {
  return indexes.reduce<number | undefined>(
    (best, index) => (best === undefined || (ends[index] ?? 0) > (ends[best] ?? 0) ? index : best),
    undefined,
  );
}

/** From the node that ends last back along the dependency that ended last before each. */
function criticalPath(edges: Edges, ends: readonly number[]): readonly number[] {
  const path: number[] = [];
  let at = latest(
    ends.map((_, index) => index),
    ends,
  );
  while (at !== undefined) {
    path.push(at);
    at = latest(edges.dependencies[at] ?? [], ends);
  }
  return path.reverse();
}

/**
 * Forecasts the rest of a run: what has happened stands, a node that runs longer than estimated ends now at the earliest, and what waits starts when its
 * dependencies end. Linear in nodes and edges. Its graph must have no cycle.
 */
export function forecast(edges: Edges, timings: readonly NodeTiming[], now: number): Forecast {
  const order = inOrder(edges);
  const starts = timings.map(() => now);
  const ends = timings.map(() => now);
  for (const index of order) {
    const { estimate_ms, started_at, ended_at } = timings[index] as NodeTiming;
    const ready = (edges.dependencies[index] ?? []).reduce((most, each) => Math.max(most, ends[each] ?? 0), now);
    starts[index] = started_at ?? ended_at ?? ready;
    ends[index] = ended_at ?? Math.max(now, starts[index] + estimate_ms);
  }
  const finish = ends.reduce((most, end) => Math.max(most, end), 0);
  const slack = timings.map(() => 0);
  for (const index of order.toReversed()) {
    if (timings[index]?.ended_at !== undefined) continue;
    const open = (edges.dependents[index] ?? []).filter((each) => timings[each]?.ended_at === undefined);
    const room = open.map((each) => (slack[each] ?? 0) + (starts[each] ?? 0) - (ends[index] ?? 0));
    slack[index] = Math.max(0, room.length === 0 ? finish - (ends[index] ?? 0) : Math.min(...room));
  }
  return { starts, ends, slack, critical: criticalPath(edges, ends), finish };
}
