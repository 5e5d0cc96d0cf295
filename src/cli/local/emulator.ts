import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CadreError } from '../../contracts/errors.ts';
import { pathWithInstalledPrograms, projectRoot } from './places.ts';
import { isAlive } from './process-lock.ts';
import { endGroup } from './run-command.ts';

const healthPollMs = 50;
/** The emulator answers within two seconds; a machine under load may need many more. */
const startMsMax = 60_000;
const healthTimeoutMs = 2_000;
/** Time for the emulator to end its Lambdas before it is killed. */
const stopMsMax = 5_000;

/** Names the emulator, which is how a process of it is recognised. */
const starter = join(projectRoot, 'local', 'start-ministack.py');

export interface EmulatorOptions {
  readonly python: string;
  readonly port: number;
  readonly directory: string;
  readonly region: string;
  readonly signal: AbortSignal;
}

/** A port of 127.0.0.1 that nobody uses now. Throws CadreError `port-taken` when the wanted one is in use. */
export async function findFreePort(wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new CadreError('port-taken', `Port ${wanted} is used by another program.`)
          : error,
      );
    });
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : wanted));
    });
  });
}

/**
 * Starts the emulator in the background and gives its process id once it answers. On any failure, and on an abort, nothing is left
 * running. Its log is `cloud.log` in the directory.
 */
export async function startEmulator(options: EmulatorOptions): Promise<number> {
  const scratch = join(options.directory, 'cloud-tmp');
  mkdirSync(scratch, { recursive: true });
  // The emulator's Lambda workers are CommonJS files in here; the project's own package.json would make ES modules of them.
  writeFileSync(join(scratch, 'package.json'), '{"type":"commonjs"}\n');
  const logFile = join(options.directory, 'cloud.log');
  const log = openSync(logFile, 'w');
  const child = spawn(options.python, [starter], {
    cwd: scratch,
    detached: true,
    stdio: ['ignore', log, log],
    env: emulatorEnvironment(options, scratch),
  });
  closeSync(log);
  child.unref();
  try {
    await waitUntilHealthy(child, options, logFile);
  } catch (error) {
    endGroup(child.pid, 'SIGKILL');
    rmSync(scratch, { recursive: true, force: true });
    throw error;
  }
  // A process that answered has an id.
  return child.pid ?? 0;
}

/** Whether an emulator answers at the endpoint. */
export async function isHealthy(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/_localstack/health`, { signal: AbortSignal.timeout(healthTimeoutMs) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Ends the emulator and its Lambdas. A process id that now belongs to another program is left alone. */
export async function stopEmulator(pid: number, directory: string): Promise<void> {
  if (isAlive(pid) && (await isEmulator(pid))) {
    endGroup(pid, 'SIGTERM');
    const giveUpAt = performance.now() + stopMsMax;
    while (isAlive(pid) && performance.now() < giveUpAt) await sleep(healthPollMs);
    // Also where it ended by itself: a Lambda in the middle of a call outlives it.
    endGroup(pid, 'SIGKILL');
  }
  rmSync(join(directory, 'cloud-tmp'), { recursive: true, force: true });
}

async function isEmulator(pid: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.includes('ministack');
}

async function waitUntilHealthy(child: ChildProcess, options: EmulatorOptions, logFile: string): Promise<void> {
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const giveUpAt = performance.now() + startMsMax;
  while (!(await isHealthy(`http://127.0.0.1:${options.port}`))) {
    options.signal.throwIfAborted();
    if (failure !== undefined || child.exitCode !== null || performance.now() > giveUpAt) {
      const log = readFileSync(logFile, 'utf8').trim().split('\n').slice(-15).join('\n');
      const taken = log.includes('already in use') || log.includes('Address already in use');
      throw new CadreError(
        taken ? 'port-taken' : 'unavailable',
        `The emulator did not start; its log ${logFile} ends with:\n${log}`,
        {
          cause: failure,
        },
      );
    }
    await sleep(healthPollMs);
  }
  options.signal.throwIfAborted();
}

/** Everything in here leaks into every Lambda, so nothing of the user's own environment is passed on. */
function emulatorEnvironment(options: EmulatorOptions, scratch: string): Record<string, string> {
  return {
    PATH: pathWithInstalledPrograms(),
    HOME: process.env['HOME'] ?? scratch,
    TMPDIR: scratch,
    STATE_DIR: join(scratch, 'state'),
    LANG: 'C.UTF-8',
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(options.port),
    // Only a name: it becomes part of host names such as an API's, where an address would be invalid.
    MINISTACK_HOST: 'localhost',
    MINISTACK_REGION: options.region,
    LOG_LEVEL: 'WARNING',
  };
}
