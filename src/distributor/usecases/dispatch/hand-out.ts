import type { Hold } from '../../../contracts/rows.ts';
import type { Grant } from '../../core/dispatch/assignment.ts';
import { claimChange, runOf } from '../../core/tasks/claim.ts';
import type { DispatchPlan } from '../../core/dispatch/round.ts';
import { holdKey, holdOf } from '../../core/agents/hold.ts';
import { isLive, isUseless } from '../../core/tasks/runs.ts';
import type { DistributorDeps } from '../../ports.ts';
import { type Gated, passGate } from './pass-gate.ts';
import { sendAssignments } from './send-assignments.ts';

/** What handing out needs of all that use cases are given. */
export type HandOutDeps = Pick<DistributorDeps, 'tasks' | 'agents' | 'messenger' | 'sources'>;

/** Occupies the slots of each agent in one conditional write an agent; answers with what got its slot. */
async function reserve(deps: HandOutDeps, pool: string, assignments: readonly Grant[], now: number): Promise<Grant[]> {
  // By id: of what came in a message every grant has an agent of its own.
  const byAgent = Map.groupBy(assignments, ({ agent }) => agent.agent_id);
  const kept = await Promise.all(
    [...byAgent].map(async ([agent_id, list]) => {
      const holds = Object.fromEntries(
        list.map((each): [string, Hold] => [holdKey(each.task.task_id, each.attempt), holdOf(each, now)]),
      );
      const next_turn = list.findLast((each) => each.next_turn !== undefined)?.next_turn;
      const [{ agent }] = list as [Grant];
      const { batch, batches: was, capacity: slots } = agent;
      // How many slots the holds of batches have, no condition can tell: there are no more than were read, and no batch more.
      const room = batch === undefined ? slots - list.length : Object.keys(agent.holds).length;
      const batches = batch === undefined ? undefined : { was, is: list.at(-1)?.batch ?? 0, slots };
      const reserved = await deps.agents.reserve(pool, agent_id, holds, room, { next_turn, batches });
      return reserved ? list : [];
    }),
  );
  return kept.flat();
}

/**
 * Claims what has a slot; answers with what is ours, a call repeated after a lost answer included. A slot whose claim was lost to somebody else is freed again, unless the row leaves
 * it open whether another dispatcher has reserved it for the same attempt: then the pulse finds out.
 */
async function claim(deps: HandOutDeps, pool: string, reserved: readonly Grant[], now: number): Promise<Grant[]> {
  const results = await deps.tasks.change(reserved.map((assignment) => claimChange(assignment, now)));
  const rows = results.map((result) => (result.applied ? undefined : result.current));
  const claimed = reserved.filter((each, index) => {
    const row = rows[index];
    return results[index]?.applied === true || (row !== undefined && isLive(row, runOf(each)));
  });
  const lost = reserved.filter((each, index) => !claimed.includes(each) && isUseless(rows[index], runOf(each)));
  await Promise.all(
    [...Map.groupBy(lost, (each) => each.agent.agent_id)].map(([agent_id, list]) =>
      deps.agents.release(
        pool,
        agent_id,
        list.map((each) => holdKey(each.task.task_id, each.attempt)),
      ),
    ),
  );
  return claimed;
}

/** Carries out what was decided at `now`: reserve, pass the gate where limits apply, claim, send. Answers with what got a slot, and with what of it was claimed. */
export async function handOut(
  deps: HandOutDeps,
  pool: Gated,
  { assignments, limits }: { readonly assignments: readonly Grant[]; readonly limits: DispatchPlan['limits'] },
  now: number,
): Promise<{ readonly reserved: readonly Grant[]; readonly claimed: readonly Grant[] }> {
  const reserved = await reserve(deps, pool.pool, assignments, now);
  const passed = await passGate(deps, pool, reserved, limits);
  const claimed = await claim(deps, pool.pool, passed, now);
  await sendAssignments(deps, pool.pool, claimed, now);
  return { reserved, claimed };
}
