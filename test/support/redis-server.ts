import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, it } from '@jest/globals';
import { freePort } from './free-port.ts';
import type { SelfSigned } from './self-signed.ts';

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

/** A server; or why there is none, where that is no fault. */
type Started = { readonly process: ChildProcess; readonly port: number } | { readonly missing: string };

async function start(program: string, { settings = [], certificate }: RedisOptions): Promise<Started> {
  const port = await freePort();
  const place =
    certificate === undefined
      ? ['--port', String(port)]
      : [
          ...['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no'],
          ...['--tls-cert-file', certificate.certFile, '--tls-key-file', certificate.keyFile],
          ...['--tls-ca-cert-file', certificate.certFile],
        ];
  const quiet = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn(program, [...place, ...quiet, ...settings], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const isThere = await once(child, 'spawn').then(
    () => true,
    () => false,
  );
  if (!isThere) return { missing: `${program} is not installed` };
  process.once('exit', () => child.kill('SIGKILL'));
  for (let waited = 0; waited < startMsMax && child.exitCode === null; waited += pollMs) {
    if (await accepts(port)) return { process: child, port };
    await sleep(pollMs);
  }
  child.kill('SIGKILL');
  if (certificate !== undefined && said.includes('Bad directive'))
    return { missing: `${program} is built without TLS` };
  throw new Error(`${program} did not start: ${said}`);
}

/** How the server runs: more settings of its own, and with a certificate by TLS alone. */
export interface RedisOptions {
  readonly settings?: readonly string[];
  readonly certificate?: Pick<SelfSigned, 'certFile' | 'keyFile'>;
}

/** A suite that cannot run here, with the reason in its name and on stderr. */
export function skipSuite(title: string, missing: string): void {
  process.stderr.write(`SKIPPED ${title}: ${missing}\n`);
  describe(title, () => it.skip(`skipped: ${missing}`, () => undefined));
}

/** A suite on a real Valkey or Redis server in memory. Where neither is installed, or neither knows TLS and it is to, the suite is skipped with the reason. */
export async function describeOnRedis(
  title: string,
  suite: (server: RedisServer) => void,
  options: RedisOptions = {},
): Promise<void> {
  const reasons: string[] = [];
  for (const program of programs) {
    const started = await start(program, options);
    if ('missing' in started) {
      reasons.push(started.missing);
      continue;
    }
    describe(`${title} (${program})`, () => {
      afterAll(() => void started.process.kill('SIGKILL'));
      suite({
        url: `${options.certificate === undefined ? 'redis' : 'rediss'}://127.0.0.1:${String(started.port)}`,
        signal: (name) => void started.process.kill(name),
      });
    });
    return;
  }
  skipSuite(title, reasons.join(', '));
}
