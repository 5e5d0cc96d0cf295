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
import type { Caller, ContextDeps, DocumentVersion } from '../ports.ts';
import { loadHead, permitted } from './documents/load-document.ts';

/** Tasks or versions that are asked of at once. More: one call of a walk reads more than it will show. */
const askedAtOnce = 20;
/** Rows of one task or version that are read: one more than an answer has, so that it is told when it was cut. */
const readMax = visitedDocumentsMax + 1;

/** The newest versions of the documents that the caller may read; of one that is deleted too, because what depended on it still does. */
async function readable(deps: ContextDeps, caller: Caller, namespace: string, context_ids: readonly string[]) {
  const ids = [...new Set(context_ids)];
  const [heads, room] = await Promise.all([
    deps.documents.heads(ids.map((context_id) => ({ namespace, context_id }))),
    deps.documents.namespace(namespace),
  ]);
  const own = heads.filter(
    (head) => head !== undefined && accessOf(room?.policy, head, caller.principal).actions.has('read'),
  );
  return new Map(own.map((head) => [head?.context_id, head?.version ?? 0]));
}

/**
 * Records which versions a task has read. What the caller may not read is left out, and versions that are not there yet: nobody can have read them. The
 * task is not looked up: other programs name theirs as they like.
 */
export async function recordReads(
  deps: ContextDeps,
  caller: Caller,
  { namespace, task_id, reads }: z.output<typeof recordRequest>,
): Promise<z.output<typeof recordAnswer>> {
  const newest = await readable(
    deps,
    caller,
    namespace,
    reads.map(({ context_id }) => context_id),
  );
  const own = reads.filter(({ context_id, version }) => version <= (newest.get(context_id) ?? 0));
  if (own.length > 0) await deps.documents.recordReads(namespace, task_id, own, deps.sources.now());
  return { recorded: own.length };
}

/** What a step of a walk finds of a level, a part at a time. */
type Steps = (level: readonly DocumentVersion[]) => AsyncIterable<readonly LineageEdge[]>;

const nameOf = ({ context_id, version }: DocumentVersion) => `${context_id}@${String(version)}`;

/** Walks from a version through tasks to other versions, level by level, and asks for no more once it has enough. Circles end where they began. */
async function walk(
  start: DocumentVersion,
  depth: number,
  steps: Steps,
): Promise<{ readonly edges: readonly LineageEdge[]; readonly cut: boolean }> {
  const seen = new Set([nameOf(start)]);
  const edges = new Map<string, LineageEdge>();
  let level: DocumentVersion[] = [start];
  for (let step = 0; step < depth && level.length > 0; step += 1) {
    const next: DocumentVersion[] = [];
    for await (const found of steps(level)) {
      for (const edge of found) {
        const name = `${edge.task_id} ${edge.action} ${nameOf(edge)}`;
        if (edges.has(name)) continue;
        if (edges.size === visitedDocumentsMax) return { edges: [...edges.values()], cut: true };
        edges.set(name, edge);
        if (seen.has(nameOf(edge))) continue;
        seen.add(nameOf(edge));
        next.push({ context_id: edge.context_id, version: edge.version });
      }
    }
    level = next;
  }
  return { edges: [...edges.values()], cut: false };
}

/** The answers to what is asked of each of these, a part at a time. */
async function* asked<T, A>(of: readonly T[], ask: (each: T) => Promise<A>): AsyncGenerator<readonly A[]> {
  for (let at = 0; at < of.length; at += askedAtOnce) yield Promise.all(of.slice(at, at + askedAtOnce).map(ask));
}

/** What tasks read or wrote. Each is asked once, however many ways lead to it. */
function touches(deps: ContextDeps, namespace: string, action: LineageEdge['action']) {
  const known = new Set<string>();
  return async function* (task_ids: readonly string[]): AsyncGenerator<readonly LineageEdge[]> {
    const open = [...new Set(task_ids)].filter((task_id) => !known.has(task_id));
    for (const task_id of open) known.add(task_id);
    const found = asked(open, async (task_id) =>
      (await deps.documents.touchedBy(namespace, task_id, action, readMax)).map((each) => ({
        task_id,
        action,
        ...each,
      })),
    );
    for await (const part of found) yield part.flat();
  };
}

/** To the tasks that wrote the versions, and to what these had read. */
function upwards(deps: ContextDeps, namespace: string): Steps {
  const reads = touches(deps, namespace, 'read');
  return async function* (level) {
    const wrote = asked(level, async (from): Promise<LineageEdge[]> => {
      const { context_id, version } = from;
      const task_id = (await deps.documents.version({ namespace, context_id }, version))?.origin?.task_id;
      return task_id === undefined ? [] : [{ task_id, action: 'wrote', ...from }];
    });
    for await (const part of wrote) {
      yield part.flat();
      yield* reads(part.flat().map(({ task_id }) => task_id));
    }
  };
}

/** To the tasks that have read the versions, and to what these wrote. */
function downwards(deps: ContextDeps, namespace: string): Steps {
  const writes = touches(deps, namespace, 'wrote');
  return async function* (level) {
    const read = asked(level, async (from): Promise<LineageEdge[]> => {
      const { context_id, version } = from;
      const task_ids = await deps.documents.readersOf({ namespace, context_id }, version, readMax);
      return task_ids.map((task_id) => ({ task_id, action: 'read', ...from }));
    });
    for await (const part of read) {
      yield part.flat();
      yield* writes(part.flat().map(({ task_id }) => task_id));
    }
  };
}

/** What a version is made of and what depends on it, as tasks recorded it; documents that the caller may not read are left out. Throws `not-found` and `forbidden`. */
export async function traceLineage(
  deps: ContextDeps,
  caller: Caller,
  { namespace, context_id, version, depth }: z.output<typeof lineageRequest>,
): Promise<LineageAnswer> {
  const { latest, namespace: room } = await loadHead(deps, { namespace, context_id });
  permitted(room, latest ?? { context_id }, caller, 'read');
  // Of a deleted one too: what was made of it is still there.
  const start = { context_id, version: version ?? latest?.version ?? 1 };
  if (latest === undefined || start.version > latest.version)
    throw new CadreError('not-found', `${context_id} has no version ${String(start.version)}`, { path: 'version' });
  const up = await walk(start, depth, upwards(deps, namespace));
  const down = await walk(start, depth, downwards(deps, namespace));
  const all = [...up.edges, ...down.edges];
  const known = await readable(
    deps,
    caller,
    namespace,
    all.map((edge) => edge.context_id),
  );
  const shown = (edges: readonly LineageEdge[]) => edges.filter((edge) => known.has(edge.context_id));
  return { ...start, upstream: shown(up.edges), downstream: shown(down.edges), cut: up.cut || down.cut };
}
