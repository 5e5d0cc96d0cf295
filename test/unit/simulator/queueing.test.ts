import { describe, expect, it } from '@jest/globals';
import { equalAgents } from '../../../src/simulator/fleet.ts';
import { simulated, works } from './stage.ts';

/** The mean wait of an M/M/c queue in units of the mean service time (Erlang's C formula). */
function erlangWait(servers: number, load: number): number {
  const offered = servers * load;
  let blocked = 1;
  for (let each = 1; each <= servers; each += 1) blocked = (offered * blocked) / (each + offered * blocked);
  const waits = blocked / (1 - load * (1 - blocked));
  return waits / (servers * (1 - load));
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
/** Student's t for 99.9 % of eight runs. */
const confidence = 5.4;
const tasks = 6_000;

/** The mean wait of each seed, without the first tenth and in units of the mean service time. */
function meanWaits(servers: number, load: number, mix: Parameters<typeof works>[0]): readonly number[] {
  return seeds.map((seed) => {
    const work = works({ seed, tasks, rate: servers * load, ...mix });
    const { run } = simulated({ seed, work, fleet: equalAgents(servers) });
    const waits = work.map(({ at }, index) => run.startedAt[index]! - at).slice(tasks / 10);
    return waits.reduce((sum, wait) => sum + wait, 0) / waits.length / 1_000;
  });
}

describe('on an instant cloud with exponential gaps and durations', () => {
  it.each([
    [1, 0.5],
    [4, 0.8],
  ])('%i agents at load %f wait as the theory of queues says', (servers, load) => {
    const means = meanWaits(servers, load, { mix: { critical: 0, high: 0, medium: 1, low: 0 } });
    const mean = means.reduce((sum, each) => sum + each, 0) / means.length;
    const error = Math.sqrt(
      means.reduce((sum, each) => sum + (each - mean) ** 2, 0) / means.length / (means.length - 1),
    );
    expect(Math.abs(mean - erlangWait(servers, load))).toBeLessThan(confidence * error);
    // The confidence must mean something: a small part of the wait.
    expect(error).toBeLessThan(0.15 * mean);
  });

  it('priorities move the waits between levels and leave their sum as it is', () => {
    // Conservation: an order that does not look at durations cannot change the mean wait of all.
    const [plain, mixed] = [
      { critical: 0, high: 0, medium: 1, low: 0 },
      { critical: 0.2, high: 0.3, medium: 0.3, low: 0.2 },
    ].map((mix) => meanWaits(4, 0.8, { mix }));
    const mean = (list: readonly number[] = []): number => list.reduce((sum, each) => sum + each, 0) / list.length;
    expect(Math.abs(mean(plain) - mean(mixed)) / mean(plain)).toBeLessThan(0.05);
  });
});
