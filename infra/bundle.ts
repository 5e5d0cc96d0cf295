import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { functionNames } from '../src/platform/topology.ts';

const root = join(import.meta.dirname, '..');

/** Where the bundle of a function is. */
export function bundleDirectory(name: string): string {
  return join(root, 'dist', 'functions', name);
}

/**
 * Bundles all functions in one call. The SDK goes into the bundle (a pinned version that starts faster than the runtime's own, and emulators
 * have none); the ES modules among the dependencies are preferred, because they can be shaken.
 */
export function bundleFunctions(): void {
  const missing = functionNames.filter((name) => !existsSync(join(root, 'functions', name, 'handler.ts')));
  if (missing.length > 0)
    throw new Error(`functions/${missing.join(', functions/')} should be deployed but have no handler.ts`);
  buildSync({
    absWorkingDir: root,
    entryPoints: functionNames.map((name) => ({ in: `functions/${name}/handler.ts`, out: `${name}/index` })),
    outdir: 'dist/functions',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    // Where a function's credentials come from is certain; the SDK's search for them is large and slow to load.
    alias: { '@aws-sdk/credential-provider-node': join(root, 'src/platform/aws/function-credentials.ts') },
    minify: true,
    sourcemap: false,
    legalComments: 'none',
    // Some CommonJS dependencies call require at run time, which an ES module has to make itself.
    banner: {
      js: "import{createRequire as cadreRequire}from'node:module';const require=cadreRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
}
