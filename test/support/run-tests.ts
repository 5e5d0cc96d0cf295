/**
 * Runs jest with the arguments given and ends with one plain line, `N passed, N failed, N skipped`.
 * A suite that could not run counts as a failure: its tests were promised and nobody saw them.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import stopLocalCloud from './stop-local-cloud.ts';
import { testCloudDirectory } from './test-cloud-directory.ts';

interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

// Settled here, so that what an interrupted jest leaves running can be found.
testCloudDirectory();
const root = join(import.meta.dirname, '..', '..');
const resultsFile = join(root, '.local', `jest-results-${process.pid}.json`);

function runJest(args: readonly string[]): Promise<number> {
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const child = spawn(process.execPath, [jest, ...args, '--json', `--outputFile=${resultsFile}`], {
    cwd: root,
    // With --json jest repeats the results on stdout; the report people read is on stderr.
    stdio: ['inherit', 'ignore', 'inherit'],
    env: {
      ...process.env,
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`,
    },
  });
  // Ctrl-C reaches the whole group: wait for jest to end, then clean up.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function readResults(): JestResults | undefined {
  try {
    return JSON.parse(readFileSync(resultsFile, 'utf8')) as JestResults;
  } catch {
    return undefined;
  }
}

mkdirSync(join(root, '.local'), { recursive: true });
const exitCode = await runJest(process.argv.slice(2));
// An interrupted jest runs no teardown.
await stopLocalCloud();
const results = readResults();
rmSync(resultsFile, { force: true });
const failed = results === undefined ? 1 : results.numFailedTests + results.numRuntimeErrorTestSuites;
const skipped = results === undefined ? 0 : results.numPendingTests + results.numTodoTests;
process.exitCode = failed > 0 ? 1 : exitCode;
console.log(`${results?.numPassedTests ?? 0} passed, ${failed} failed, ${skipped} skipped`);
