import { describe, expect, it } from '@jest/globals';
import { RetryableError, TerminalError } from '../../../src/sdk/errors.ts';
import type { Handler } from '../../../src/sdk/agent/handler.ts';
import { agentStage, assign, cancel, sleeper, startAgent } from '../../support/agent-stage.ts';

describe('an agent', () => {
  it('registers, runs a task and reports its output without a heartbeat', async () => {
    const { stage } = await startAgent((task) => ({ seen: task.payload, attempt: task.attempt }));
    stage.deliver(assign('t1'));
    await stage.pass(100);
    expect(stage.registrations).toEqual([{ agent_id: 'agent-1', type: 'demo', capabilities: ['demo'], capacity: 1 }]);
    expect(stage.results()).toEqual([
      {
        task_id: 't1',
        attempt: 1,
        outcome: 'completed',
        output: { seen: { n: 1 }, attempt: 1 },
        duration_ms: 0,
        task_type: 'demo',
      },
    ]);
    expect(stage.beats()).toEqual([]);
  });

  it('takes all that waits in its inbox with one call, and begins with what it has slots for', async () => {
    const stage = agentStage();
    const begun: string[] = [];
    const { agent } = await startAgent(
      async ({ task_id }) => {
        begun.push(task_id);
        await stage.deps.clock.sleep(500);
      },
      2,
      stage,
    );
    stage.deliver(assign('t1'), assign('t2'), assign('t3'));
    await stage.pass(400);
    expect(stage.received[0]).toBe(10);
    expect(agent.held()).toEqual(['t1#1', 't2#1', 't3#1']);
    expect(begun).toEqual(['t1', 't2']);
    await stage.pass(400);
    expect(begun).toEqual(['t1', 't2', 't3']);
  });

  it('runs as many attempts at the same time as it has slots, and coalesces their results', async () => {
    const stage = agentStage();
    let running = 0;
    let most = 0;
    await startAgent(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await stage.deps.clock.sleep(200);
        running -= 1;
      },
      4,
      stage,
    );
    stage.deliver(...['a', 'b', 'c', 'd'].map((id) => assign(id)));
    await stage.pass(300);
    expect(most).toBe(4);
    expect(stage.batches().map((batch) => batch.results.length)).toEqual([4]);
  });

  it('sends results of different workflows in groups of their own', async () => {
    const { stage } = await startAgent(() => 1, 4);
    stage.deliver(assign('w1:a'), assign('w2:a'), assign('t1'), assign('w1:b'));
    await stage.pass(300);
    const groups = stage.sent.flatMap((call) => call.messages.map((message) => message.group));
    expect(new Set(groups)).toEqual(new Set(['w1', 'w2', 'agent:agent-1']));
  });

  it('heartbeats with what it holds while an attempt lasts, and slowly when it is idle again', async () => {
    const stage = agentStage();
    await startAgent(sleeper(7_000, stage), 1, stage);
    stage.deliver(assign('t1'));
    await stage.pass(6_500);
    expect(stage.beats()).toEqual([
      { pool: 'default', agent_id: 'agent-1', holding: ['t1#1'], interval_ms: 3_000 },
      { pool: 'default', agent_id: 'agent-1', holding: ['t1#1'], interval_ms: 3_000 },
    ]);
    await stage.pass(60_000);
    expect(stage.beats().at(-1)).toMatchObject({ holding: [], interval_ms: 30_000 });
  });

  it('beats slowly while idle', async () => {
    const { stage } = await startAgent(() => 1);
    await stage.pass(95_000);
    expect(stage.beats().map((beat) => beat.holding)).toEqual([[], [], []]);
  });

  it('ignores a repeated and an older attempt', async () => {
    let runs = 0;
    const { stage } = await startAgent(() => (runs += 1), 2);
    stage.deliver(assign('t1', { attempt: 2 }), assign('t1', { attempt: 2 }));
    await stage.pass(100);
    stage.deliver(assign('t1', { attempt: 1 }), assign('t1', { attempt: 2 }));
    await stage.pass(30_000);
    expect(runs).toBe(1);
    expect(stage.results()).toHaveLength(1);
  });

  it.each([
    [
      'TerminalError',
      new TerminalError({ code: 'bad-input', message: 'no' }),
      { code: 'bad-input', message: 'no', retryable: false },
    ],
    [
      'RetryableError',
      new RetryableError({ code: 'busy', message: 'later' }),
      { code: 'busy', message: 'later', retryable: true },
    ],
    ['any other error', new TypeError('oops'), { code: 'agent-error', message: 'oops', retryable: true }],
  ])('reports %s as a failure that says whether to try again', async (_name, thrown, error) => {
    const { stage } = await startAgent(() => {
      throw thrown;
    });
    stage.deliver(assign('t1'));
    await stage.pass(100);
    expect(stage.results()).toEqual([
      { task_id: 't1', attempt: 1, outcome: 'failed', error, duration_ms: 0, task_type: 'demo' },
    ]);
  });

  it('aborts the handler of a cancelled attempt, reports nothing and takes the next one', async () => {
    const stage = agentStage();
    await startAgent(sleeper(50_000, stage), 1, stage);
    stage.deliver(assign('t1'));
    await stage.pass(2_000);
    stage.deliver(cancel('t1'), assign('t2'));
    await stage.pass(5_000);
    expect(stage.results()).toEqual([]);
    expect(stage.beats().at(-1)?.holding).toContain('t2#1');
  });

  it('lets an attempt that has time end by itself and reports what it came to, and nothing when the time is over', async () => {
    const stage = agentStage();
    const cleansUp: Handler = async ({ task_id }, { signal }) => {
      await stage.deps.clock.sleep(50_000, signal);
      await stage.deps.clock.sleep(task_id === 't1' ? 2_000 : 20_000);
      return 'saved';
    };
    await startAgent(cleansUp, 2, stage);
    stage.deliver(assign('t1'), assign('t2'));
    await stage.pass(1_000);
    const until = new Date(stage.deps.clock.now() + 6_000).toISOString();
    stage.deliver({ ...cancel('t1'), until }, { ...cancel('t2'), until });
    await stage.pass(30_000);
    expect(stage.results()).toMatchObject([{ task_id: 't1', outcome: 'completed', output: 'saved' }]);
  });

  it('says soon that it is idle when its only attempt was cancelled', async () => {
    const stage = agentStage();
    await startAgent(sleeper(50_000, stage), 1, stage);
    stage.deliver(assign('t1'));
    await stage.pass(4_000);
    stage.deliver(cancel('t1'));
    await stage.pass(3_000);
    expect(stage.beats().at(-1)).toMatchObject({ holding: [], interval_ms: 30_000 });
  });

  it('never runs an attempt whose cancellation came first', async () => {
    let runs = 0;
    const { stage } = await startAgent(() => (runs += 1));
    stage.deliver(cancel('t1'));
    await stage.pass(100);
    stage.deliver(assign('t1'));
    await stage.pass(100);
    expect(runs).toBe(0);
  });

  it('gives up an attempt at its time-out and says so', async () => {
    const stage = agentStage();
    await startAgent(sleeper(100_000, stage), 1, stage);
    stage.deliver(assign('t1', { until: new Date(stage.clock.now() + 1_000).toISOString() }));
    await stage.pass(2_000);
    expect(stage.results()).toMatchObject([{ outcome: 'failed', error: { code: 'timed-out', retryable: true } }]);
  });

  it('lets its handlers finish when it stops in time', async () => {
    const stage = agentStage();
    const { agent } = await startAgent(sleeper(1_000, stage), 1, stage);
    stage.deliver(assign('t1'));
    await stage.pass(100);
    await stage.clock.drive(agent.stop({ graceMs: 5_000, deregister: true }));
    expect(stage.results()).toMatchObject([{ outcome: 'completed' }]);
    expect(stage.beats().at(-1)).toMatchObject({ leaving: true });
    expect(stage.deregistered).toEqual(['agent-1']);
  });

  it('hands back what it cannot finish when it stops', async () => {
    const stage = agentStage();
    const { agent } = await startAgent(async () => stage.deps.clock.sleep(1_000_000), 1, stage);
    stage.deliver(assign('t1'));
    await stage.pass(100);
    await stage.clock.drive(agent.stop({ graceMs: 500 }));
    expect(stage.results()).toMatchObject([{ task_id: 't1', outcome: 'released' }]);
  });

  it('sends a result again until it is taken', async () => {
    const stage = agentStage();
    await startAgent(() => 'done', 1, stage);
    stage.faults.sends = 3;
    stage.deliver(assign('t1'));
    await stage.pass(5_000);
    expect(stage.results()).toHaveLength(1);
  });

  it('does not cling to a deployment that is gone when it stops', async () => {
    const stage = agentStage();
    const { agent } = await startAgent(() => 'done', 1, stage);
    stage.faults.sends = 1_000;
    stage.deliver(assign('t1', { until: new Date(stage.clock.now() + 3_600_000).toISOString() }));
    await stage.pass(1_000);
    const before = stage.clock.now();
    await stage.clock.drive(agent.stop());
    expect(stage.clock.now() - before).toBeLessThan(15_000);
  });

  it('registers anew when its inbox stays unreadable', async () => {
    const { stage } = await startAgent(() => 1);
    stage.faults.receives = 4;
    await stage.pass(60_000);
    expect(stage.registrations.length).toBeGreaterThan(1);
    stage.deliver(assign('t1'));
    await stage.pass(100);
    expect(stage.results()).toHaveLength(1);
  });

  it('keeps large values out of messages', async () => {
    const large = 'x'.repeat(70_000);
    const stage = agentStage();
    await startAgent((task) => [task.payload, large], 1, stage);
    stage.blobs.set('blobs/t1/1', JSON.stringify('from s3'));
    stage.deliver({ ...assign('t1'), payload: undefined, payload_ref: { key: 'blobs/t1/1', bytes: 9 } });
    await stage.pass(100);
    const ref = stage.results()[0]?.output_ref;
    expect(ref?.key).toMatch(/^blobs\/t1\/[0-9a-f]{64}$/);
    expect(JSON.parse(stage.blobs.get(ref?.key ?? '') ?? '')).toEqual(['from s3', large]);
  });

  it('survives a message that nobody understands', async () => {
    const { stage } = await startAgent(() => 1);
    stage.deliver('{not json', { kind: 'dance' }, assign('t1'));
    await stage.pass(60_000);
    expect(stage.results()).toHaveLength(1);
  });
});
