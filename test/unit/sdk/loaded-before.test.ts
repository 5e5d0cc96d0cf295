import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');

/** What a twin never asks for: it has no network, no model, and no server beside it. */
const neverInTwin = [
  '@aws-sdk/client-bedrock-runtime',
  'src/platform/aws/agent-connection.ts',
  'src/platform/aws/caller-credentials.ts',
  'src/platform/aws/context/bedrock-embedder.ts',
  'src/platform/aws/stored-secret.ts',
  'src/platform/cache/shared-versions.ts',
];

describe('the test cloud', () => {
  it('has loaded whatever its functions load on demand before time begins', async () => {
    const entry = 'src/sdk/test-cloud/test-cloud.ts';
    const { metafile } = await build({
      ...{ absWorkingDir: root, entryPoints: [entry], bundle: true, write: false, metafile: true },
      ...{ platform: 'node', format: 'esm', splitting: true, outdir: 'dist', packages: 'external', logLevel: 'silent' },
    });
    const importsOf = (file: string, isDynamic: boolean): readonly string[] =>
      (metafile.inputs[file]?.imports ?? [])
        .filter(({ kind }) => (kind === 'dynamic-import') === isDynamic)
        .map(({ path }) => path);
    const loaded = new Set([entry]);
    for (const file of loaded) for (const path of importsOf(file, false)) loaded.add(path);
    const onDemand = new Set(Object.keys(metafile.inputs).flatMap((file) => importsOf(file, true)));
    expect([...onDemand].filter((path) => !loaded.has(path)).sort()).toEqual(neverInTwin);
  });

  it('tells the same story of a seed in a fresh process as in one that has run it before', async () => {
    const script = `
      const { runSeed } = await import('./test/simulation/world.ts');
      for (const _ of [1, 2]) console.log((await runSeed(303026)).trace);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: root });
    const [first, second] = stdout.trim().split('\n');
    expect(first).toBe(second);
  });
});
