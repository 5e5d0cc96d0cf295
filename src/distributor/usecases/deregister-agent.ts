import { type Outcome, refused } from '../../contracts/errors.ts';
import { defaultPool, workflowOf } from '../../contracts/ids.ts';
import { parseHoldKey } from '../core/task.ts';
import type { DistributorDeps } from '../ports.ts';
import { applyResults } from './apply-results.ts';

/** Removes an agent: what it still holds is handed back first, then its row goes, then its inbox. Only its own principal may. */
export async function deregisterAgent(
  deps: DistributorDeps,
  request: { readonly agent_id: string; readonly principal: string },
): Promise<Outcome<undefined>> {
  const pool = defaultPool;
  const agent = await deps.agents.get(pool, request.agent_id);
  if (agent === undefined) return refused('not-found', `no agent has the id ${request.agent_id}`, 'agent_id');
  if (agent.principal !== request.principal)
    return refused('forbidden', 'only the principal that registered an agent may remove it', 'agent_id');
  const results = Object.keys(agent.holds).map((key) => ({ ...parseHoldKey(key), outcome: 'released' as const }));
  const groups = [...Map.groupBy(results, (result) => workflowOf(result.task_id)?.workflow_id).values()];
  await applyResults(
    deps,
    groups.map((group) => ({ pool, agent_id: agent.agent_id, principal: agent.principal, results: group })),
  );
  await deps.agents.remove(pool, agent.agent_id);
  await deps.inboxes.remove(agent.inbox_url);
  await deps.messenger.announce([
    {
      type: 'AgentDeregistered',
      data: { agent_id: agent.agent_id },
      correlation_id: agent.agent_id,
      causation_id: agent.agent_id,
    },
  ]);
  return { ok: true, value: undefined };
}
