import type { ContextHead } from '../../contracts/context.ts';
import { erasureSettleMs, sweptDocumentsMax } from '../../contracts/limits.ts';
import type { IndexDeps, SearchDeps } from '../index-ports.ts';
import type { ContextDeps } from '../ports.ts';
import { purgeIndex } from './compact-index.ts';

const time = (ms: number) => new Date(ms).toISOString();

/**
 * Removes what is stored of documents that are being erased. A change that had begun before the tombstone may still write an object, and a question or
 * a compaction may still hold the old index: so one look is never enough, and an erasure is done when a look that long after finds nothing.
 */
async function removeErased(deps: ContextDeps, index: IndexDeps, namespace: string, heads: readonly ContextHead[]) {
  if (heads.length === 0) return;
  const now = deps.sources.now();
  const ids = new Set(heads.map(({ context_id }) => context_id));
  const inIndex = await purgeIndex(index, namespace, ids);
  for (const head of heads) {
    const isThere = await deps.documents.removeContent(head);
    const settled = Date.parse(head.updated_at) + erasureSettleMs <= now;
    const { due: _due, erasure, ...rest } = head;
    if (erasure === undefined) continue;
    const isDone = settled && !isThere && !inIndex.has(head.context_id);
    await deps.documents.note(
      isDone
        ? { ...rest, erasure: { ...erasure, done_at: time(now) } }
        : { ...head, due: { at: time(now + erasureSettleMs), action: 'erase' } },
    );
  }
}

/**
 * Does what is due in a namespace and sets its timer to what is due next; none where nothing is. Each step can be repeated, and what a crash leaves is
 * still due. Answers with how many documents were due.
 */
export async function sweepNamespace(deps: SearchDeps, namespace: string): Promise<{ readonly swept: number }> {
  const armed = await deps.sweeps.armed(namespace);
  const index = await deps.indexes();
  const page = await deps.documents.due(namespace, sweptDocumentsMax);
  const now = time(deps.sources.now());
  const ids = page.filter(({ at }) => at <= now).map(({ context_id }) => context_id);
  const found = await deps.documents.heads(ids.map((context_id) => ({ namespace, context_id })));
  const heads = found.flatMap((head) => (head?.due !== undefined && head.due.at <= now ? [head] : []));
  await removeErased(deps, index, namespace, heads);
  const [next] = await deps.documents.due(namespace, 1);
  await deps.sweeps.settle(namespace, armed, next?.at);
  return { swept: heads.length };
}

/** How long a look may take before another one begins: longer than its function may run. */
const lookMs = 300_000;

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
