import { readyPageSizeMax } from '../../../contracts/limits.ts';
import type { PolicyTrial } from '../../../contracts/distributor/policy.ts';
import type { PoolRows, ReadyTask } from '../../../contracts/rows.ts';
import type { Assignment } from '../../core/dispatch/assignment.ts';
import { decideDispatch } from '../../core/dispatch/dispatch.ts';
import { checkedPolicy } from '../../core/policy/check-policy.ts';
import { policyWarnings } from '../../core/policy/policy-warnings.ts';
import { namespacesOf } from '../../core/ready/route.ts';
import type { DistributorDeps } from '../../ports.ts';
import { scoreAgents } from '../dispatch/score-agents.ts';

/** Routes whose heads a trial reads. */
const routesMax = 50;

async function decide(
  deps: Pick<DistributorDeps, 'sources'>,
  pool: PoolRows,
  heads: ReadonlyMap<string, readonly ReadyTask[]>,
  now: number,
): Promise<ReadonlyMap<string, Assignment>> {
  const { customScores } = await scoreAgents(deps, pool, [...heads.values()].flat());
  const { assignments } = decideDispatch({ now, pool, heads, full: new Set(), customScores });
  return new Map(assignments.map((each) => [each.task.task_id, each]));
}

/**
 * What a policy would do with the tasks that wait now, beside the policy in force; nothing is written. Throws with all faults of the document.
 */
export async function tryPolicy(deps: DistributorDeps, pool_name: string, value: unknown): Promise<PolicyTrial> {
  const pool = await deps.agents.pool(pool_name);
  const document = checkedPolicy(value, namespacesOf(pool));
  const now = deps.sources.now();
  const at = new Date(now).toISOString();
  const heads = new Map(
    await Promise.all(
      pool.routes
        .slice(0, routesMax)
        .map(async (row) => [row.route, await deps.tasks.ready(row, readyPageSizeMax)] as const),
    ),
  );
  const before = await decide(deps, pool, heads, now);
  const after = await decide(
    deps,
    { ...pool, policy: { pool: pool_name, version: 0, document, at, by: '' } },
    heads,
    now,
  );
  const tasks = [...heads.values()].flat().map(({ task_id }) => {
    const [old, fresh] = [before.get(task_id), after.get(task_id)];
    return {
      task_id,
      ...(old === undefined ? {} : { now: old.agent.agent_id }),
      ...(fresh === undefined ? {} : { then: fresh.agent.agent_id }),
      ...(fresh?.log.policy_rule === undefined ? {} : { rule: fresh.log.policy_rule }),
    };
  });
  return {
    warnings: [...policyWarnings(document, pool.agents)],
    tasks,
    moved: tasks.filter((task) => task.now !== task.then).length,
  };
}
