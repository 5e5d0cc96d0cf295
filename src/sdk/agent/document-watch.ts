import { defaultNamespace } from '../../contracts/context/names.ts';
import type { DocumentChange } from '../../contracts/messages.ts';
import type { AgentDeps } from './ports.ts';
import type { ContextCalls } from '../client/context-calls.ts';

/** Which documents' changes an agent is told of, and who hears of them in its process. */
export interface WatchOptions {
  /** Changes at and below these places come to its inbox soon after they were made: what is kept of such a document counts as fresh no more. */
  readonly watch?: readonly { readonly namespace?: string; readonly under: string }[];
  /** Hears of each of them, while handlers work: it may come twice, late, or not at all. Who must miss nothing asks `contexts.changes`. */
  readonly onChange?: (change: DocumentChange, contexts: ContextCalls) => unknown;
}

/** Asks for the changes, namespace by namespace. Throws what the API refuses. */
export async function beginWatch(deps: AgentDeps, agent_id: string, { watch = [] }: WatchOptions): Promise<void> {
  const rooms = Map.groupBy(watch, ({ namespace = defaultNamespace }) => namespace);
  for (const [namespace, places] of rooms)
    await deps.contexts().watch({ namespace, agent_id, under: places.map(({ under }) => under) });
}

/** Passes a change on. What `onChange` fails with is told to the log. */
export async function passOn(deps: AgentDeps, change: DocumentChange, { onChange }: WatchOptions): Promise<void> {
  deps.heard?.(change);
  try {
    await onChange?.(change, deps.contexts());
  } catch (error) {
    deps.log.warn('onChange failed', { context_id: change.context_id, reason: String(error) });
  }
}
