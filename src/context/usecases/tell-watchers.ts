import { defaultPool } from '../../contracts/ids.ts';
import type { InboxMessage } from '../../contracts/messages.ts';
import { accessOf } from '../core/access.ts';
import { liesIn } from '../core/pointer.ts';
import { isGone, type DocumentKey } from '../core/version.ts';
import type { ContextDeps } from '../ports.ts';

/** What telling watchers needs beside the documents. */
export interface WatchDeps extends ContextDeps {
  readonly messenger: ContextDeps['messenger'] & {
    send(messages: readonly { readonly inbox_url: string; readonly message: InboxMessage }[]): Promise<void>;
  };
}

/**
 * Tells the agents that watch a document's place how it is now: those whose principals may read it. An agent that is gone watches nothing any more. A
 * hint: one may come twice, late, or not at all. Answers with how many were told.
 */
export async function tellWatchers(deps: WatchDeps, key: DocumentKey): Promise<number> {
  const { agents, documents, messenger, sources } = deps;
  const all = await documents.watchers(key.namespace);
  const watchers = all.filter(({ under }) => under.some((place) => liesIn(key.context_id, place)));
  if (watchers.length === 0) return 0;
  const [[head], room] = await Promise.all([documents.heads([key]), documents.namespace(key.namespace)]);
  if (head === undefined) return 0;
  const inboxes = await Promise.all(
    watchers.map(async (watcher) => {
      const agent = await agents.get(defaultPool, watcher.agent_id);
      if (agent === undefined) await documents.unwatch(key.namespace, watcher);
      const mayRead = agent !== undefined && accessOf(room?.policy, head, agent.principal).actions.has('read');
      return mayRead ? [agent.inbox_url] : [];
    }),
  );
  const message: InboxMessage = {
    kind: 'changed',
    namespace: head.namespace,
    context_id: head.context_id,
    context_type: head.context_type,
    version: head.version,
    at: head.updated_at,
    by: head.updated_by,
    deleted: isGone(head, sources.now()),
  };
  await messenger.send(inboxes.flat().map((inbox_url) => ({ inbox_url, message })));
  return inboxes.flat().length;
}
