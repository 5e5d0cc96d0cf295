import { type Outcome, refused } from '../../../contracts/errors.ts';
import { defaultPool, workflowOf } from '../../../contracts/ids.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import { isUnclaimed } from '../../core/tasks/runs.ts';
import { fenceChange } from '../../core/tasks/task.ts';
import { parseHoldKey } from '../../core/agents/hold.ts';
import type { DistributorDeps } from '../../ports.ts';
import { applyResults } from '../tasks/apply-results.ts';

/** Looks again this often when a dispatcher was handing out work at that moment. */
const looksMax = 5;

/**
 * Takes back the slots of attempts that were reserved and not claimed, as the pulse does: first the fence is moved, so that a dispatcher which is only
 * slow cannot claim for an agent that is gone.
 */
async function fenceOff(deps: DistributorDeps, { pool, agent_id, holds }: AgentRow): Promise<void> {
  const held = Object.keys(holds).map((key) => ({ key, ...parseHoldKey(key) }));
  const rows = await deps.tasks.get(held.map(({ task_id }) => task_id));
  const unclaimed = held.flatMap(({ key, attempt }, index) => {
    const row = rows[index];
    return row !== undefined && isUnclaimed(row, attempt) ? [{ key, row }] : [];
  });
  if (unclaimed.length === 0) return;
  const fenced = await deps.tasks.change(unclaimed.map(({ row }) => fenceChange(row)));
  const freed = unclaimed.filter((_, index) => fenced[index]?.applied === true);
  if (freed.length === 0) return;
  await deps.agents.release(
    pool,
    agent_id,
    freed.map(({ key }) => key),
  );
  await deps.messenger.hint([{ pool, routes: [...new Set(freed.map(({ row }) => row.route))] }]);
}

/** Hands back what the agent holds, until its row could be removed. */
async function handBackAll(deps: DistributorDeps, pool: string, agent_id: string): Promise<boolean> {
  for (let look = 0; look < looksMax; look += 1) {
    const agent = await deps.agents.get(pool, agent_id);
    if (agent === undefined) return true;
    await fenceOff(deps, agent);
    const results = Object.keys(agent.holds).map((key) => ({ ...parseHoldKey(key), outcome: 'released' as const }));
    const groups = [...Map.groupBy(results, (result) => workflowOf(result.task_id)?.workflow_id).values()];
    const { principal } = agent;
    await applyResults(
      deps,
      groups.map((group) => ({ pool, agent_id, principal, results: group })),
    );
    if (await deps.agents.remove(pool, agent_id)) return true;
  }
  return false;
}

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
  await deps.agents.drain(pool, agent.agent_id);
  if (!(await handBackAll(deps, pool, agent.agent_id)))
    return refused('version-conflict', 'the agent is still being given work');
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
