import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { CadreError } from '../../contracts/errors.ts';
import { localDirectory } from '../local/places.ts';
import type { Work } from './handlers.ts';

/** Agents that start or leave at the same time: more would only wait for a processor. */
const agentsAtOnce = 4;
/** An agent that does not end after SIGTERM by then is killed; its leases run out by themselves. */
const stopMsMax = 6_000;

/** An agent to start as a process. */
export interface FleetMember {
  readonly id: string;
  readonly type: string;
  readonly capabilities: readonly string[];
  readonly slots: number;
  readonly work: Work;
}

/** Agents that run as processes. */
export interface Fleet {
  readonly pids: readonly number[];
  /** Lets every agent finish or hand back its work and leave. `deregister: false` spares the goodbye where the deployment ends as well. */
  stop(options?: { readonly deregister?: boolean }): Promise<void>;
  /** Lets go of the agents: they go on when this process ends. */
  release(): void;
}

export interface FleetOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The agents outlive this process. */
  readonly stay?: boolean;
  readonly signal?: AbortSignal;
  readonly onReady?: (id: string, ready: number) => void;
}

/** Where an agent's log is. */
export function agentLog(id: string): string {
  return join(localDirectory(), 'logs', `agent-${id}.log`);
}

/** Starts agents, each as a process of its own; when one fails, or the signal is aborted, none is left behind. */
export async function startFleet(members: readonly FleetMember[], options: FleetOptions): Promise<Fleet> {
  mkdirSync(join(localDirectory(), 'logs'), { recursive: true });
  const children: ChildProcess[] = [];
  const waiting = [...members];
  let ready = 0;
  const startNext = async (): Promise<void> => {
    for (let member = waiting.shift(); member !== undefined; member = waiting.shift()) {
      options.signal?.throwIfAborted();
      const child = launch(member, options);
      children.push(child);
      await readiness(child, member.id, options.signal);
      ready += 1;
      options.onReady?.(member.id, ready);
    }
  };
  const starts = await Promise.allSettled(Array.from({ length: agentsAtOnce }, startNext));
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await stopAll(children, true);
    throw failed.reason;
  }
  return {
    pids: children.flatMap((child) => child.pid ?? []),
    stop: ({ deregister = true } = {}) => stopAll(children, deregister),
    release: () => {
      for (const child of children) {
        if (child.connected) child.disconnect();
        child.unref();
      }
    },
  };
}

function launch(member: FleetMember, { env, stay = false }: FleetOptions): ChildProcess {
  const log = openSync(agentLog(member.id), 'w');
  try {
    return spawn(
      process.execPath,
      [join(import.meta.dirname, 'agent-process.ts'), JSON.stringify({ ...member, stay })],
      {
        env,
        // A group of its own: Ctrl-C in the terminal must not end an agent before its parent has asked it to leave.
        detached: true,
        stdio: ['ignore', log, log, 'ipc'],
      },
    );
  } finally {
    closeSync(log);
  }
}

function readiness(child: ChildProcess, id: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(new CadreError('unavailable', `the agent ${id} did not start: ${reason}; its log is ${agentLog(id)}`));
    child.once('message', (message: { readonly ready: boolean; readonly reason?: string }) => {
      if (message.ready) resolve();
      else fail(message.reason ?? 'no reason given');
    });
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, by) => fail(`it ended with ${by ?? `code ${String(code)}`}`));
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

async function stopAll(children: readonly ChildProcess[], deregister: boolean): Promise<void> {
  const left = [...children];
  const stopNext = async (): Promise<void> => {
    for (let child = left.shift(); child !== undefined; child = left.shift()) await stopOne(child, deregister);
  };
  await Promise.all(Array.from({ length: deregister ? agentsAtOnce : left.length }, stopNext));
}

function stopOne(child: ChildProcess, deregister: boolean): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const kill = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    child.once('exit', () => {
      clearTimeout(kill);
      resolve();
    });
    if (child.connected) child.send({ leave: { deregister } });
    else child.kill('SIGTERM');
  });
}
