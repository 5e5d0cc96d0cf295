import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, it } from '@jest/globals';
import { freePort } from './free-port.ts';

const programs = ['valkey-server', 'redis-server'] as const;
/** Time until its port answers. */
const startMsMax = 20_000;
const pollMs = 20;

/** A server that runs only as long as a suite. */
export interface RedisServer {
  readonly url: string;
  /** Stops it for a while, as a network that swallows everything would. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => {
      resolve(false);
    });
  });
}

async function start(
  program: string,
  more: readonly string[],
): Promise<{ readonly process: ChildProcess; readonly port: number } | undefined> {
  const port = await freePort();
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(program, [...settings, ...more], { stdio: 'ignore' });
  const isThere = await once(child, 'spawn').then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  process.once('exit', () => child.kill('SIGKILL'));
  for (let waited = 0; waited < startMsMax && child.exitCode === null; waited += pollMs) {
    if (await accepts(port)) return { process: child, port };
    await sleep(pollMs);
  }
  child.kill('SIGKILL');
  throw new Error(`${program} did not start`);
}

/** A suite on a real Valkey or Redis server in memory. Where neither is installed it is skipped with the reason in its name and on stderr. */
export async function describeOnRedis(
  title: string,
  suite: (server: RedisServer) => void,
  { settings = [] }: { readonly settings?: readonly string[] } = {},
): Promise<void> {
  for (const program of programs) {
    const started = await start(program, settings);
    if (started === undefined) continue;
    describe(`${title} (${program})`, () => {
      afterAll(() => void started.process.kill('SIGKILL'));
      suite({
        url: `redis://127.0.0.1:${started.port}`,
        signal: (name) => void started.process.kill(name),
      });
    });
    return;
  }
  const missing = `neither ${programs.join(' nor ')} is installed`;
  process.stderr.write(`SKIPPED ${title}: ${missing}\n`);
  describe(title, () => it.skip(`skipped: ${missing}`, () => undefined));
}
