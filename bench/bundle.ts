import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startBytes } from '../infra/bundle.ts';
import { projectRoot } from '../src/cli/local/places.ts';
import { type Bench, type Figure, percentile, rounded } from './figure.ts';
import { pricesDate } from './prices.ts';
import { idleBill, readTemplates } from './support/idle-bill.ts';
import { onLocalCloud } from './support/local-stage.ts';

const run = promisify(execFile);
const importRounds = 7;

const bundles = (): string[] => {
  const functions = join(projectRoot, 'dist', 'functions');
  return readdirSync(functions).map((name) => join(functions, name, 'index.mjs'));
};

interface Import {
  readonly ms: number;
  readonly cpuMs: number;
}

/** An import in a fresh process, by that process's own clocks: Node's start is not in it. */
async function importOnce(file: string): Promise<Import> {
  const script = `const t = performance.now(), c = process.cpuUsage(); await import(${JSON.stringify(file)}); const { user, system } = process.cpuUsage(c); console.error('import ' + JSON.stringify({ ms: performance.now() - t, cpuMs: (user + system) / 1000 })); process.exit(0)`;
  const { stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, AWS_REGION: 'us-east-1', AWS_LAMBDA_FUNCTION_NAME: 'bench' },
  });
  return JSON.parse(/^import (.+)$/m.exec(stderr)?.[1] ?? '{}') as Import;
}

/** Medians of several imports, and the fastest, which a busy machine disturbs least. */
async function importsOf(file: string): Promise<{ median: number; fastest: number; cpu: number }> {
  const sample: Import[] = [];
  for (let round = 0; round < importRounds; round += 1) sample.push(await importOnce(file));
  const times = sample.map(({ ms }) => ms);
  const cpu = sample.map(({ cpuMs }) => cpuMs);
  return {
    median: rounded(percentile(times, 0.5), 1),
    fastest: rounded(Math.min(...times), 1),
    cpu: rounded(percentile(cpu, 0.5), 1),
  };
}

const nameOf = (file: string): string => file.split('/').at(-2) ?? file;

async function timed(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const start = performance.now();
  await run(program, [...args], { cwd: projectRoot, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 });
  return (performance.now() - start) / 1000;
}

const figure = (metric: string, value: number, unit: string, detail: object): Figure => ({
  bench: 'bundle',
  metric,
  value: rounded(value),
  unit,
  detail: { ...detail },
});

async function* bundle(say: (line: string) => void): AsyncIterable<Figure> {
  const scratch = mkdtempSync(join(tmpdir(), 'cadre-bench-'));
  try {
    say('bundle: synthesis for AWS');
    const assembly = join(scratch, 'cdk.out');
    const synthS = await timed(process.execPath, ['infra/app.ts'], {
      CDK_OUTDIR: assembly,
      AWS_ENDPOINT_URL: undefined,
    });
    const sizes = bundles().map((file) => ({ name: nameOf(file), kb: startBytes(file) / 1024 }));
    const byName = Object.fromEntries(sizes.map(({ name, kb }) => [name, rounded(kb, 0)]));
    yield figure('max_kb', Math.max(...sizes.map(({ kb }) => kb)), 'KB', { by_function: byName });
    say('bundle: imports');
    const imports: Record<string, Awaited<ReturnType<typeof importsOf>>> = {};
    for (const file of bundles()) imports[nameOf(file)] = await importsOf(file);
    const all = Object.values(imports);
    yield figure('max_import_ms', Math.max(...all.map(({ median }) => median)), 'ms', {
      max_fastest_ms: Math.max(...all.map(({ fastest }) => fastest)),
      max_cpu_ms: Math.max(...all.map(({ cpu }) => cpu)),
      by_function: imports,
      how: `medians of ${importRounds} fresh node processes each, the import alone; the CPU time is what a quiet machine would show`,
      node: process.version,
    });
    yield figure('synth_s', synthS, 's', { what: 'bundling, synthesis and cdk-nag of both stacks for AWS' });
    const bill = idleBill(readTemplates(assembly));
    yield figure('idle_usd_per_month', bill.total, 'USD/month', {
      ...bill,
      prices: `us-east-1 list prices of ${pricesDate}, no free tier`,
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  yield* await onLocalCloud(say, async function* (stage) {
    yield figure('deploy_s', stage.deployS, 's', {
      what: 'bundling, synthesis, bootstrap and deployment to a fresh local cloud',
      cloud_s: rounded(stage.cloudS),
    });
  });
  say('bundle: npm start');
  const local = mkdtempSync(join(projectRoot, '.local', 'bench-start-'));
  try {
    const env = { CADRE_LOCAL_DIR: local, AWS_ENDPOINT_URL: undefined, CADRE_API_URL: undefined };
    const out = join(local, 'report');
    const startS = await timed(process.execPath, ['src/cli/main.ts', 'start', '--out', out], env);
    yield figure('start_s', startS, 's', {
      what: 'npm start: local cloud, deployment, twelve agents, review of this repository, shut-down',
    });
  } finally {
    rmSync(local, { recursive: true, force: true });
  }
}

export const bundleBench: Bench = {
  about: 'sizes, cold imports, synthesis, deployment, start, and the idle bill',
  run: bundle,
};
