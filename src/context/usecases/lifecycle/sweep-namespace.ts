import { canonicalJson } from '../../../contracts/json.ts';
import { sweptDocumentsMax, walkedDocumentsMax } from '../../../contracts/limits.ts';
import { withDue } from '../../core/lifecycle.ts';
import type { SearchDeps } from '../../index-ports.ts';
import type { ContextDeps, NamespaceRow } from '../../ports.ts';
import { rebuildIndex } from '../search/rebuild-index.ts';
import { removeErased, tendDocument } from './tend-document.ts';

/** How long a look may take before another one begins: longer than its function may run. */
const lookMs = 300_000;
/** Documents of one page of a walk. */
const walkedPage = 100;

const time = (ms: number) => new Date(ms).toISOString();

/**
 * Compares the documents of a namespace with its new retention, a part at each look, and notes what is due by it. Answers with when to go on; undefined:
 * all is compared.
 */
async function walk(deps: ContextDeps, namespace: string, room: NamespaceRow | undefined): Promise<string | undefined> {
  const open = await deps.documents.walk(namespace);
  const now = deps.sources.now();
  if (open === undefined) return undefined;
  if (time(now) < open.from) return open.from;
  // Whoever announced it did not set the policy: it was refused, or died, and the next one announces its own.
  const isVoid = (room?.revision ?? 0) < open.revision;
  let { cursor } = open;
  for (let walked = 0; !isVoid && walked < walkedDocumentsMax; walked += walkedPage) {
    const page = await deps.documents.find({ namespace, by: undefined, under: undefined }, walkedPage, cursor);
    const heads = await deps.documents.heads(page.items.map((context_id) => ({ namespace, context_id })));
    for (const head of heads) {
      if (head === undefined) continue;
      const after = withDue(head, room?.policy);
      // One that somebody changed meanwhile was decided by the new retention.
      if (canonicalJson(after) !== canonicalJson(head)) await deps.documents.note(head, after);
    }
    if (page.cursor === undefined) break;
    cursor = page.cursor;
    await deps.documents.setWalk(namespace, { ...open, cursor });
    if (walked + walkedPage >= walkedDocumentsMax) return time(now);
  }
  await deps.documents.setWalk(namespace, undefined);
  return undefined;
}

/**
 * Does what is due in a namespace, goes on with an index that is made anew, and sets its timer to what is due next; none where nothing is. Each step can be repeated, and what a crash leaves is
 * still due. A document that fails holds up no other one and not the index: it is tried again after a while, and told by a throw at the end. Answers with how many documents were due.
 */
export async function sweepNamespace(deps: SearchDeps, namespace: string): Promise<{ readonly swept: number }> {
  const armed = await deps.sweeps.armed(namespace);
  const room = await deps.documents.namespace(namespace);
  const goOn = await walk(deps, namespace, room);
  const page = await deps.documents.due(namespace, sweptDocumentsMax);
  const now = time(deps.sources.now());
  const ids = page.filter(({ at }) => at <= now).map(({ context_id }) => context_id);
  const found = await deps.documents.heads(ids.map((context_id) => ({ namespace, context_id })));
  const heads = found.flatMap((head) => (head?.due !== undefined && head.due.at <= now ? [head] : []));
  const failures: unknown[] = [];
  const erased = heads.filter(({ erasure }) => erasure !== undefined);
  await removeErased(deps, namespace, erased).catch((error: unknown) => failures.push(error));
  for (const head of heads) {
    if (head.erasure !== undefined) continue;
    await tendDocument(deps, room?.policy, head).catch((error: unknown) => failures.push(error));
  }
  const build = await rebuildIndex(deps, namespace);
  const [next] = await deps.documents.due(namespace, 1);
  // What failed is still due, and is not looked at again at once.
  const nextDue = failures.length > 0 ? time(deps.sources.now() + lookMs) : next?.at;
  const [at] = [nextDue, goOn, build === undefined ? undefined : time(build)].flatMap((each) => each ?? []).sort();
  if (!(await deps.sweeps.settle(namespace, armed, at)) && at !== undefined) await deps.sweeps.arm(namespace, at);
  // After the others and the index had their turn.
  if (failures.length > 0)
    throw new AggregateError(failures, `${String(failures.length)} documents could not be tended`);
  return { swept: heads.length };
}

/** Wakes the sweeps of namespaces whose time has come; the timer stays until a sweep has ended. */
export async function wakeSweeps(deps: ContextDeps, namespaces: readonly string[]): Promise<number> {
  const now = deps.sources.now();
  const woken = await Promise.all(
    namespaces.map(async (namespace) => {
      if (!(await deps.sweeps.postpone(namespace, time(now), time(now + lookMs)))) return 0;
      const data = { namespace };
      const correlation_id = deps.sources.id();
      await deps.messenger.announce([{ type: 'ContextsDue', data, correlation_id, causation_id: correlation_id }]);
      return 1;
    }),
  );
  return woken.filter((one) => one === 1).length;
}
