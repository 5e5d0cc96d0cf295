import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundleDirectory, bundleFunctions, startBytes } from '../../infra/bundle.ts';
import { functionNames, optionalFunctionNames } from '../../src/platform/topology.ts';

/** KB that a function may load when it starts. More: a cold start that people notice. */
const startKbMax = 600;

describe('the bundle of a function', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cadre-bundles-'));
  beforeAll(() => bundleFunctions(folder), 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([...functionNames, ...optionalFunctionNames])('is small when it starts: %s', (name) => {
    const kb = startBytes(join(bundleDirectory(name, folder), 'index.mjs')) / 1024;
    expect(kb).toBeGreaterThan(100);
    expect(kb).toBeLessThanOrEqual(startKbMax);
  });
});
