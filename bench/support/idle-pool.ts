import { idleHeartbeatIntervalMs, watchdogLookMs } from '../../src/contracts/limits.ts';
import { type Figure, rounded } from '../figure.ts';
import { callsOf } from './bill.ts';
import { warmTwin } from './metered-twin.ts';

const agents = 3;
const hourMs = 3_600_000;
/** After the registrations and their last ticks. */
const settlingMs = 120_000;

/**
 * What a pool does while nothing happens: the deployed functions in the twin, for an hour of virtual time. Agents ask their inboxes and report, the watchdog looks;
 * the figure is everything beside that, which is what would happen between two heartbeats.
 */
export async function idlePool(): Promise<Figure> {
  const twin = await warmTwin({ agents, slots: 1 });
  const { clock } = twin.cloud;
  await clock.run(() => false, settlingMs);
  twin.start();
  await clock.run(() => false, hourMs);
  const { byRole, functions } = twin.read();
  const expected = new Set(['agents', 'record-heartbeats', 'pulse']);
  const calls = Object.fromEntries(Object.entries(byRole).map(([role, usage]) => [role, callsOf(usage)]));
  const others = Object.entries(calls).filter(([role]) => !expected.has(role));
  return {
    bench: 'scheduler',
    metric: 'idle_calls_between_heartbeats',
    value: others.reduce((sum, [, count]) => sum + count, 0),
    unit: 'calls/h',
    detail: {
      ...{ aim: '0', agents, heartbeat_ms: idleHeartbeatIntervalMs, watchdog_look_ms: watchdogLookMs },
      calls_per_minute: Object.fromEntries(
        Object.entries(calls)
          .filter(([, count]) => count > 0)
          .map(([role, count]) => [role, rounded(count / 60)]),
      ),
      invocations_per_minute: Object.fromEntries(
        Object.entries(functions.invocations).map(([name, count]) => [name, rounded(count / 60)]),
      ),
      what: "calls in an hour of the twin that are neither an agent's report or long poll, nor the watchdog's look",
    },
  };
}
