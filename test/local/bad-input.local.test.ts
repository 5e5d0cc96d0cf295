import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { inlineBytesMax } from '../../src/contracts/limits.ts';
import { queueNames, queueSpecs, type QueueName } from '../../src/platform/topology.ts';
import { createAgent, type Agent } from '../../src/sdk/agent/create-agent.ts';
import { isNotFound } from '../../src/sdk/client/client.ts';
import { TerminalError } from '../../src/sdk/errors.ts';
import { deployedClients, eventually, quietLog } from '../support/deployed-clients.ts';
import { describeDeployed } from '../support/local-cloud.ts';

const agentId = 'bad-input-agent';
const capability = 'bad-input';
const poolQueues = queueNames.filter((name) => !/^tasks-(critical|medium|low)$/.test(name));
const large = 'x'.repeat(inlineBytesMax * 3);

/** Per queue: a body with one wrong key or value, and the path that the reason must name. */
const malformed: Readonly<Record<string, { readonly body: object; readonly path: string }>> = {
  'tasks-high': {
    body: { tasks: [{ task_id: 'bad', task_type: 't', priority: 'urgent', required_capabilities: [], payload: 1 }] },
    path: 'tasks[0].priority',
  },
  dispatch: { body: { pool: 'default', routes: [7] }, path: 'routes[0]' },
  results: {
    body: { pool: 'default', agent_id: agentId, results: [{ task_id: 'a', attempt: 0 }] },
    path: 'results[0].attempt',
  },
  heartbeats: { body: { pool: 'default', agent_id: agentId, holding: 'all', interval_ms: 3_000 }, path: 'holding' },
  pulse: { body: { pool: 'default', surprise: true }, path: 'surprise' },
  workflows: {
    body: {
      id: 'e',
      'detail-type': 'WorkflowSubmitted',
      source: 's',
      detail: { workflow_id: 'bad', definition: { name: 'n', nodes: [] } },
    },
    path: 'detail.definition.nodes',
  },
};

await describeDeployed('messages that nobody can use', (deployed) => {
  const { connection, api, sqs } = deployedClients(deployed);
  let sent = 0;
  let broken = true;
  const agent: Agent = createAgent({
    ...connection,
    id: agentId,
    type: 'test',
    capabilities: [capability],
    slots: 4,
    handler: ({ payload }) => {
      if (payload === 'fragile' && broken) throw new TerminalError({ code: 'bad-day', message: 'not today' });
      return payload;
    },
    deps: { log: quietLog },
  });
  beforeAll(() => agent.start());
  afterAll(() => agent.stop({ graceMs: 0, deregister: true }));

  /** Sends a body as it is; on a FIFO queue in the group where the real messages of this test go as well. */
  const send = async (queue: QueueName, MessageBody: string) => {
    sent += 1;
    const group = queue === 'dispatch' ? 'default' : agentId;
    const fifo = { MessageGroupId: group, MessageDeduplicationId: `${queue}-${sent}` };
    const { MessageId } = await sqs.send(
      new SendMessageCommand({
        QueueUrl: deployed.outputs.queueUrls[queue]!,
        MessageBody,
        ...(queueSpecs[queue].fifo === true ? fifo : {}),
      }),
    );
    return MessageId!;
  };
  const letter = (id: string) =>
    eventually(
      `the dead letter ${id}`,
      () =>
        api.getDeadLetter(id).catch((error: unknown) => {
          if (isNotFound(error)) return undefined;
          throw error;
        }),
      (found) => found !== undefined,
    );
  const task = (task_id: string, payload: unknown) => ({
    task_id,
    task_type: 'echo',
    priority: 'high' as const,
    required_capabilities: [capability],
    payload: payload as string,
  });

  it.each(poolQueues)(
    'become dead letters with their reasons at %s, and hold up nothing behind them',
    async (queue) => {
      const { body, path } = malformed[queue]!;
      const unreadable = await send(queue, '{"half": ');
      const wrong = await send(queue, JSON.stringify(body));
      const oversize = await send(queue, JSON.stringify({ [large]: 1 }));
      // Its hint, result and heartbeat go through the very groups that were just poisoned.
      await api.submit(task(`behind-${queue}`, queue));
      expect(await api.waitTask(`behind-${queue}`)).toMatchObject({ status: 'Completed', output: queue, attempt: 1 });
      expect(await letter(unreadable)).toMatchObject({
        kind: 'message',
        source: queue,
        code: 'invalid-json',
        body: '{"half": ',
      });
      expect(await letter(wrong)).toMatchObject({ source: queue, code: 'invalid-input', path, body });
      const { code, message, body: shown } = (await letter(oversize))!;
      expect({ code, shown }).toEqual({ code: 'invalid-input', shown: undefined });
      expect(message.length).toBeLessThan(2_000);
    },
  );

  it('are listed, newest first', async () => {
    const { items } = await api.listDeadLetters({ limit: 100 });
    const sources = items.filter(({ kind }) => kind === 'message').map(({ source }) => source);
    expect(new Set(sources)).toEqual(new Set([...sources, ...poolQueues]));
    expect(items.map(({ at }) => at)).toEqual(
      items
        .map(({ at }) => at)
        .toSorted()
        .reverse(),
    );
  });

  it('include a second body under the id of another task: the first stays', async () => {
    const first = task('claimed-once', 'first');
    await api.submit(first);
    expect(await api.submit(first)).toMatchObject({ repeated: true });
    await expect(api.submit({ ...first, payload: 'second' })).rejects.toMatchObject({ code: 'task-conflict' });
    const second = await send('tasks-high', JSON.stringify({ tasks: [{ ...first, payload: 'second' }] }));
    expect(await letter(second)).toMatchObject({ source: 'tasks-high', code: 'task-conflict' });
    expect(await api.waitTask('claimed-once')).toMatchObject({ status: 'Completed', output: 'first', attempt: 1 });
  });

  it('stand beside failed tasks, which run again when they are redriven', async () => {
    await api.submit(task('fragile-local', 'fragile'));
    expect(await api.waitTask('fragile-local')).toMatchObject({ status: 'Failed', error: { code: 'bad-day' } });
    expect(await letter('fragile-local')).toMatchObject({ kind: 'task', code: 'bad-day', message: 'not today' });
    broken = false;
    expect(await api.redrive({ ids: ['fragile-local'] })).toMatchObject([{ kind: 'task', outcome: 'redriven' }]);
    // The redrive itself counts the fencing token up, so that nothing of the failed attempt can touch the new one.
    expect(await api.waitTask('fragile-local')).toMatchObject({ status: 'Completed', output: 'fragile', attempt: 3 });
    expect((await api.listDeadLetters({ limit: 100 })).items.map(({ id }) => id)).not.toContain('fragile-local');
  });

  it('go back to their queue when they are redriven, and come back with the same reason', async () => {
    const id = await send('results', JSON.stringify({ pool: 'default', agent_id: agentId, results: [] }));
    await letter(id);
    expect(await api.redrive({ ids: [id] })).toMatchObject([{ kind: 'message', outcome: 'redriven' }]);
    await expect(api.getDeadLetter(id)).rejects.toMatchObject({ code: 'not-found' });
    const again = await eventually(
      'it is refused again',
      async () => (await api.listDeadLetters({ limit: 10 })).items.find(({ path }) => path === 'results'),
      (found) => found !== undefined,
    );
    expect(again).toMatchObject({ source: 'results', code: 'invalid-input' });
  });
});
