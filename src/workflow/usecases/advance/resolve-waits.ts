import { type Outcome, refused } from '../../../contracts/errors.ts';
import { waitMsMax } from '../../../contracts/limits.ts';
import type { PublishedRow, SignalRow } from '../../../contracts/workflow/rows.ts';
import { type KeptSignal, receivedId } from '../../../contracts/workflow/signal.ts';
import type { EventNode, WaitNode } from '../../../contracts/workflow/nodes.ts';
import type { ExpressionValues } from '../../core/expressions/expression.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { type Progress, valuesFor } from './node-values.ts';
import { completed, failed, type Resolved, valueOf } from './resolved.ts';
import { loadJson } from './stored-json.ts';

/** When a time has come (epoch ms). Refused where it is none, or too far away. */
async function timeOf(
  { for_ms, until }: Pick<WaitNode, 'for_ms' | 'until'>,
  values: ExpressionValues,
  now: number,
): Promise<Outcome<number>> {
  if (for_ms !== undefined) return { ok: true, value: now + for_ms };
  const given = await valueOf(until, values);
  if (!given.ok) return given;
  const at = typeof given.value === 'string' ? Date.parse(given.value) : Number.NaN;
  if (Number.isNaN(at)) return refused('input-failed', `${JSON.stringify(given.value ?? null)} is not a time`);
  if (at - now <= waitMsMax) return { ok: true, value: at };
  return refused('too-large', `it would wait for ${at - now} ms, longer than ${waitMsMax}`);
}

/** When a wait is over; one that is over already ends at once. */
export async function hold(
  deps: WorkflowDeps,
  progress: Progress,
  node: WaitNode,
  values: ExpressionValues,
): Promise<Resolved> {
  const now = deps.sources.now();
  const time = await timeOf(node, values, now);
  if (!time.ok) return failed(node.name, time.error.code, time.error.message);
  if (time.value <= now) return timeIsUp(deps, progress, node);
  return { outcome: { node: node.name, attempt: 0, outcome: 'held', until: new Date(time.value).toISOString() } };
}

/** A branch of an event node with the value that its events must carry. */
interface Awaited {
  readonly name: string;
  readonly key?: string;
  readonly then: readonly string[];
}

/** What a node waits for. Refused with `input-failed` where a key is neither a text nor a number. */
async function awaitedBy(node: EventNode, values: ExpressionValues): Promise<Outcome<readonly Awaited[]>> {
  const awaited: Awaited[] = [];
  for (const { name, key, then = [] } of node.events) {
    const made = await valueOf(key, values);
    if (!made.ok) return made;
    if (key === undefined) awaited.push({ name, then });
    else if (typeof made.value === 'string' || typeof made.value === 'number')
      awaited.push({ name, key: String(made.value), then });
    else return refused('input-failed', `the key of "${name}" is ${JSON.stringify(made.value ?? null)}, not a text`);
  }
  return { ok: true, value: awaited };
}

function branchFor(awaited: readonly Awaited[], signal: Pick<SignalRow, 'name' | 'key'>): Awaited | undefined {
  return awaited.find(({ name, key }) => name === signal.name && (key === undefined || key === signal.key));
}

/** A published event as a workflow receives it. */
export function receivedRow(row: PublishedRow, workflow_id: string): SignalRow {
  const { name, key, data, body_hash, by, received_at } = row;
  return {
    ...{ workflow_id, id: receivedId(row), name, key, body_hash, by, received_at },
    ...(data === undefined ? {} : { data }),
  };
}

/** A node ends with the event that it waited for. */
async function take(
  deps: WorkflowDeps,
  progress: Progress,
  node: EventNode,
  signal: SignalRow,
  { then }: Awaited,
  received?: KeptSignal & { readonly by: string },
): Promise<Resolved> {
  const { id, name, key, received_at } = signal;
  const data = (await loadJson(deps, signal.data)) ?? null;
  const output = { event: name, ...(key === undefined ? {} : { key }), data, id, received_at };
  const took = { taken: [...then], signal: id, ...(received === undefined ? {} : { received }) };
  return completed(deps, progress, node.name, JSON.stringify(output), took);
}

/**
 * The oldest published event for a key that a node begins to wait for, which its workflow has not received. First it is told that the workflow waits, so that of whoever publishes
 * one now and this look one sees the other.
 */
