import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { functionNames, optionalFunctionNames } from '../src/platform/topology.ts';

const bundledNames = [...functionNames, ...optionalFunctionNames];
const root = join(import.meta.dirname, '..');

/** Where bundles go that are to be deployed. */
const deployedBundles = join(root, 'dist', 'functions');

/** Where the bundle of a function is. */
export function bundleDirectory(name: string, folder = deployedBundles): string {
  return join(folder, name);
}

/** Bytes that a function loads when it starts: its index and what that imports statically; what is loaded on demand does not count. */
export function startBytes(file: string, seen = new Set<string>()): number {
  if (seen.has(file)) return 0;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  const parts = [...text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.mjs)"/g)].map(([, name]) =>
    join(dirname(file), name ?? ''),
  );
  return Buffer.byteLength(text) + parts.reduce((sum, part) => sum + startBytes(part, seen), 0);
}

/**
 * Bundles all functions, each into a folder of its own; what a function loads on demand becomes a file beside its index. The SDK goes into the bundle (a pinned version that starts faster than the runtime's own, and emulators
 * have none); the ES modules among the dependencies are preferred, because they can be shaken.
 */
export async function bundleFunctions(folder = deployedBundles): Promise<void> {
  const missing = bundledNames.filter((name) => !existsSync(join(root, 'functions', name, 'handler.ts')));
  if (missing.length > 0)
    throw new Error(`functions/${missing.join(', functions/')} should be deployed but have no handler.ts`);
  await Promise.all(bundledNames.map((name) => bundleFunction(name, bundleDirectory(name, folder))));
}

async function bundleFunction(name: string, outdir: string): Promise<void> {
  const { metafile } = await build({
    metafile: true,
    absWorkingDir: root,
    entryPoints: [{ in: `functions/${name}/handler.ts`, out: 'index' }],
    outdir,
    splitting: true,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Where a function's credentials come from is certain; the SDK's search for them is large and slow to load.
    // All of zod, for the types of users, beside the part of it that our own contracts use.
    alias: {
      '@aws-sdk/credential-provider-node': join(root, 'src/platform/aws/function-credentials.ts'),
      'zod/v4': join(root, 'node_modules/zod/v4/index.cjs'),
    },
    minify: true,
    sourcemap: false,
    legalComments: 'none',
    // Some CommonJS dependencies call require at run time, which an ES module has to make itself.
    banner: {
      js: "import{createRequire as cadreRequire}from'node:module';const require=cadreRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  const made = new Set(Object.keys(metafile.outputs).map((file) => basename(file)));
  // Names of loaded parts carry a hash: those of an earlier bundle would be deployed for ever.
  for (const file of readdirSync(outdir)) {
    if (!made.has(file)) rmSync(join(outdir, file), { force: true });
  }
}
