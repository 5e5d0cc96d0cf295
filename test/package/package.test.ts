import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildPackage } from '../../package/build.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

/** A program of a project that has installed the package. */
const program = `
import { createAgent, RetryableError, workflow } from 'cadre';
import { createTestCloud } from 'cadre/testing';

const cloud = createTestCloud({ seed: 7 });
await cloud.addAgent({ id: 'adder', capabilities: ['add'], handler: ({ payload }) => Number(payload) + 1 });
const one = workflow('one').task('add', { task_type: 'add', required_capabilities: ['add'], input: 'input' }).output('outputs.add').build();
const { status, output } = await cloud.run(one, 41);
console.log(status, output, new RetryableError({ code: 'busy', message: 'later' }).code);
// @ts-expect-error slots are a number: without types of its own the package would let this pass
export const wrong = () => createAgent({ id: 'a', type: 'a', capabilities: [], slots: 'many', handler: () => null });
`;

describe('the package that other projects install', () => {
  const project = mkdtempSync(join(tmpdir(), 'cadre-consumer-'));
  const modules = join(project, 'node_modules');
  const built = join(modules, 'cadre');
  const link = (name: string): void => {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  };

  beforeAll(() => {
    buildPackage(built);
    const manifest = JSON.parse(readFileSync(join(built, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    // Only what it names is there, as after an installation.
    for (const name of [...Object.keys(manifest.dependencies), '@types/node']) link(name);
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(project, 'program.ts'), program);
  }, 300_000);

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it('runs a workflow in the test cloud with nothing installed but its dependencies', async () => {
    const { stdout } = await run(process.execPath, ['program.ts'], { cwd: project });
    expect(stdout).toBe('Completed 42 busy\n');
  });

  it('has types that hold without those of this project', async () => {
    const options = ['--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2024'];
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = [tsc, '--noEmit', ...options, '--types', 'node', 'program.ts'];
    const found = await run(process.execPath, args, { cwd: project }).catch((failure: unknown) => failure);
    expect(found).toMatchObject({ stdout: '' });
  }, 300_000);

  it('has the adapters of LangGraph for those who have LangGraph', async () => {
    for (const name of ['@langchain/langgraph-checkpoint', '@langchain/core']) link(name);
    const script = `const { CadreSaver, CadreStore } = await import('cadre/langgraph'); console.log(typeof CadreSaver, typeof CadreStore);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: project });
    expect(stdout).toBe('function function\n');
  });
});
