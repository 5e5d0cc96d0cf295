import { setTimeout as sleep } from 'node:timers/promises';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateStateMachineCommand, ListExecutionsCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import type { WorkflowHead } from '../src/contracts/workflow/rows.ts';
import type { WorkflowDefinitionInput } from '../src/contracts/workflow/workflow.ts';
import { headKey } from '../src/platform/aws/keys.ts';
import { type Bench, type Figure, percentile, rounded } from './figure.ts';
import { type BacklogRun, runBacklog } from './support/local-backlog.ts';
import { type LocalStage, onLocalCloud, until } from './support/local-stage.ts';
import { orderViolations } from './support/order.ts';
import { baseline } from './support/plain-step-functions.ts';
import { benchTask } from './support/twin-fleet.ts';

const processes = 4;
/** As many as a worker of Temporal runs by default. */
const slots = 100;
const workflows = 50;
const width = 10;
const tasksPerWorkflow = width + 2;
/** Workflows that are to be under way at the same time: a task, a pause so long that all of them have begun, a task. */
const activeWorkflows = 300;
const activePauseMs = 30_000;
const queueTasks = 5_000;
const warmupTasks = 1_000;
const singles = 200;
const agents = Array.from({ length: processes }, (_, index) => `bench-${index + 1}`);

const middles = Array.from({ length: width }, (_, index) => `middle-${index}`);
const node = (name: string, depends_on: string[]) => ({
  name,
  depends_on,
  task_type: 'bench',
  required_capabilities: ['bench'],
  payload: { node: name },
});
const definition: WorkflowDefinitionInput = {
  name: 'bench',
  nodes: [node('first', []), ...middles.map((name) => node(name, ['first'])), node('last', middles)],
};

const chain: WorkflowDefinitionInput = {
  name: 'bench-chain',
  nodes: [
    node('first', []),
    { name: 'pause', kind: 'wait', for_ms: activePauseMs, depends_on: ['first'] },
    node('last', ['pause']),
  ],
};

/** Loads every function as much as the measured runs do, since the emulator starts a process for each of them. Gives the seconds of the workflows. */
async function warmUp(stage: LocalStage, started: ReadonlyMap<string, number>): Promise<number> {
  for (let index = 0; index < 10; index += 1) {
    const { task_id } = await submitOne(stage, 900_000 + index);
    await until('the warm-up task starts', () => started.has(task_id));
  }
  await runBacklog(stage, agents, { first: 200_000, count: warmupTasks });
  const { seconds } = await runWorkflows(stage, 'warm-up', definition, workflows);
  await stage.settled();
  return seconds;
}

async function submitOne({ clients, outputs }: LocalStage, index: number): Promise<{ task_id: string; at: number }> {
  const task = { ...benchTask(index), priority: 'high' as const };
  const at = Date.now();
  await clients.sqs.send(
    new SendMessageCommand({
      QueueUrl: outputs.queueUrls['tasks-high'],
      MessageBody: JSON.stringify({ tasks: [task] }),
    }),
  );
  return { task_id: task.task_id, at };
}

async function readHeads({ clients, outputs }: LocalStage, ids: readonly string[]): Promise<WorkflowHead[]> {
  const heads: WorkflowHead[] = [];
  for (let at = 0; at < ids.length; at += 100) {
    const Keys = ids.slice(at, at + 100).map(headKey);
    const { Responses } = await clients.dynamodb.send(
      new BatchGetCommand({ RequestItems: { [outputs.tableName]: { Keys } } }),
    );
    heads.push(...((Responses?.[outputs.tableName] ?? []) as WorkflowHead[]));
  }
  return heads;
}

/** Starts workflows through the bus, as anybody may. Gives the seconds until the last one has ended, and how many were seen under way at once. */
async function runWorkflows(
  stage: LocalStage,
  name: string,
  definition: WorkflowDefinitionInput,
  count: number,
): Promise<{ readonly seconds: number; readonly active: number }> {
  const { clients, outputs } = stage;
  const ids = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const at = Date.now();
  for (let first = 0; first < count; first += 10) {
    await clients.eventBridge.send(
      new PutEventsCommand({
        Entries: ids.slice(first, first + 10).map((workflow_id) => ({
          EventBusName: outputs.busName,
          Source: 'bench',
          DetailType: 'WorkflowSubmitted',
          Detail: JSON.stringify({ workflow_id, definition }),
        })),
      }),
    );
  }
  let heads: WorkflowHead[] = [];
  let active = 0;
  await until(`${count} workflows end`, async () => {
    heads = await readHeads(stage, ids);
    active = Math.max(active, heads.filter(({ status }) => status === 'In Progress').length);
    return heads.length === count && heads.every(({ completed_at }) => completed_at !== undefined);
  });
  const failed = heads.filter(({ status }) => status !== 'Completed');
  if (failed.length > 0) throw new Error(`${failed.length} of ${count} workflows did not complete`);
  const end = Math.max(...heads.map(({ completed_at = '' }) => Date.parse(completed_at)));
  return { seconds: (end - at) / 1000, active };
}

