import { assignmentsPerRoundMax, roundShardMsMax, roundShardsMax } from '../../../contracts/limits.ts';
import type { AgentRow, Hold, PoolRows } from '../../../contracts/rows.ts';
import type { Assignment, Grant } from './assignment.ts';
import { holdKey, holdOf } from '../agents/hold.ts';

/** What one dispatcher hands out of a round that another one decided at `decided_at` (epoch ms). */
export interface Shard {
  readonly pool: string;
  readonly decided_at: number;
  readonly assignments: readonly Grant[];
}

/** Tasks that a round of this pool hands out, whoever does it. */
export const roundTasksMax = ({ spread }: Pick<PoolRows, 'spread'>): number =>
  spread === undefined ? assignmentsPerRoundMax : spread * roundShardsMax;

/** Whether it is too late to hand out a share: whoever decided counts on it no more. */
export const isStale = ({ decided_at }: Pick<Shard, 'decided_at'>, now: number): boolean =>
  now - decided_at > roundShardMsMax;

/** A grant with no more of its agent than handing out needs: it travels. */
function travelling({ agent, ...assignment }: Assignment): Grant {
  const { agent_id, pool, principal, inbox_url, capacity } = agent;
  return { ...assignment, agent: { agent_id, pool, principal, inbox_url, capacity, holds: {} } };
}

/**
 * Divides what a round decided at `now` among dispatchers: the one that decided keeps the first of it, and all that meets limits or goes in batches, whose conditions are about what it has read. No agent
 * is divided: a dispatcher writes to it once. A pool that is not spread keeps everything together.
 */
export function divide(
  { pool, spread = Infinity }: Pick<PoolRows, 'pool' | 'spread'>,
  assignments: readonly Assignment[],
  now: number,
): { readonly own: readonly Assignment[]; readonly shards: readonly Shard[] } {
  if (assignments.length <= spread) return { own: assignments, shards: [] };
  const byAgent = [...Map.groupBy(assignments, ({ agent }) => agent).values()];
  const isBound = (list: readonly Assignment[]) => list.some(({ taken, batch }) => (taken ?? batch) !== undefined);
  const own = byAgent.filter(isBound).flat();
  let last: Assignment[] = own;
  const parts: Assignment[][] = [];
  for (const list of byAgent.filter((each) => !isBound(each))) {
    if (last.length > 0 && last.length + list.length > spread) {
      last = [];
      parts.push(last);
    }
    last.push(...list);
  }
  return { own, shards: parts.map((part) => ({ pool, decided_at: now, assignments: part.map(travelling) })) };
}

/** What a dispatcher has let others hand out and does not see in the rows yet. */
export interface Promises {
  /** Notes that these were sent. */
  make(shards: readonly Shard[]): void;
  /** The agents as they will be when what was promised is handed out. */
  onto(agents: readonly AgentRow[], now: number): readonly AgentRow[];
  /** The tasks that others hand out now, each with the attempt that it waited at. */
  keys(now: number): readonly string[];
}

/** Remembers promises as long as they may be kept: afterwards whatever became of them is told by the rows alone. */
export function openPromises(): Promises {
  let open: readonly Shard[] = [];
  const standing = (now: number) => (open = open.filter((shard) => !isStale(shard, now)));
  return {
    make: (shards) => {
      open = [...open, ...shards];
    },
    onto: (agents, now) => {
      const promised = new Map<string, Record<string, Hold>>();
      for (const { assignments, decided_at } of standing(now)) {
        for (const grant of assignments) {
          const holds = promised.get(grant.agent.agent_id) ?? {};
          holds[holdKey(grant.task.task_id, grant.attempt)] = holdOf(grant, decided_at);
          promised.set(grant.agent.agent_id, holds);
        }
      }
      if (promised.size === 0) return agents;
      return agents.map((agent) => {
        const holds = promised.get(agent.agent_id);
        return holds === undefined ? agent : { ...agent, holds: { ...holds, ...agent.holds } };
      });
    },
    keys: (now) =>
      standing(now).flatMap(({ assignments }) => assignments.map(({ task }) => holdKey(task.task_id, task.attempt))),
  };
}
