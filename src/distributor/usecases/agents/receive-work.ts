import type { Outcome } from '../../../contracts/errors.ts';
import { type InboxMessage, inboxMessage } from '../../../contracts/messages.ts';
import type { DistributorDeps, InboxDelivery } from '../../ports.ts';
import { type AgentRequest, ownAgent } from './own-agent.ts';

/** What is no message of ours helps nobody. */
function readMessage({ body }: InboxDelivery): readonly InboxMessage[] {
  try {
    const parsed = inboxMessage.safeParse(JSON.parse(body));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

/**
 * Waits at an agent's inbox in its stead. A wait cannot be called off and may outlive the process that asked: if the agent registered anew meanwhile,
 * what came belongs to its new life, and goes back for it.
 */
export async function receiveWork(
  deps: Pick<DistributorDeps, 'agents' | 'inboxes'>,
  request: AgentRequest & { readonly max: number; readonly wait_seconds: number },
): Promise<Outcome<readonly InboxMessage[]>> {
  const own = await ownAgent(deps, request);
  if (!own.ok) return own;
  const { inbox_url, registered_at, pool } = own.value;
  const received = await deps.inboxes.receive(inbox_url, request);
  if (received.length === 0) return { ok: true, value: [] };
  const now = await deps.agents.get(pool, request.agent_id);
  if (now?.registered_at !== registered_at) {
    await deps.inboxes.putBack(
      inbox_url,
      received.map(({ receipt }) => receipt),
    );
    return { ok: true, value: [] };
  }
  return { ok: true, value: received.flatMap(readMessage) };
}
