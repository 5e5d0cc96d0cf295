import { heartbeatIntervalMs, missedHeartbeatsMax, pulseIntervalMs } from '../contracts/limits.ts';
import { come, crash, go, type SimulatedAgent } from './crew.ts';
import { failed, isTurn, joined, left, lost } from './events.ts';
import type { Meter } from './measures.ts';
import { createRandom } from './random.ts';

/** What the comings and goings of agents need of their run. Times are ms from its beginning. */
export interface MembershipDeps {
  readonly seed: number;
  /** The rows that the dispatcher reads. */
  readonly crew: SimulatedAgent['row'][];
  readonly meter: Meter;
  readonly now: () => number;
  readonly at: (time: number, subject: number, turn: number, kind: number) => void;
  /** RFC 3339. */
  readonly timeText: (ms: number) => string;
  /** A slot may have come free. */
  readonly onRoom: () => void;
  /** The pulse finds the agent silent. */
  readonly onLost: (agent: SimulatedAgent) => void;
}

/** Lets agents join, leave and fail: handles an event (`kind`) of a life of an agent. */
export function createMembership({ seed, crew, meter, now, at, timeText, onRoom, onLost }: MembershipDeps) {
  const failures = createRandom(seed, 'failures');
  const { levels } = meter;

  /** The dispatcher reads the agents in the order of their ids, whenever they came. */
  function enrol(row: SimulatedAgent['row']): void {
    const behind = crew.findIndex(({ agent_id }) => agent_id > row.agent_id);
    crew.splice(behind === -1 ? crew.length : behind, 0, row);
  }

  function join(agent: SimulatedAgent): void {
    const { fails_every_ms, leaves_at_ms } = agent.group;
    if (agent.life === 0) enrol(agent.row);
    come(agent, now());
    levels.slots += agent.row.capacity;
    levels.held += agent.row.occupied;
    if (leaves_at_ms !== undefined) at(Math.max(now(), leaves_at_ms), agent.number, agent.life, left);
    if (fails_every_ms !== undefined) {
      at(now() + failures.exponential(fails_every_ms), agent.number, agent.life, failed);
    }
    onRoom();
  }

  /** Takes an agent's slots out of the sums. */
  function withdraw(agent: SimulatedAgent): void {
    levels.slots -= agent.row.capacity;
    levels.held -= agent.row.occupied;
    levels.working -= agent.running;
    go(agent, now());
  }

  function fail(agent: SimulatedAgent): void {
    const silentMs = heartbeatIntervalMs * missedHeartbeatsMax;
    withdraw(agent);
    crash(agent, timeText(now() + silentMs));
    const foundAt = now() + silentMs + failures.next() * pulseIntervalMs;
    at(foundAt, agent.number, agent.life, lost);
    at(now() + agent.group.repair_ms, agent.number, agent.life, joined);
  }

  return (agent: SimulatedAgent, kind: number, life: number): void => {
    if (kind === lost) onLost(agent);
    if (kind === lost || agent.row.draining || (kind !== joined && !isTurn(agent.life, life))) return;
    if (kind === joined) join(agent);
    else if (kind === failed) fail(agent);
    else {
      withdraw(agent);
      agent.row.draining = true;
    }
  };
}
