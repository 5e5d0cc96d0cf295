import type { DispatchHint, InboxMessage } from '../../../contracts/messages.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import type { HeldRun } from './runs.ts';
import { holdKey } from '../agents/hold.ts';

/** Frees slots of an agent; answers with the agent, undefined when it is gone. */
interface Slots {
  release(pool: string, agent_id: string, keys: readonly string[]): Promise<AgentRow | undefined>;
}

/** Tells agents and dispatchers. */
interface Post {
  send(messages: readonly { readonly inbox_url: string; readonly message: InboxMessage }[]): Promise<unknown>;
  hint(hints: readonly DispatchHint[]): Promise<unknown>;
}

/**
 * Frees the slots of runs that were ended over their agents' heads and tells these to stop. The rows are settled already, so a lost message costs only work, and a repeat
 * changes nothing: whoever ended them may have died before it came here.
 */
export async function stopRuns(
  deps: { readonly agents: Slots; readonly messenger: Post },
  runs: readonly HeldRun[],
  reason: string,
): Promise<void> {
  const byAgent = Map.groupBy(runs, ({ pool, agent_id }) => `${pool} ${agent_id}`);
  await Promise.all(
    [...byAgent.values()].map(async (list) => {
      const [first] = list;
      if (first === undefined) return;
      const keys = list.map(({ task_id, attempt }) => holdKey(task_id, attempt));
      const agent = await deps.agents.release(first.pool, first.agent_id, keys);
      if (agent === undefined) return;
      await deps.messenger.send(
        list.map(({ task_id, attempt }) => ({
          inbox_url: agent.inbox_url,
          message: { kind: 'cancel' as const, task_id, attempt, reason },
        })),
      );
      if (agent.wanted.length > 0) await deps.messenger.hint([{ pool: first.pool, routes: [...agent.wanted] }]);
    }),
  );
}

/** Why a run is stopped of which another one has brought the result. */
export const otherRunWon = 'another run of the task has its result';
