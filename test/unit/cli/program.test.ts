import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createProgram, plainWords } from '../../../src/cli/main.ts';
import { errorCatalogue } from '../../../src/contracts/error-catalogue.ts';

const main = join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
const empty = mkdtempSync(join(tmpdir(), 'cadre-cli-'));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a person would, with no deployment in sight. */
function cadre(...args: string[]): Promise<Ended> {
  const { NODE_OPTIONS: _jest, AWS_ENDPOINT_URL: _endpoint, CADRE_API_URL: _api, ...env } = process.env;
  return new Promise((resolve) => {
    const options = { cwd: empty, env: { ...env, ...credentials, CADRE_LOCAL_DIR: empty, NO_COLOR: '1' } };
    execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('the command line', () => {
  it('has every command', () => {
    expect(createProgram().commands.map((command) => command.name())).toEqual([
      ...['start', 'up', 'down', 'status', 'doctor', 'logs'],
      ...['run', 'submit', 'wait', 'tasks', 'explain', 'cancel', 'kill', 'review'],
      ...['workflows', 'approvals', 'schedules', 'budgets'],
      ...['agents', 'capabilities', 'policies', 'namespaces', 'queues', 'dead-letters'],
      ...['context', 'locks', 'simulate', 'trace', 'completion'],
    ]);
  });

  it('has one group for all that is done with workflows, which the singular names as well', () => {
    const group = createProgram().commands.find((command) => command.name() === 'workflows');
    const done = group?.commands.map((command) => command.name());
    expect(done).toEqual(expect.arrayContaining(['validate', 'replay', 'signal', 'pause', 'rerun', 'redrive']));
    expect(group?.aliases()).toEqual(['workflow']);
  });

  it('leaves the options behind the name of a command to that command, also where its group has the same ones', () => {
    const groups = createProgram().commands.flatMap((group) => [group, ...group.commands]);
    for (const group of groups.filter(({ commands, options }) => commands.length > 0 && options.length > 0)) {
      for (const command of group.commands) {
        const behind = group.options.map(({ long }) => long ?? '');
        expect(group.parseOptions([command.name(), ...behind]).unknown).toEqual(behind);
      }
    }
  });

  it.each([
    ['agents list', 'agents'],
    ['--json dead-letters show t1', '--json dead-letters t1'],
    ['workflow show run-1', 'workflow run-1'],
    ['context types show ticket', 'context types ticket'],
    ['context list --under a', 'context list --under a'],
    ['--api-url http://a agents list', '--api-url http://a agents'],
    ['start list', 'start list'],
    ['agents drain list', 'agents drain list'],
  ])('takes %s as %s', (typed, meant) => {
    expect(plainWords(typed.split(' '), createProgram()).join(' ')).toBe(meant);
  });

  it('tells wrong usage like every other refusal, for people and for programs', async () => {
    expect((await cadre('statsu')).stderr).toBe(
      "cadre: unknown command 'statsu': did you mean status?\n  What to do: See `cadre --help`.\n",
    );
    expect((await cadre('workflows', 'lgo', 'run-1')).stderr).toContain('lgo is none of its commands: register,');
    const asJson = await cadre('tasks', '--limit', 'many', '--json');
    expect(asJson.code).toBe(2);
    expect(JSON.parse(asJson.stderr)).toMatchObject({
      error: { code: 'invalid-input', fix: 'See `cadre tasks --help`.' },
    });
  });

  it('takes times with their units, and no others', async () => {
    const { stderr } = await cadre('locks', 'acquire', 'a', '--ttl', '60');
    expect(stderr).toContain('a time with its unit');
    expect(stderr).toContain('See `cadre locks acquire --help`.');
    expect((await cadre('locks', 'acquire', 'a', '--ttl', '10m')).stderr).toContain('not-deployed');
  });

  it('calls any operation on documents in the namespace that is named, and ends with 6 when it is stale', async () => {
    const bodies: unknown[] = [];
    const server = createServer(
      (request, response) =>
        void text(request).then((body) => {
          bodies.push(JSON.parse(body));
          response.setHeader('content-type', 'application/json').end('{"outcome":"stale","stale":[]}');
        }),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const words = ['context', 'call', 'transaction', '{"operations":[]}', '--namespace', 'acme', '--api-url', api];
    const { code } = await cadre(...words);
    server.close();
    expect({ code, bodies }).toMatchObject({ code: 6, bodies: [{ operations: [], namespace: 'acme' }] });
  });

  it('asks for the folder to review before anything is started', async () => {
    const { code, stderr } = await cadre('start', join(empty, 'nowhere'));
    expect(code).toBe(2);
    expect(stderr).toContain('is no folder that can be read');
    expect(stderr).not.toContain('Starting');
  });

  it('lists all faults of a workflow as JSON with exit code 2, with nothing deployed', async () => {
    const file = join(empty, 'wrong.json');
    writeFileSync(file, JSON.stringify({ name: 'x', nodes: [{ name: 'a', task_type: 't', depends_on: ['a', 'b'] }] }));
    const { code, stdout } = await cadre('workflows', 'validate', file, '--json');
    const { valid, errors } = JSON.parse(stdout) as { valid: boolean; errors: { code: string; fix: string }[] };
    expect([code, valid]).toEqual([2, false]);
    expect(errors.map((each) => each.code)).toEqual(['unknown-dependency', 'workflow-cycle']);
    expect(errors.every(({ fix }) => fix !== '')).toBe(true);
  });

  it('shows examples and exit codes in its help, on stdout', async () => {
    const { code, stdout, stderr } = await cadre('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain('Exit codes:');
  });

  it('ends with 2 for wrong usage', async () => {
    expect((await cadre('dance')).code).toBe(2);
    expect((await cadre('tasks', '--colour')).code).toBe(2);
  });

  it('says what to do when nothing is deployed, for people and for programs', async () => {
    const { code, stdout, stderr } = await cadre('status');
    expect({ code, stdout }).toEqual({ code: errorCatalogue['not-deployed'].exit, stdout: '' });
    expect(stderr).toContain('What to do:');
    const asJson = await cadre('status', '--json');
    expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { code: 'not-deployed' } });
  });

  it('names the file and the position of bad JSON, and the path of a bad key', async () => {
    const broken = join(empty, 'broken.json');
    writeFileSync(broken, '{ "name": }');
    const { code, stderr } = await cadre('run', broken, '--twin');
    expect(code).toBe(2);
    expect(stderr).toContain('broken.json');
    const wrong = join(empty, 'wrong.json');
    writeFileSync(wrong, JSON.stringify({ name: 'x', nodes: [{ name: 'a', task_type: 't', colour: 1 }] }));
    expect((await cadre('run', wrong, '--twin')).stderr).toContain('nodes[0].colour');
    expect((await cadre('run', join(empty, 'missing.json'))).stderr).toContain('unreadable-file');
  });

  it('runs a workflow in virtual time and prints what every task did', async () => {
    const file = join(empty, 'flow.json');
    const nodes = [
      { name: 'a', task_type: 't', payload: { duration_ms: 60_000 } },
      { name: 'b', task_type: 't', depends_on: ['a'], input: 'outputs.a' },
    ];
    writeFileSync(file, JSON.stringify({ name: 'flow', nodes }));
    const { code, stdout } = await cadre('run', file, '--twin', '--json');
    expect(code).toBe(0);
    const printed = JSON.parse(stdout) as {
      makespan_ms: number;
      tasks: { started_at: string; completed_at: string }[];
    };
    expect(printed).toMatchObject({ status: 'Completed', tasks: [{ name: 'a' }, { name: 'b', status: 'Completed' }] });
    expect(printed.makespan_ms).toBeGreaterThanOrEqual(120_000);
    expect(Date.parse(printed.tasks[1]!.started_at)).toBeGreaterThanOrEqual(Date.parse(printed.tasks[0]!.completed_at));
  });

  it.each(['bash', 'zsh', 'fish'])('prints a completion for %s that knows every command', async (shell) => {
    const { stdout } = await cadre('completion', shell);
    for (const command of createProgram().commands) expect(stdout).toContain(command.name());
  });
});
