import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it } from '@jest/globals';
import { createAgentApp } from '../../../src/api/agent-app.ts';
import { relayedBatch } from '../../../src/contracts/messages.ts';
import { receiveWork } from '../../../src/distributor/usecases/agents/receive-work.ts';
import { recordHeartbeats } from '../../../src/distributor/usecases/agents/record-heartbeats.ts';
import { distributorStage } from '../distributor/stage.ts';

async function staged() {
  const stage = distributorStage();
  const app = createAgentApp(stage.deps, { principalOf: (request) => request.headers.get('who') ?? undefined });
  await stage.cloud.clock.drive(stage.join('a'));
  const post = (path: string, body: unknown, who = 'principal-a') =>
    stage.cloud.clock.drive(
      Promise.resolve(app.request(path, { method: 'POST', headers: { who }, body: JSON.stringify(body) })),
    );
  return { ...stage, post };
}
const work = { wait_seconds: 0 };
const results = { results: [{ task_id: 't1', attempt: 1, outcome: 'completed', output: 1 }] };
const beat = { holding: ['t1#1'], interval_ms: 3_000 };

describe('the API of agents', () => {
  it.each([
    ['inbox', work],
    ['results', results],
    ['heartbeats', beat],
  ])('lets nobody act for the agent of somebody else, nor for one that is not there: %s', async (part, body) => {
    const { post, told, agent } = await staged();
    const before = await agent('a');
    const forged = await post(`/v1/agents/a/${part}`, body, 'principal-b');
    expect([forged.status, await forged.json()]).toMatchObject([403, { code: 'forbidden' }]);
    expect((await post(`/v1/agents/b/${part}`, body, 'principal-b')).status).toBe(404);
    expect(told.relayed).toEqual([]);
    expect(await agent('a')).toEqual(before);
  });

  it('puts results into their queue as the agent itself would, in the name of its principal', async () => {
    const { post, told } = await staged();
    const output = 'x'.repeat(70_000);
    const reported = [
      { task_id: 't1', attempt: 1, outcome: 'completed', output },
      { task_id: 'w:n', attempt: 2, outcome: 'failed', error: { code: 'no', message: 'no', retryable: true } },
      { task_id: 't2', attempt: 1, outcome: 'released' },
    ];
    const report = () => post('/v1/agents/a/results', { results: reported });
    expect([(await report()).status, (await report()).status]).toEqual([202, 202]);
    expect(told.relayed.map(({ group }) => group)).toEqual(['agent:a', 'w', 'agent:a', 'w']);
    expect(new Set(told.relayed.map(({ deduplication }) => deduplication)).size).toBe(2);
    const [own] = told.relayed.map(({ body }) => relayedBatch.parse(JSON.parse(body)));
    expect(own).toMatchObject({ pool: 'default', agent_id: 'a', principal: 'principal-a' });
    expect(own?.results.map(({ task_id, output_ref }) => [task_id, output_ref?.bytes])).toEqual([
      ['t1', 70_002],
      ['t2', undefined],
    ]);
  });

  it('takes a name in the bucket from nobody', async () => {
    const { post, told } = await staged();
    const [result] = results.results;
    const named = { results: [{ ...result, output_ref: { key: 'documents/secret', bytes: 1 } }] };
    const answer = await post('/v1/agents/a/results', named);
    expect([answer.status, await answer.json()]).toMatchObject([400, { errors: [{ path: 'results[0].output_ref' }] }]);
    expect(told.relayed).toEqual([]);
  });

  it('renews a lease with a heartbeat, and takes one that a later heartbeat overtook for what it is', async () => {
    const { post, agent, clock, deps, cloud } = await staged();
    clock.now += 1_000;
    expect((await post('/v1/agents/a/heartbeats', beat)).status).toBe(204);
    expect(await agent('a')).toMatchObject({ reported: ['t1#1'], last_heartbeat: new Date(clock.now).toISOString() });
    const later = { pool: 'default', agent_id: 'a', holding: [], interval_ms: 3_000 };
    const received = [{ beat: later, principal: 'principal-a', sent_at: clock.now + 500 }];
    await cloud.clock.drive(recordHeartbeats(deps, received));
    expect((await post('/v1/agents/a/heartbeats', beat)).status).toBe(204);
    expect((await agent('a')).reported).toEqual([]);
  });

  it('gives what came to whoever asks in the life that it came to', async () => {
    const { post, cloud, clock, join, agent, deps } = await staged();
    const { inbox_url } = await agent('a');
    const cancel = { kind: 'cancel', task_id: 't1', attempt: 1, reason: 'no more' };
    const send = (body: string) =>
      cloud.clock.drive(cloud.clients.sqs.send(new SendMessageCommand({ QueueUrl: inbox_url, MessageBody: body })));
    const receive = async () => (await post('/v1/agents/a/inbox', work)).json();
    await send(JSON.stringify(cancel));
    await send('what is this');
    expect(await receive()).toEqual({ messages: [cancel] });
    expect(await receive()).toEqual({ messages: [] });
    // The agent registers anew while a call of its earlier life still waits.
    const earlier = receiveWork(deps, { agent_id: 'a', principal: 'principal-a', max: 10, wait_seconds: 20 });
    clock.now += 1;
    await cloud.clock.drive(join('a'));
    await send(JSON.stringify(cancel));
    expect(await cloud.clock.drive(earlier)).toEqual({ ok: true, value: [] });
    expect(await receive()).toEqual({ messages: [cancel] });
  });
});
