import type { Heartbeat } from '../../../contracts/messages.ts';
import { leaseUntil } from '../../core/agents/agent.ts';
import type { DistributorDeps } from '../../ports.ts';

/** A heartbeat with who sent it and when the queue took it (epoch ms): a late delivery must not renew a lease. */
export interface ReceivedHeartbeat {
  readonly beat: Heartbeat;
  readonly principal: string;
  readonly sent_at: number;
}

/** Renews leases: the newest heartbeat of each agent, batched. Answers how many counted; those of unknown agents or foreign principals do not. */
export async function recordHeartbeats(deps: DistributorDeps, received: readonly ReceivedHeartbeat[]): Promise<number> {
  const newest = new Map<string, ReceivedHeartbeat>();
  for (const each of received) {
    const id = `${each.beat.pool} ${each.beat.agent_id} ${each.principal}`;
    if ((newest.get(id)?.sent_at ?? 0) <= each.sent_at) newest.set(id, each);
  }
  const counted = await deps.agents.heartbeat(
    [...newest.values()].map(({ beat, principal, sent_at }) => ({
      beat,
      principal,
      at: new Date(sent_at).toISOString(),
      // An agent that leaves says goodbye: nothing more is given to it.
      lease_until: leaseUntil(sent_at, beat.leaving === true ? 0 : beat.interval_ms),
    })),
  );
  return counted.filter(Boolean).length;
}
