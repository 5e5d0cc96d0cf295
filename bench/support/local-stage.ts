import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { startCloud, stopCloud } from '../../src/cli/local/cloud.ts';
import { deploy, type DeploymentOutputs } from '../../src/cli/local/deploy.ts';
import { projectRoot } from '../../src/cli/local/places.ts';
import { awsClients } from '../../src/platform/aws/runtime.ts';
import type { Clients } from '../../src/platform/aws/deployment.ts';

const pollMs = 100;

/** What an agent process says: it is ready, or it was given attempts. */
export interface AgentReport {
  readonly ready?: true;
  readonly started?: readonly { readonly task_id: string; readonly attempt: number; readonly at: number }[];
}

/** How an agent process of a bench works. */
export interface BenchAgent {
  readonly id: string;
  readonly slots: number;
  /** How long a first attempt takes; later ones are immediate. @default 0 */
  readonly workMs?: number;
  /** Where finished work is noted, a line for each `task#attempt`. @default nowhere */
  readonly effects?: string;
}

/** A local cloud with Cadre deployed on it, for one bench. */
export interface LocalStage {
  readonly clients: Clients;
  readonly outputs: DeploymentOutputs;
  readonly directory: string;
  /** Seconds that starting the cloud and deploying took. */
  readonly cloudS: number;
  readonly deployS: number;
  /** Starts an agent as a process of its own. */
  startAgent(
    agent: BenchAgent,
    onStarted?: (started: NonNullable<AgentReport['started']>) => void,
  ): Promise<ChildProcess>;
  /** Starts another program of this folder with the stage's environment; resolves when it says that it is ready. */
  start(program: string, options: object, onReport?: (report: AgentReport) => void): Promise<ChildProcess>;
  /** Resolves when no agent holds anything. */
  settled(): Promise<void>;
}

/** Waits until the check holds; throws after `limitMs`, naming what was awaited. */
export async function until(what: string, check: () => boolean | Promise<boolean>, limitMs = 180_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`waited ${limitMs / 1000} s in vain: ${what}`);
    await sleep(pollMs);
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

function starter(children: ChildProcess[]): LocalStage['start'] {
  return (program, options, onReport = () => undefined) =>
    new Promise((resolve, reject) => {
      const child = fork(join(import.meta.dirname, program), [JSON.stringify(options)], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      children.push(child);
      child.on('message', (report: AgentReport) => {
        if (report.ready === true) resolve(child);
        onReport(report);
      });
      child.once('exit', (code, signal) => reject(new Error(`${program} ended with ${signal ?? String(code)}`)));
    });
}

/**
 * Gives a bench a local cloud of its own, in a directory of its own, and takes both away afterwards, whatever happens. The environment of
 * this process then names that cloud, so that clients and child processes find it and nothing else.
 */
export async function onLocalCloud<T>(
  say: (line: string) => void,
  use: (stage: LocalStage) => AsyncIterable<T>,
): Promise<T[]> {
  mkdirSync(join(projectRoot, '.local'), { recursive: true });
  const directory = mkdtempSync(join(projectRoot, '.local', 'bench-'));
  process.env['CADRE_LOCAL_DIR'] = directory;
  const children: ChildProcess[] = [];
  const cleanUp = async (): Promise<void> => {
    await Promise.all(children.map(kill));
    await stopCloud();
    rmSync(directory, { recursive: true, force: true });
  };
  const onSignal = (): void => void cleanUp().finally(() => process.exit(130));
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const begun = performance.now();
    const cloud = await startCloud({ onProgress: say });
    const up = performance.now();
    const outputs = await deploy({ endpoint: cloud.endpoint, onProgress: say });
    const deployed = performance.now();
    Object.assign(process.env, cloud.env, { CADRE_API_URL: outputs.apiUrl });
    const clients = awsClients();
    const start = starter(children);
    const stage: LocalStage = {
      clients,
      outputs,
      directory,
      cloudS: (up - begun) / 1000,
      deployS: (deployed - up) / 1000,
      start,
      startAgent: (agent, onStarted = () => undefined) =>
        start('local-agent.ts', agent, ({ started }) => {
          if (started !== undefined) onStarted(started);
        }),
      settled: () => until('all slots free', () => noHolds(clients, outputs.tableName)),
    };
    const results: T[] = [];
    for await (const result of use(stage)) results.push(result);
    return results;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await cleanUp();
  }
}

async function noHolds({ dynamodb }: Clients, TableName: string): Promise<boolean> {
  const { Items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pool',
      ExpressionAttributeValues: { ':pool': 'POOL#default' },
    }),
  );
  return Items.every((item) => Object.keys((item['holds'] ?? {}) as object).length === 0);
}