/** The same graphs as a plain state machine on the same cloud, with workers that are as many and as fast. */
async function runPlainDags(stage: LocalStage): Promise<number> {
  const { sqs, sfn } = stage.clients;
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'bench-plain' }));
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({
      name: 'bench-plain',
      definition: baseline('workflow').replaceAll('${QueueUrl}', QueueUrl),
      roleArn: stage.outputs.stateMachineArn.replace(/:states:[^:]*:(\d+):.*/, ':iam::$1:role/bench'),
    }),
  );
  for (let index = 0; index < processes; index += 1) await stage.start('plain-worker.ts', { queueUrl: QueueUrl });
  const run = async (name: string, count: number): Promise<number> => {
    const at = Date.now();
    await Promise.all(
      Array.from({ length: count }, (_, index) =>
        sfn.send(new StartExecutionCommand({ stateMachineArn, name: `${name}-${index}`, input: '{}' })),
      ),
    );
    await until('the plain executions end', async () => {
      const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 1_000 }));
      const ours = executions.filter((each) => each.name?.startsWith(`${name}-`) === true);
      if (ours.some(({ status }) => status === 'FAILED')) throw new Error('a plain execution failed');
      return ours.length === count && ours.every(({ status }) => status === 'SUCCEEDED');
    });
    return (Date.now() - at) / 1000;
  };
  await run('warm-up', 5);
  return run('measured', workflows);
}

async function runSingles(stage: LocalStage, started: ReadonlyMap<string, number>): Promise<number[]> {
  const tookMs: number[] = [];
  for (let index = 0; index < singles; index += 1) {
    const { task_id, at } = await submitOne(stage, 500_000 + index);
    await until('the task starts', () => started.has(task_id));
    tookMs.push((started.get(task_id) ?? at) - at);
    await sleep(50);
  }
  return tookMs;
}

const figure = (metric: string, value: number, unit: string, detail: object): Figure => ({
  bench: 'local',
  metric,
  value: rounded(value, 1),
  unit,
  detail: { ...detail },
});

/** The figures of a backlog: how fast it was accepted and worked off, and whether in order. */
function* backlogFigures({ acceptS, workS, rows }: BacklogRun, setting: object): Iterable<Figure> {
  const how = { ...setting, tasks: rows.length, accept_seconds: acceptS, work_seconds: workS };
  yield figure('queue_tasks_per_s', rows.length / (acceptS + workS), 'tasks/s', {
    ...how,
    what: 'the whole: accepted by the queues of four priorities while the agents were given nothing, and then worked off',
  });
  yield figure('accept_tasks_per_s', rows.length / acceptS, 'tasks/s', {
    ...how,
    what: 'from the first SendMessageBatch call until all rows are written and all messages done with',
  });
  yield figure('work_tasks_per_s', rows.length / workS, 'tasks/s', {
    ...how,
    what: 'from the request that gives the agents work until the last row is Completed',
  });
  const once = rows.filter(({ attempt }) => attempt === 1);
  const dispatches = once.map(({ priority, started_at = '' }) => ({ priority, decidedAt: Date.parse(started_at) }));
  yield figure('order_violations', orderViolations(dispatches), 'tasks', {
    ...setting,
    tasks: dispatches.length,
    given_out_again: rows.length - once.length,
    rule: 'given out while a task of strictly higher priority waited, by an earlier decision; all of them waited before the first was given out, and all agents can run all tasks. A task that was given out again tells only when that was',
  });
}

async function* measure(stage: LocalStage, say: (line: string) => void): AsyncIterable<Figure> {
  const started = new Map<string, number>();
  for (const id of agents) {
    await stage.startAgent({ id, slots }, (list) => {
      for (const { task_id, at } of list) started.set(task_id, started.get(task_id) ?? at);
    });
  }
  const setting = { agent_processes: processes, slots };
  const coldS = await warmUp(stage, started);
  say(`local: ${singles} single submissions`);
  const took = await runSingles(stage, started);
  const singleDetail = {
    ...setting,
    samples: singles,
    from: 'before the SendMessage call',
    to: "the agent's handler is called",
  };
  yield figure('dispatch_p50_ms', percentile(took, 0.5), 'ms', singleDetail);
  yield figure('dispatch_p99_ms', percentile(took, 0.99), 'ms', singleDetail);
  say(`local: ${workflows} workflows`);
  const { seconds } = await runWorkflows(stage, 'dag', definition, workflows);
  const tasks = workflows * tasksPerWorkflow;
  yield figure('dag_tasks_per_s', tasks / seconds, 'tasks/s', {
    ...setting,
    workflows,
    shape: '1-10-1',
    seconds,
    first_run_seconds: coldS,
  });
  say(`local: ${queueTasks} tasks of four priorities`);
  yield* backlogFigures(await runBacklog(stage, agents, { first: 100_000, count: queueTasks }), setting);
  say(`local: ${activeWorkflows} workflows at once`);
  const many = await runWorkflows(stage, 'active', chain, activeWorkflows);
  yield figure('active_workflows', many.active, 'workflows seen In Progress at once', {
    ...setting,
    workflows: activeWorkflows,
    shape: `task, ${activePauseMs / 1000} s, task`,
    seconds: many.seconds,
  });
  say(`local: ${workflows} plain state machines`);
  const plainS = await runPlainDags(stage);
  yield figure('ratio_to_step_functions', plainS / seconds, 'times faster', {
    ...setting,
    workers: processes,
    seconds,
    step_functions_seconds: plainS,
    definition: 'bench/baseline/workflow.asl.json',
  });
}

async function* local(say: (line: string) => void): AsyncIterable<Figure> {
  yield* await onLocalCloud(say, (stage) => measure(stage, say));
}

export const localBench: Bench = {
  about: 'throughput, latency and order on the local cloud, against plain Step Functions',
  run: local,
};
