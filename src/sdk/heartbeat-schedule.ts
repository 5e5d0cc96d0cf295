import type { AgentGrant } from '../contracts/agent.ts';

/** What decides when the next heartbeat is due; all times are epoch milliseconds. */
export interface HeartbeatState {
  readonly lastBeatAt: number;
  /** A result counts as a heartbeat, but it does not say how long the agent will stay silent now. */
  readonly lastResultAt: number;
  /** When the oldest attempt that no heartbeat has listed yet was received. */
  readonly oldestUnreportedAt: number | undefined;
  /** Whether an attempt is held that a heartbeat has listed. */
  readonly holdsReported: boolean;
}

/**
 * When the next heartbeat is due. Work that ends within one interval needs none: its result is the heartbeat. Work that lasts is
 * listed one interval after it came, well before `confirmMsMax`, and then once an interval. An agent that fell idle says so one
 * interval after its last result, which trades the short lease for the long one.
 */
export function heartbeatDueAt(
  state: HeartbeatState,
  grant: Pick<AgentGrant, 'heartbeat_interval_ms' | 'idle_heartbeat_interval_ms'>,
): number {
  const interval = grant.heartbeat_interval_ms;
  const reported = state.holdsReported ? state.lastBeatAt + interval : Infinity;
  const unreported = state.oldestUnreportedAt === undefined ? Infinity : state.oldestUnreportedAt + interval;
  const holding = Math.min(reported, unreported);
  if (holding < Infinity) return holding;
  const idle = state.lastBeatAt + grant.idle_heartbeat_interval_ms;
  return state.lastResultAt > state.lastBeatAt ? Math.min(idle, state.lastResultAt + interval) : idle;
}
