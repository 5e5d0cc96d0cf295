import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { mutants } from './mutants.ts';
import { runSeed } from './world.ts';

const seedCount = Number(process.env['CADRE_SEEDS'] ?? 2_000);
/** Every mutant must die within so many seeds. */
const mutantSeedsMax = 200;
const block = 250;

const kept = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => (/^\d+/.test(line) ? [Number.parseInt(line, 10)] : []));

async function brokenSeeds(seeds: Iterable<number>): Promise<string[]> {
  const broken: string[] = [];
  for (const seed of seeds) {
    const { violations, trace } = await runSeed(seed);
    // Run `npm run simulate -- --seed N` to see everything that happened in it, and add it to seeds.txt.
    for (const { promise, detail } of violations) broken.push(`SEED ${seed} (trace ${trace}) ${promise}: ${detail}`);
  }
  return broken;
}

describe('with faults everywhere, the deployed handlers', () => {
  it('keep every promise on the seeds that once broke one', async () => {
    expect(await brokenSeeds(kept)).toEqual([]);
  });

  const firsts = Array.from({ length: Math.ceil(seedCount / block) }, (_, index) => 1 + index * block);
  it.each(firsts)(
    'keep every promise on the %ith seed and those after it',
    async (first) => {
      const count = Math.min(block, seedCount - first + 1);
      expect(await brokenSeeds(Array.from({ length: count }, (_, index) => first + index))).toEqual([]);
    },
    600_000,
  );

  it('do the very same thing again for the same seed', async () => {
    const [once, again] = [await runSeed(7), await runSeed(7)];
    expect(again.trace).toBe(once.trace);
    expect(once.trace).not.toBe((await runSeed(8)).trace);
  });
});

describe('a planted mistake', () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant.mistake, mutant] as const))(
    '"%s" (%s) is found within 200 seeds',
    async (_name, _mistake, mutant) => {
      let found = false;
      for (let seed = 1; seed <= mutantSeedsMax && !found; seed += 1) {
        found = (await runSeed(seed, mutant)).violations.length > 0;
      }
      expect(found).toBe(true);
    },
    600_000,
  );
});
