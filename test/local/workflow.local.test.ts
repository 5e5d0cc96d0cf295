import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { workflowDefinition, type WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import { isTask } from '../../src/contracts/workflow/nodes.ts';
import { createBlobStore } from '../../src/platform/aws/blob-store.ts';
import { agentKey } from '../../src/platform/aws/keys.ts';
import { s3Objects } from '../../src/platform/aws/objects.ts';
import { createWorkflowStore } from '../../src/platform/aws/workflow/workflow-store.ts';
import { createAgent, type Agent } from '../../src/sdk/agent/create-agent.ts';
import { TerminalError } from '../../src/sdk/errors.ts';
import { fromWfFormat } from '../../src/sdk/workflows/wfformat.ts';
import { replay } from '../../src/workflow/core/run/reducer.ts';
import { stateOf } from '../../src/workflow/core/run/state.ts';
import { deployedClients, eventually, quietLog } from '../support/deployed-clients.ts';
import { describeDeployed } from '../support/local-cloud.ts';

const instanceFile = new URL('../../../shared/data/wfinstances/helloworld-forkjoin-10-chameleon.json', import.meta.url);
const capability = 'workflow-local';
const longestPathMs = 3_000;

type Payload = { readonly duration_ms: number };

/** Milliseconds of the longest chain of dependent tasks. */
function longestPath({ nodes }: WorkflowDefinition): number {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const ends = new Map<string, number>();
  const endOf = (name: string): number => {
    const known = ends.get(name);
    if (known !== undefined) return known;
    const node = byName.get(name)!;
    const end =
      Math.max(0, ...node.depends_on.map(endOf)) + ((isTask(node) ? node.payload : undefined) as Payload).duration_ms;
    ends.set(name, end);
    return end;
  };
  return Math.max(...nodes.map(({ name }) => endOf(name)));
}

/** The recorded fork and join, scaled to a few seconds; where the data is absent, one of the same shape. */
function forkJoin(): { readonly from: string; readonly definition: WorkflowDefinition } {
  if (existsSync(instanceFile)) {
    const recorded: unknown = JSON.parse(readFileSync(instanceFile, 'utf8'));
    const options = { taskType: 'wait', requiredCapabilities: [capability] };
    const timeScale = longestPathMs / longestPath(fromWfFormat(recorded, options));
    return { from: 'a recorded instance', definition: fromWfFormat(recorded, { ...options, timeScale }) };
  }
  const names = Array.from({ length: 8 }, (_, index) => `part-${index}`);
  const node = (name: string, depends_on: readonly string[]) => ({
    name,
    task_type: 'wait',
    required_capabilities: [capability],
    depends_on: [...depends_on],
    payload: { duration_ms: longestPathMs / 3 },
  });
  const nodes = [node('fork', []), ...names.map((name) => node(name, ['fork'])), node('join', names)];
  return {
    from: 'the shape of a recorded instance, which is absent here',
    definition: workflowDefinition.parse({ name: 'fork-join', nodes }),
  };
}

const { from, definition } = forkJoin();

await describeDeployed('workflows on the deployed system', (deployed) => {
  const { cloud, outputs } = deployed;
  const { connection, api, bus, dynamodb, s3, sfn, sqs } = deployedClients(deployed);
  const store = createWorkflowStore(
    { client: dynamodb, table: outputs.tableName },
    createBlobStore(s3Objects(s3), outputs.bucketName),
  );
  const runs: string[] = [];
  const agents: Agent[] = ['workflow-local-1', 'workflow-local-2'].map((id) =>
    createAgent<Payload>({
      ...connection,
      id,
      type: 'test',
      capabilities: [capability],
      slots: 5,
      handler: async ({ task_id, task_type, payload }) => {
        runs.push(task_id);
        if (task_type === 'break') throw new TerminalError({ code: 'broken', message: 'this branch cannot work' });
        await sleep(payload.duration_ms);
        return null;
      },
      deps: { log: quietLog },
    }),
  );
  let finished = '';

  /** A queue of the test's own behind a rule of its own: whoever listens on the bus sees what it sees. */
  beforeAll(async () => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'test-workflows-finished' }));
    finished = QueueUrl!;
    const rule = { Name: 'test-workflows-finished', EventBusName: outputs.busName };
    const EventPattern = JSON.stringify({ source: ['cadre.workflow'], 'detail-type': ['WorkflowFinished'] });
    await bus.send(new PutRuleCommand({ ...rule, EventPattern }));
    const Arn = `arn:aws:sqs:${cloud.region}:${cloud.account}:test-workflows-finished`;
    await bus.send(
      new PutTargetsCommand({ Rule: rule.Name, EventBusName: outputs.busName, Targets: [{ Id: 'q', Arn }] }),
    );
    await Promise.all(agents.map((agent) => agent.start()));
  });
  afterAll(() => Promise.all(agents.map((agent) => agent.stop({ graceMs: 0, deregister: true }))));

  const heard: { readonly detail: { readonly data: { readonly workflow_id: string; readonly status: string } } }[] = [];
  const hear = async (workflow_id: string) =>
    eventually(
      `WorkflowFinished of ${workflow_id}`,
      async () => {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: finished, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
        );
        for (const { Body, ReceiptHandle } of Messages) {
          heard.push(JSON.parse(Body ?? '') as (typeof heard)[number]);
          await sqs.send(new DeleteMessageCommand({ QueueUrl: finished, ReceiptHandle }));
        }
        return heard.filter(({ detail }) => detail.data.workflow_id === workflow_id).map(({ detail }) => detail.data);
      },
      (events) => events.length > 0,
    );
  const endOfExecution = (workflow_id: string) =>
    eventually(
      `the end of the execution of ${workflow_id}`,
      async () => {
        const executionArn = `${outputs.stateMachineArn.replace(':stateMachine:', ':execution:')}:${workflow_id}`;
        return (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status;
      },
      (status) => status !== 'RUNNING',
    );
  const holdsOf = async (agent_id: string) => {
    const { Item } = await dynamodb.send(
      new GetCommand({ TableName: outputs.tableName, Key: agentKey('default', agent_id), ConsistentRead: true }),
    );
    return Object.keys((Item?.['holds'] ?? {}) as object);
  };

  it(`respect every dependency and run every task once: ${from}`, async () => {
    const handle = await api.run(definition, undefined, { workflow_id: 'local-fork-join' });
    expect(handle.submitted.warnings).toEqual([]);
    expect(await handle.wait()).toMatchObject({
      status: 'Completed',
      nodes: { Completed: definition.nodes.length, Failed: 0, Skipped: 0 },
    });
    const tasks = new Map((await handle.tasks()).map((task) => [task.name, task]));
    for (const { name, depends_on } of definition.nodes) {
      expect(tasks.get(name)).toMatchObject({ status: 'Completed', attempt: 1 });
      for (const earlier of depends_on) {
        expect(tasks.get(name)!.started_at! >= tasks.get(earlier)!.completed_at!).toBe(true);
      }
    }
    expect(runs.toSorted()).toEqual(definition.nodes.map(({ name }) => `local-fork-join:${name}`).toSorted());
    expect(await endOfExecution('local-fork-join')).toBe('SUCCEEDED');
    expect(await hear('local-fork-join')).toEqual([expect.objectContaining({ status: 'Completed' })]);
  });

  it('leave an event log that replays to the stored state, and agents that hold nothing', async () => {
    const head = await store.head('local-fork-join');
    const pinned = await store.definition('local-fork-join');
    const events = (await store.events('local-fork-join')).flatMap((row) => row.events);
    expect(replay(pinned!.definition, events)).toEqual(stateOf(head!));
    for (const { id } of agents) {
      // Slots are freed after the workflow has ended: a moment later, not at once.
      await eventually(
        `no holds of ${id}`,
        () => holdsOf(id),
        (holds) => holds.length === 0,
      );
      expect(await api.getAgent(id)).toMatchObject({ status: 'Idle', current_tasks: [], utilization_rate: 0 });
    }
  });

  it('end Partially Complete when one branch fails, and say which and why', async () => {
    const task = { task_type: 'wait', required_capabilities: [capability], payload: { duration_ms: 50 } };
    const handle = await api.run(
      {
        name: 'broken-branch',
        nodes: [
          { ...task, name: 'start' },
          { ...task, name: 'good', depends_on: ['start'] },
          { ...task, name: 'bad', depends_on: ['start'], task_type: 'break' },
          { ...task, name: 'after-bad', depends_on: ['bad'] },
        ],
      },
      undefined,
      { workflow_id: 'local-broken-branch' },
    );
    expect(await handle.wait()).toMatchObject({
      status: 'Partially Complete',
      nodes: { Completed: 2, Failed: 1, Skipped: 1 },
    });
    const tasks = new Map((await handle.tasks()).map((each) => [each.name, each]));
    expect(tasks.get('bad')).toMatchObject({ status: 'Failed', error: { code: 'broken' } });
    expect(tasks.get('after-bad')).toMatchObject({ status: 'Skipped' });
    expect(await endOfExecution('local-broken-branch')).toBe('SUCCEEDED');
    expect(await hear('local-broken-branch')).toEqual([expect.objectContaining({ status: 'Partially Complete' })]);
  });

  it('are refused with the cycle printed, before anything starts', async () => {
    const node = (name: string, depends_on: string[]) => ({ name, task_type: 'wait', depends_on, payload: null });
    const nodes = [node('a', []), node('b', ['a', 'd']), node('c', ['b']), node('d', ['c'])];
    const refusal = api.run({ name: 'circle', nodes }, undefined, { workflow_id: 'local-circle' });
    await expect(refusal).rejects.toMatchObject({
      code: 'workflow-cycle',
      message: expect.stringMatching(/([bcd]) → [bcd] → [bcd] → \1/),
    });
    await expect(api.getWorkflow('local-circle')).rejects.toMatchObject({ code: 'not-found' });
    await expect(endOfExecution('local-circle')).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
  });

  it('start from an event that anybody publishes', async () => {
    const task = { task_type: 'wait', required_capabilities: [capability], payload: { duration_ms: 10 } };
    const nodes = [
      { ...task, name: 'first' },
      { ...task, name: 'second', depends_on: ['first'] },
    ];
    const detail = { workflow_id: 'local-published', definition: { name: 'published', nodes } };
    await bus.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: outputs.busName,
            Source: 'somebody.else',
            DetailType: 'WorkflowSubmitted',
            Detail: JSON.stringify(detail),
          },
        ],
      }),
    );
    await eventually(
      'the workflow exists',
      () => store.head('local-published'),
      (head) => head !== undefined,
    );
    expect(await api.waitWorkflow('local-published')).toMatchObject({ status: 'Completed', nodes: { Completed: 2 } });
    expect(await endOfExecution('local-published')).toBe('SUCCEEDED');
    expect(await hear('local-published')).toEqual([expect.objectContaining({ status: 'Completed' })]);
  });
});
