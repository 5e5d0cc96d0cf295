import type * as z from 'zod';
import type {
  LineageAnswer,
  LineageEdge,
  lineageRequest,
  recordAnswer,
  recordRequest,
} from '../../contracts/context/lineage.ts';
import { CadreError } from '../../contracts/errors.ts';
import { visitedDocumentsMax } from '../../contracts/limits.ts';
import { accessOf } from '../core/access.ts';
import type { DocumentKey } from '../core/version.ts';
import type { Caller, ContextDeps, DocumentVersion } from '../ports.ts';
import { loadHead, permitted } from './documents/load-document.ts';

/** Which of the documents the caller may read; one that is deleted too, because what depended on it still does. */
async function readableIds(deps: ContextDeps, caller: Caller, namespace: string, context_ids: readonly string[]) {
  const ids = [...new Set(context_ids)];
  const [heads, room] = await Promise.all([
    deps.documents.heads(ids.map((context_id) => ({ namespace, context_id }))),
    deps.documents.namespace(namespace),
  ]);
  const isReadable = (at: number) =>
    heads[at] !== undefined && accessOf(room?.policy, heads[at], caller.principal).actions.has('read');
  return new Set(ids.filter((_, at) => isReadable(at)));
}

/** Records which versions a task has read. What the caller may not read, or was never there, is left out: nobody can have read it. */
export async function recordReads(
  deps: ContextDeps,
  caller: Caller,
  { namespace, task_id, reads }: z.output<typeof recordRequest>,
): Promise<z.output<typeof recordAnswer>> {
  const readable = await readableIds(
    deps,
    caller,
    namespace,
    reads.map(({ context_id }) => context_id),
  );
  const own = reads.filter(({ context_id }) => readable.has(context_id));
  if (own.length > 0) await deps.documents.recordReads(namespace, task_id, own, deps.sources.now());
  return { recorded: own.length };
}

/** Walks from a version through tasks to other versions, level by level. Circles end where they began. */
async function walk(
  start: DocumentVersion,
  depth: number,
  step: (from: DocumentVersion) => Promise<readonly (readonly LineageEdge[])[]>,
): Promise<{ readonly edges: readonly LineageEdge[]; readonly cut: boolean }> {
  const nameOf = ({ context_id, version }: DocumentVersion) => `${context_id}@${String(version)}`;
  const seen = new Set([nameOf(start)]);
  const edges = new Map<string, LineageEdge>();
  let level: DocumentVersion[] = [start];
  for (let steps = 0; steps < depth && level.length > 0; steps += 1) {
    const found = (await Promise.all(level.map(step))).flat(2);
    level = [];
    for (const edge of found) {
      if (edges.size === visitedDocumentsMax) return { edges: [...edges.values()], cut: true };
      edges.set(`${edge.task_id} ${edge.action} ${nameOf(edge)}`, edge);
      if (seen.has(nameOf(edge))) continue;
      seen.add(nameOf(edge));
      level.push({ context_id: edge.context_id, version: edge.version });
    }
  }
  return { edges: [...edges.values()], cut: false };
}

/** What a version is made of and what depends on it, as tasks recorded it; documents that the caller may not read are left out. Throws `not-found` and `forbidden`. */
export async function traceLineage(
  deps: ContextDeps,
  caller: Caller,
  { namespace, context_id, version, depth }: z.output<typeof lineageRequest>,
): Promise<LineageAnswer> {
  const { documents } = deps;
  const { latest, namespace: room } = await loadHead(deps, { namespace, context_id });
  permitted(room, latest ?? { context_id }, caller, 'read');
  // Of a deleted one too: what was made of it is still there.
  const start = { context_id, version: version ?? latest?.version ?? 1 };
  if (latest === undefined || start.version > latest.version)
    throw new CadreError('not-found', `${context_id} has no version ${String(start.version)}`, { path: 'version' });
  const keyOf = (from: DocumentVersion): DocumentKey => ({ namespace, context_id: from.context_id });
  const touched = async (task_id: string, action: LineageEdge['action']) =>
    (await documents.touchedBy(namespace, task_id, action)).map((each) => ({ task_id, action, ...each }));
  const up = await walk(start, depth, async (from) => {
    const task_id = (await documents.version(keyOf(from), from.version))?.origin?.task_id;
    if (task_id === undefined) return [];
    return [[{ task_id, action: 'wrote', ...from }], await touched(task_id, 'read')];
  });
  const down = await walk(start, depth, async (from) => {
    const tasks = await documents.readersOf(keyOf(from), from.version);
    const read = tasks.map((task_id) => ({ task_id, action: 'read' as const, ...from }));
    return [read, ...(await Promise.all(tasks.map((task_id) => touched(task_id, 'wrote'))))];
  });
  const all = [...up.edges, ...down.edges];
  const readable = await readableIds(
    deps,
    caller,
    namespace,
    all.map((edge) => edge.context_id),
  );
  const shown = (edges: readonly LineageEdge[]) => edges.filter((edge) => readable.has(edge.context_id));
  return { ...start, upstream: shown(up.edges), downstream: shown(down.edges), cut: up.cut || down.cut };
}
