import { describe, expect, it } from '@jest/globals';
import { heartbeatDueAt, type HeartbeatState } from '../../../src/sdk/agent/heartbeat-schedule.ts';

const intervals = { heartbeat_interval_ms: 3_000, idle_heartbeat_interval_ms: 30_000 };
const idle: HeartbeatState = {
  lastBeatAt: 0,
  promisedMs: 30_000,
  lastResultAt: 0,
  oldestUnreportedAt: undefined,
  holdsReported: false,
};

describe('the next heartbeat', () => {
  it.each<[string, Partial<HeartbeatState>, number]>([
    ['comes slowly while idle', {}, 30_000],
    ['comes one interval after new work, so that short work needs none', { oldestUnreportedAt: 10_000 }, 13_000],
    ['comes every interval while listed work lasts', { lastBeatAt: 13_000, holdsReported: true }, 16_000],
    [
      'comes for the earlier of listed and new work',
      { lastBeatAt: 13_000, holdsReported: true, oldestUnreportedAt: 12_000 },
      15_000,
    ],
    ['comes slowly after a result, which renews the lease like an idle heartbeat', { lastResultAt: 5_000 }, 35_000],
    [
      'keeps the short promise when listed work ended without a result',
      { lastBeatAt: 6_000, promisedMs: 3_000 },
      9_000,
    ],
  ])('%s', (_name, state, due) => {
    expect(heartbeatDueAt({ ...idle, ...state }, intervals)).toBe(due);
  });
});
