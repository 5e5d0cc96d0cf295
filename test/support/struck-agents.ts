import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentReport, BenchAgent } from '../../bench/support/local-stage.ts';

const program = join(import.meta.dirname, '..', '..', 'bench', 'support', 'local-agent.ts');

/** An agent as a process of its own, which a test may kill or freeze. */
export interface AgentProcess {
  /** The attempts that reached its handler, as `task_id#attempt`. */
  readonly started: ReadonlySet<string>;
  signal(name: NodeJS.Signals): void;
  /** Ends it at once, frozen or not. */
  end(): Promise<void>;
}

/** Starts an agent process of the bench (its first attempts take `workMs`, later ones none) and resolves when it is registered. */
export async function startAgentProcess(
  agent: BenchAgent,
  env: Readonly<Record<string, string>>,
): Promise<AgentProcess> {
  const started = new Set<string>();
  const child = fork(program, [JSON.stringify(agent)], {
    env: { PATH: process.env['PATH'], ...env },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    child.on('message', (report: AgentReport) => {
      if (report.ready === true) resolve();
      for (const { task_id, attempt } of report.started ?? []) started.add(`${task_id}#${attempt}`);
    });
    child.once('exit', (code, by) => reject(new Error(`the agent ${agent.id} ended with ${by ?? String(code)}`)));
  });
  return { started, signal: (name) => void child.kill(name), end: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** The effects that agent processes noted in a file, as `task_id#attempt`. */
export function effectsIn(file: string): readonly string[] {
  return readFileSync(file, 'utf8').trim().split('\n');
}
