import { CadreError } from '../../../contracts/errors.ts';
import { relationChainMax } from '../../../contracts/limits.ts';
import { accessOf } from '../../core/access.ts';
import { addedRelations, relationsOf } from '../../core/acyclic.ts';
import type { Caller, Commit, ContextDeps, NamespaceRow } from '../../ports.ts';

/** The relations of one type as they will be once the commits are written; each document is read once. */
interface Graph {
  to(context_id: string): Promise<readonly string[]>;
  /** Whether any document leads to this one. */
  isReached(context_id: string): Promise<boolean>;
}

function graphAfter(deps: ContextDeps, namespace: string, type: string, commits: readonly Commit[]): Graph {
  const targetsOf = ({ next }: Commit) => relationsOf(next).flatMap((each) => (each.type === type ? [each.to] : []));
  const written = new Map(commits.map((commit) => [commit.next.context_id, targetsOf(commit)]));
  const read = new Map<string, Promise<readonly string[]>>();
  const stored = async (context_id: string) =>
    (await deps.documents.edges({ namespace, context_id }, 'out', type, relationChainMax + 1)).map(({ to }) => to);
  return {
    to: async (context_id) => {
      const known = written.get(context_id) ?? read.get(context_id) ?? stored(context_id);
      if (known instanceof Promise) read.set(context_id, known);
      return known;
    },
    isReached: async (context_id) => {
      if ([...written.values()].some((targets) => targets.includes(context_id))) return true;
      // One more than there are documents written: then one of another document is among them, if there is any.
      const edges = await deps.documents.edges({ namespace, context_id }, 'in', type, written.size + 1);
      return edges.some(({ from }) => !written.has(from));
    },
  };
}

/** The way from one document to another, both included, the shortest there is; undefined when there is none. Throws `too-large` when too many documents lie behind the first. */
async function wayTo(graph: Graph, from: string, goal: string): Promise<readonly string[] | undefined> {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  for (let level = [from]; level.length > 0 && !cameFrom.has(goal);) {
    const found = await Promise.all(level.map(async (id) => ({ id, targets: await graph.to(id) })));
    const next: string[] = [];
    for (const { id, targets } of found)
      for (const target of targets)
        if (!cameFrom.has(target)) {
          cameFrom.set(target, id);
          next.push(target);
        }
    if (cameFrom.size > relationChainMax)
      throw new CadreError('too-large', `more than ${String(relationChainMax)} documents lie behind ${from}`, {
        path: 'relations',
      });
    level = next;
  }
  if (!cameFrom.has(goal)) return undefined;
  const way: string[] = [];
  for (let id: string | undefined = goal; id !== undefined; id = cameFrom.get(id)) way.unshift(id);
  return way;
}

/** The documents of a way as the caller may know them: who may not read one sees `…` in its place. */
async function shown(
  deps: ContextDeps,
  room: NamespaceRow | undefined,
  caller: Caller,
  namespace: string,
  way: readonly string[],
) {
  const heads = await deps.documents.heads(way.map((context_id) => ({ namespace, context_id })));
  return way.map((context_id, at) => {
    const { actions } = accessOf(room?.policy, heads[at] ?? { context_id }, caller.principal);
    return actions.has('read') ? context_id : '…';
  });
}

/**
 * Refuses commits with which relations of an acyclic type would come back to where they began, told with the way. It looks only at what a commit adds, and
 * on from there only when something leads to its document. Two changes at the same moment do not see each other, and may close a circle together: whoever walks relations visits each document once.
 */
export async function checkRelations(
  deps: ContextDeps,
  room: NamespaceRow | undefined,
  caller: Caller,
  commits: readonly Commit[],
): Promise<void> {
  const graphs = new Map<string, Graph>();
  for (const { previous, next, place } of commits) {
    const { namespace, context_id } = next;
    for (const [type, added] of Map.groupBy(addedRelations(previous, next), (relation) => relation.type)) {
      const graph = graphs.get(type) ?? graphAfter(deps, namespace, type, commits);
      graphs.set(type, graph);
      // Nothing leads here, so nothing can come back; a relation to itself leads here too.
      if (!(await graph.isReached(context_id))) continue;
      for (const { to, at } of added) {
        const way = await wayTo(graph, to, context_id);
        if (way === undefined) continue;
        const circle = await shown(deps, room, caller, namespace, [context_id, ...way]);
        throw new CadreError('cyclic-relation', `${type} would come back to where it began: ${circle.join(' → ')}`, {
          path: `${place === undefined ? '' : `${place}.`}relations[${String(at)}].to`,
        });
      }
    }
  }
}
