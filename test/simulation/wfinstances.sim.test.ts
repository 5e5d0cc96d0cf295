import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { FaultMix } from '../../src/platform/twin/faults.ts';
import { createTestCloud } from '../../src/sdk/test-cloud.ts';
import { fromWfFormat } from '../../src/sdk/wfformat.ts';

const folder = new URL('../../../shared/data/wfinstances/', import.meta.url);
const instances = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')) : [];
const recorded = instances.length === 0 ? it.skip : it;

/** Runs an instance with three agents that wait as long as its tasks took, and checks that every dependency was respected. */
async function runInstance(file: string, options: { readonly seed?: number; readonly faults?: FaultMix } = {}) {
  const definition = fromWfFormat(JSON.parse(readFileSync(new URL(file, folder), 'utf8')), { timeScale: 0.01 });
  const cloud = createTestCloud(options);
  for (const id of ['ann', 'bob', 'cyd']) {
    await cloud.addAgent({
      id,
      slots: 8,
      handler: async (task) => {
        await cloud.sleep((task.payload as { duration_ms: number }).duration_ms);
        return null;
      },
    });
  }
  const run = await cloud.run(definition);
  expect({ file, status: run.status }).toEqual({ file, status: 'Completed' });
  const tasks = new Map(run.tasks.map((task) => [task.name, task]));
  for (const node of definition.nodes) {
    for (const name of node.depends_on) {
      expect(tasks.get(node.name)!.started_at! >= tasks.get(name)!.completed_at!).toBe(true);
    }
  }
}

describe('recorded scientific workflows in the twin (skipped where the data is absent)', () => {
  recorded('complete, and no task starts before its dependencies have ended', async () => {
    for (const file of instances) await runInstance(file);
  });

  recorded('complete although messages double and get lost', async () => {
    const faults: FaultMix = { duplicate: 0.1, lose: 0.02, spare: (_point, detail) => detail.startsWith('lambda:') };
    const small = instances.filter((file) => /helloworld|bacass|srasearch/.test(file));
    for (const file of small) for (const seed of [1, 2, 3]) await runInstance(file, { seed, faults });
  });
});
