import type * as z from 'zod';
import type { watchAnswer, watchRequest } from '../../contracts/context/watch.ts';
import { CadreError } from '../../contracts/errors.ts';
import { defaultPool } from '../../contracts/ids.ts';
import { watchersMax } from '../../contracts/limits.ts';
import type { Caller, ContextDeps } from '../ports.ts';

/**
 * Has changes at and below places told to the inbox of an agent, for its own principal. Which of them it is told of is decided with each change, by what
 * the principal may read then. Throws `not-found`, `forbidden`, and `too-large` where too many agents watch already.
 */
export async function watchPlaces(
  deps: ContextDeps,
  caller: Caller,
  { namespace, agent_id, under }: z.output<typeof watchRequest>,
): Promise<z.output<typeof watchAnswer>> {
  const path = 'agent_id';
  const agent = await deps.agents.get(defaultPool, agent_id);
  if (agent === undefined) throw new CadreError('not-found', `no agent ${agent_id} is registered`, { path });
  if (agent.principal !== caller.principal)
    throw new CadreError('forbidden', `${agent_id} belongs to another principal`, { path });
  const watchers = await deps.documents.watchers(namespace);
  const before = watchers.find((watcher) => watcher.agent_id === agent_id);
  if (under.length === 0 && before !== undefined) await deps.documents.unwatch(namespace, before);
  if (under.length === 0) return { agent_id, under };
  if (before === undefined && watchers.length >= watchersMax)
    throw new CadreError('too-large', `at most ${String(watchersMax)} agents watch one namespace`, { path });
  await deps.documents.watch(namespace, { agent_id, under, mark: deps.sources.id() });
  return { agent_id, under };
}
