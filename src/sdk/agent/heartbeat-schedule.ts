import type { AgentGrant } from '../../contracts/distributor/agent.ts';

/** What decides when the next heartbeat is due; all times are epoch milliseconds. */
export interface HeartbeatState {
  readonly lastBeatAt: number;
  /** Within which time the last heartbeat promised the next one. */
  readonly promisedMs: number;
  /** A result counts as the heartbeat of an idle agent. */
  readonly lastResultAt: number;
  /** When the oldest attempt that no heartbeat has listed yet was received. */
  readonly oldestUnreportedAt: number | undefined;
  /** Whether an attempt is held that a heartbeat has listed. */
  readonly holdsReported: boolean;
}

/**
 * When the next heartbeat is due. Work that ends within one interval needs none: its result is the heartbeat. Work that lasts is
 * listed one interval after it came, well before `confirmMsMax`, and then once an interval. An idle agent is heard of once an idle interval.
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
  // A result renews the lease for as long as an idle heartbeat does. Work that ended without one leaves the shorter promise to be kept.
  if (state.lastResultAt >= state.lastBeatAt) return state.lastResultAt + grant.idle_heartbeat_interval_ms;
  return state.lastBeatAt + state.promisedMs;
}
