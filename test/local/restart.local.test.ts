import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../src/cli/local/places.ts';
import { eventually } from '../support/deployed-clients.ts';

/** Two deployments and half of one: more than a test usually may take. */
const timeoutMs = 300_000;

/** A command of ours on a local cloud of its own, with what it has said so far. */
interface Command {
  readonly child: ChildProcess;
  said(): string;
  readonly ended: Promise<number | string>;
}

/** Numbers of the processes that were started for this local cloud, by what they were told in their environment. */
function processesOf(directory: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const told = readFileSync(`/proc/${name}/environ`, 'latin1') + readFileSync(`/proc/${name}/cmdline`, 'latin1');
      return told.includes(directory) ? [Number(name)] : [];
    } catch {
      // It has ended, or it is somebody else's.
      return [];
    }
  });
}

const onLinux = existsSync('/proc/self/environ') ? describe : describe.skip;

onLinux('starting and being struck half-way', () => {
  let directory = '';
  const run = (...args: string[]): Command => {
    const child = spawn(process.execPath, [join(projectRoot, 'src/cli/main.ts'), ...args], {
      cwd: directory,
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        CADRE_LOCAL_DIR: directory,
        AWS_ENDPOINT_URL: undefined,
        CADRE_API_URL: undefined,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => (text += part));
    const ended = new Promise<number | string>((resolve) =>
      child.on('close', (code, signal) => resolve(code ?? signal ?? 'nothing')),
    );
    return { child, said: () => text, ended };
  };
  const until = (command: Command, line: string) =>
    eventually(`it says ${line}`, command.said, (text) => text.includes(line), timeoutMs);
  const locks = () => readdirSync(directory).filter((name) => name.endsWith('.lock'));
  const emulator = () => (JSON.parse(readFileSync(join(directory, 'cloud.json'), 'utf8')) as { pid: number }).pid;

  beforeAll(() => {
    mkdirSync(join(projectRoot, '.local'), { recursive: true });
    directory = mkdtempSync(join(projectRoot, '.local', 'restart-'));
  });
  afterAll(async () => {
    await run('down').ended;
    for (const pid of processesOf(directory)) process.kill(pid, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }, timeoutMs);

  it(
    'tells a second start that one runs already, and leaves that one alone',
    async () => {
      const first = run('start', '--out', join(directory, 'report'));
      await until(first, 'Starting the emulator');
      const second = run('start');
      expect(await second.ended).toBe(6);
      expect(second.said()).toContain(`Process ${first.child.pid} is starting or running everything already`);
      expect(second.said()).toContain('What to do:');
      await until(first, 'Starting 12 agents');
      expect(first.child.exitCode).toBeNull();
      // The next test finds what a crash leaves: a lock, an outputs file, agents without a parent, no emulator.
      process.kill(emulator(), 'SIGKILL');
      first.child.kill('SIGKILL');
      await first.ended;
    },
    timeoutMs,
  );

  it('says what is not there any more when it and its cloud were killed', async () => {
    expect(locks()).toContain('start.lock');
    const status = run('status');
    expect(await status.ended).toBe(3);
    expect(status.said()).toContain('What to do:');
    await eventually(
      'the agents have left',
      () => processesOf(directory),
      (pids) => pids.length === 0,
    );
  });

  it(
    'leaves no process and no lock behind after Ctrl-C, although it was killed before',
    async () => {
      const start = run('start');
      await until(start, 'Deploying the stacks');
      expect(processesOf(directory).length).toBeGreaterThan(1);
      start.child.kill('SIGINT');
      expect(await start.ended).toBe(130);
      expect(locks()).toEqual([]);
      await eventually(
        'nothing runs',
        () => processesOf(directory),
        (pids) => pids.length === 0,
      );
      expect(await run('status').ended).toBe(3);
    },
    timeoutMs,
  );

  it(
    'works again afterwards: up and status',
    async () => {
      const up = run('up');
      expect((await up.ended) === 0 ? '' : up.said()).toBe('');
      const status = run('status', '--json');
      expect(await status.ended).toBe(0);
      expect(JSON.parse(status.said().slice(status.said().indexOf('{')))).toMatchObject({ tasks: { queued: 0 } });
    },
    timeoutMs,
  );
});
