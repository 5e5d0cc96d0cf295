import type { ContextDocument } from '../../contracts/context/context.ts';
import { defaultNamespace } from '../../contracts/context/names.ts';
import type { DeclaredReads } from '../../contracts/context/declared-reads.ts';
import { documentBatchMax } from '../../contracts/limits.ts';
import type { AgentLog } from '../agent/ports.ts';
import type { ContextCalls } from '../client/context-calls.ts';

type Named = { readonly namespace: string; readonly context_id: string };

/** The ids at and below a place, as many as one batch reads. */
async function idsUnder(contexts: ContextCalls, namespace: string, under: string): Promise<readonly Named[]> {
  const found: Named[] = [];
  let cursor: string | undefined;
  do {
    const page = await contexts.list({ namespace, under, limit: documentBatchMax, ...(cursor && { cursor }) });
    found.push(...page.items.map(({ context_id }) => ({ namespace, context_id })));
    ({ cursor } = page);
  } while (cursor !== undefined && found.length < documentBatchMax);
  return found;
}

/**
 * The documents that a task declared, as they are now, namespace by namespace, up to 100 in all. Those that are not there, or not for this
 * agent, are left out, and the log says so: a handler that cannot do without looks whether it has them.
 */
export async function readDeclared(
  contexts: ContextCalls,
  reads: DeclaredReads,
  log: AgentLog,
): Promise<readonly ContextDocument[]> {
  const lists = await Promise.all(
    reads.map(async ({ namespace = defaultNamespace, ...read }) => {
      if ('pin' in read) return [];
      return 'under' in read ? idsUnder(contexts, namespace, read.under) : [{ namespace, context_id: read.context_id }];
    }),
  );
  const names = [...new Map(lists.flat().map((name) => [`${name.namespace} ${name.context_id}`, name])).values()];
  const own = names.slice(0, documentBatchMax);
  if (own.length < names.length)
    log.warn('more documents were declared than are read ahead', { declared: names.length, read: own.length });
  const groups = await Promise.all(
    [...Map.groupBy(own, ({ namespace }) => namespace)].map(async ([namespace, group]) => {
      const { items } = await contexts.batch({ namespace, context_ids: group.map(({ context_id }) => context_id) });
      return items.flatMap((item) => {
        if (item.ok) return [item.value];
        log.warn('a declared document was not read', { namespace, error: item.error.message });
        return [];
      });
    }),
  );
  return groups.flat();
}