async function publishedBefore(
  deps: WorkflowDeps,
  { run, received }: Progress,
  awaited: readonly Awaited[],
): Promise<SignalRow | undefined> {
  const { workflow_id, pool, seq } = run.head;
  const topics = awaited.flatMap(({ name, key }) => (key === undefined ? [] : [{ name, key }]));
  const now = deps.sources.now();
  const rows = await Promise.all(
    topics.map(async (topic) => {
      await deps.published.expect({ pool, ...topic, workflow_id, seq }, now);
      return deps.published.kept(pool, topic, now);
    }),
  );
  const events = rows
    .flat()
    .toSorted((one, other) => (one.received_at < other.received_at ? -1 : 1))
    .map((row) => receivedRow(row, workflow_id))
    .filter(({ id }) => !received.has(id));
  if (events.length === 0) return undefined;
  const known = await deps.workflows.signals(
    workflow_id,
    events.map(({ id }) => id),
  );
  return events.find((_event, index) => known[index] === undefined);
}

/** An event that the workflow keeps: one that it receives in this very step is not stored yet. */
async function signalRow(deps: WorkflowDeps, { run, received }: Progress, id: string): Promise<SignalRow | undefined> {
  const [stored] = received.has(id) ? [received.get(id)] : await deps.workflows.signals(run.head.workflow_id, [id]);
  return stored;
}

/** A node begins to wait for events: it takes the oldest kept one that it asks for, else the oldest that was published for its key, else it is held. */
export async function awaitEvent(
  deps: WorkflowDeps,
  progress: Progress,
  node: EventNode,
  values: ExpressionValues,
): Promise<Resolved> {
  const awaited = await awaitedBy(node, values);
  if (!awaited.ok) return failed(node.name, 'input-failed', awaited.error.message);
  for (const kept of progress.signals) {
    const branch = branchFor(awaited.value, kept);
    const signal = branch && (await signalRow(deps, progress, kept.id));
    if (branch !== undefined && signal !== undefined) return take(deps, progress, node, signal, branch);
  }
  const published = await publishedBefore(deps, progress, awaited.value);
  const branch = published && branchFor(awaited.value, published);
  if (published !== undefined && branch !== undefined) {
    const { id, name, key, by } = published;
    const taken = await take(deps, progress, node, published, branch, {
      id,
      name,
      ...(key === undefined ? {} : { key }),
      by,
    });
    return { ...taken, signal: published };
  }
  const held = { node: node.name, attempt: 0, outcome: 'held' as const };
  if (node.timer === undefined) return { outcome: held };
  const now = deps.sources.now();
  const time = await timeOf(node.timer, values, now);
  if (!time.ok) return failed(node.name, time.error.code, time.error.message);
  if (time.value <= now) return timeIsUp(deps, progress, node);
  return { outcome: { ...held, until: new Date(time.value).toISOString() } };
}

/** A node ends because the time that it waited for has come. */
export async function timeIsUp(deps: WorkflowDeps, progress: Progress, node: WaitNode | EventNode): Promise<Resolved> {
  if (node.kind === 'wait') return { outcome: { node: node.name, attempt: 0, outcome: 'completed' } };
  const output = JSON.stringify({ event: null, data: null });
  return completed(deps, progress, node.name, output, { taken: [...(node.timer?.then ?? [])] });
}

/** What a node that ended with this output went on with: the branch of its event, or of its timer. Keys are evaluated anew: the same ends give the same key. */
export async function branchTaken(
  node: EventNode,
  values: ExpressionValues,
  output: unknown,
): Promise<readonly string[]> {
  const { event, key } = output as { readonly event: string | null; readonly key?: string };
  if (event === null) return node.timer?.then ?? [];
  const awaited = await awaitedBy(node, values);
  const branch = awaited.ok
    ? branchFor(awaited.value, { name: event, ...(key === undefined ? {} : { key }) })
    : undefined;
  return branch?.then ?? [];
}

/** True for a node that was held and waits on. */
export function isHeld({ graph, letters }: Progress, index: number): boolean {
  return letters[index] === 'E' && !graph.scopesIn.has(index);
}

/** The first node in the graph's order that waits for an event, ending with it; undefined when none does. Keys are evaluated anew: the same ends give the same key. */
export async function takerOf(
  deps: WorkflowDeps,
  progress: Progress,
  signal: SignalRow,
): Promise<Resolved | undefined> {
  const { graph } = progress;
  const waiting = graph.controls.filter((index) => {
    const node = graph.nodes[index];
    return node?.kind === 'event' && isHeld(progress, index) && node.events.some(({ name }) => name === signal.name);
  });
  const values = await valuesFor(deps, progress, waiting);
  for (const index of waiting.toSorted((one, other) => one - other)) {
    const node = graph.nodes[index] as EventNode;
    const awaited = await awaitedBy(node, values(index));
    const branch = awaited.ok ? branchFor(awaited.value, signal) : undefined;
    if (branch !== undefined) return take(deps, progress, node, signal, branch);
  }
  return undefined;
}
