import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import type { TaskRow } from '../src/contracts/rows.ts';
import { taskKey } from '../src/platform/aws/keys.ts';
import { type Bench, type Figure, rounded } from './figure.ts';
import { type LocalStage, onLocalCloud, until } from './support/local-stage.ts';
import { benchTask } from './support/twin-fleet.ts';

const tasks = 20;
/** A first attempt takes longer than losing its lease does, so that none ends by itself before; a frozen agent ends them when it thaws. */
const workMs = 25_000;
/** After a frozen agent thaws, so long for its late results to arrive and be refused. */
const lateMs = 4_000;

interface Outcome {
  readonly rerunLastS: number;
  readonly lost: number;
  readonly doubleEffects: number;
  readonly staleEffects: number;
}

async function rowsOf({ clients, outputs }: LocalStage, ids: readonly string[]): Promise<TaskRow[]> {
  const { Responses } = await clients.dynamodb.send(
    new BatchGetCommand({ RequestItems: { [outputs.tableName]: { Keys: ids.map(taskKey), ConsistentRead: true } } }),
  );
  return (Responses?.[outputs.tableName] ?? []) as TaskRow[];
}

/** Twenty tasks in the hands of one agent, a second agent free, and then the first one is struck. */
async function strike(stage: LocalStage, name: 'killed' | 'frozen', first: number): Promise<Outcome> {
  const list = Array.from({ length: tasks }, (_, index) => ({
    ...benchTask(first + index),
    priority: 'high' as const,
  }));
  const ids = list.map(({ task_id }) => task_id);
  const effects = join(stage.directory, `effects-${name}`);
  const inHand = new Set<string>();
  const rerunAt = new Map<string, number>();
  const victim = await stage.startAgent({ id: `${name}-victim`, slots: tasks, workMs, effects }, (started) => {
    for (const { task_id } of started) inHand.add(task_id);
  });
  await stage.clients.sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: stage.outputs.queueUrls['tasks-high'],
      Entries: [{ Id: '0', MessageBody: JSON.stringify({ tasks: list }) }],
    }),
  );
  await until('the victim holds all tasks', () => inHand.size === tasks);
  const rescuer: ChildProcess = await stage.startAgent({ id: `${name}-rescuer`, slots: tasks, effects }, (started) => {
    for (const { task_id, at } of started) rerunAt.set(task_id, at);
  });
  const struckAt = Date.now();
  victim.kill(name === 'killed' ? 'SIGKILL' : 'SIGSTOP');
  await until('all tasks run again', () => rerunAt.size === tasks, 90_000);
  let rows = await rowsOf(stage, ids);
  await until('all tasks end', async () => {
    rows = await rowsOf(stage, ids);
    return rows.every(({ status }) => status === 'Completed' || status === 'Failed');
  });
  if (name === 'frozen') {
    await sleep(Math.max(0, struckAt + workMs - Date.now()));
    victim.kill('SIGCONT');
    await sleep(lateMs);
    rows = await rowsOf(stage, ids);
    victim.kill('SIGKILL');
  }
  // It leaves properly, so that nothing of the next round is given to an agent that is gone.
  const left = new Promise((resolve) => rescuer.once('exit', resolve));
  rescuer.kill('SIGTERM');
  await left;
  const lines = readFileSync(effects, 'utf8').trim().split('\n');
  const accepted = rows.map(({ task_id, attempt }) => `${task_id}#${attempt}`);
  const timesOf = (effect: string): number => lines.filter((line) => line === effect).length;
  return {
    rerunLastS: (Math.max(...rerunAt.values()) - struckAt) / 1000,
    lost: tasks - rows.filter(({ status }) => status === 'Completed').length,
    doubleEffects: accepted.filter((effect) => timesOf(effect) !== 1).length,
    staleEffects: lines.filter((line) => !accepted.includes(line)).length,
  };
}

async function* measure(stage: LocalStage, say: (line: string) => void): AsyncIterable<Figure> {
  say(`recovery: kill -9 with ${tasks} tasks in hand`);
  const killed = await strike(stage, 'killed', 700_000);
  say(`recovery: SIGSTOP with ${tasks} tasks in hand`);
  const frozen = await strike(stage, 'frozen', 800_000);
  const figure = (
    metric: string,
    pick: (outcome: Outcome) => number,
    combine: (one: number, other: number) => number,
    unit: string,
    more: object = {},
  ): Figure => ({
    bench: 'recovery',
    metric,
    value: rounded(combine(pick(killed), pick(frozen)), 2),
    unit,
    detail: { tasks, killed: pick(killed), frozen: pick(frozen), ...more },
  });
  const sum = (one: number, other: number): number => one + other;
  yield figure(
    'rerun_last_s',
    ({ rerunLastS }) => rerunLastS,
    (one, other) => Math.max(one, other),
    's',
    {
      from: 'the signal',
      to: 'the last of the tasks reaches another agent',
      settings: 'default heartbeats, leases and pulse',
    },
  );
  yield figure('lost', ({ lost }) => lost, sum, 'tasks');
  yield figure('double_effects', ({ doubleEffects }) => doubleEffects, sum, 'tasks', {
    rule: "the accepted attempt of each task has exactly one line in the agents' side file",
    effects_of_refused_attempts: { killed: killed.staleEffects, frozen: frozen.staleEffects },
  });
}

async function* recovery(say: (line: string) => void): AsyncIterable<Figure> {
  yield* await onLocalCloud(say, (stage) => measure(stage, say));
}

export const recoveryBench: Bench = {
  about: 'a killed and a frozen agent with 20 tasks in hand, on the local cloud',
  run: recovery,
};
