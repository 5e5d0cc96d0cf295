import type { BatchTraits } from '../../src/contracts/distributor/agent.ts';
import { secondRunOf } from './hedge-oracle.ts';
import type { OracleView } from './oracles.ts';
import type { Check, Item } from './oracle.ts';

/** How far a function's clock may be ahead (ms). */
const clockSkewMsMax = 250;

/** What is promised of agents: their slots and batches, what frees these, and that a stop stays. */
export function createAgentOracle(check: Check, view: Pick<OracleView, 'peek' | 'isRevived'>) {
  function checkHolds(before: Item | undefined, after: Item | undefined, at: number): void {
    const was = (before?.['holds'] ?? {}) as Record<string, unknown>;
    const is = (after?.['holds'] ?? {}) as Record<string, { readonly batch?: number }>;
    const capacity = Number(after?.['capacity'] ?? Infinity);
    // A batch has one slot.
    const slots = Map.groupBy(Object.keys(is), (key) => is[key]?.batch ?? key);
    const { tasks_max } = (after?.['batch'] ?? { tasks_max: 1 }) as BatchTraits;
    const agent = String(after?.['agent_id']);
    check(slots.size <= capacity, at, 'SlotsNeverExceeded', () => `${agent} uses ${slots.size}`);
    // Leases are told by the time of the service: by an agent's own clock a dead one could live on for as long as that is wrong.
    const ahead = Date.parse(String(after?.['last_heartbeat'])) - at;
    check(!(ahead > clockSkewMsMax), at, 'HeardOfInThePast', () => `${agent} by ${ahead} ms`);
    const isKept = [...slots.values()].every((keys) => keys.length <= tasks_max);
    check(isKept, at, 'BatchesKept', () => `${agent}: ${Object.keys(is).join(', ')}`);
    for (const key of Object.keys(was)) {
      if (key in is) continue;
      const cut = key.lastIndexOf('#');
      const task = view.peek(`TASK#${key.slice(0, cut)}`, 'TASK');
      const [token, agent_id] = [Number(key.slice(cut + 1)), (after ?? before)?.['agent_id']];
      const second = task && secondRunOf(task);
      const isRunning =
        task?.['status'] === 'Processing' &&
        ((task['attempt'] === token && task['assigned_agent'] === agent_id) ||
          (second?.attempt === token && second.agent_id === agent_id));
      check(!isRunning, at, 'SettleBeforeRelease', () => `${key} was released while it is Processing`);
    }
  }

  /** A stop stays until somebody revives the agent, and a killed one gets nothing more. */
  function checkStop(before: Item | undefined, after: Item | undefined, at: number): void {
    if (before?.['stopped'] === undefined || after === undefined) return;
    const id = String(after['agent_id']);
    check(after['stopped'] !== undefined || view.isRevived(id), at, 'StopStays', () => id);
    const was = (before['holds'] ?? {}) as Record<string, unknown>;
    const fresh = Object.keys(after['holds'] ?? {}).filter((key) => !(key in was));
    check(fresh.length === 0, at, 'KilledGetsNothing', () => `${id} got ${fresh.join(', ')}`);
  }

  return (before: Item | undefined, after: Item | undefined, at: number): void => {
    checkHolds(before, after, at);
    checkStop(before, after, at);
  };
}
