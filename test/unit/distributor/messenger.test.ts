import { describe, expect, it } from '@jest/globals';
import { PutEventsCommand, type PutEventsCommandInput } from '@aws-sdk/client-eventbridge';
import { SendMessageBatchCommand, type SendMessageBatchCommandInput } from '@aws-sdk/client-sqs';
import { envelope, eventData } from '../../../src/contracts/events.ts';
import { roundShardsMax, sqsMessageBytesMax } from '../../../src/contracts/limits.ts';
import { dispatchHint } from '../../../src/contracts/messages.ts';
import { batches, createMessenger } from '../../../src/platform/aws/messenger.ts';
import { machineSources } from '../../../src/platform/aws/runtime.ts';

/** A messenger over clients that note each call and fail the first `failures` entries of the calls to come. */
function stage(failures: number | Error = 0) {
  const sends: SendMessageBatchCommandInput[] = [];
  const puts: PutEventsCommandInput[] = [];
  const warnings: { message: string; details: Record<string, unknown> }[] = [];
  let left = typeof failures === 'number' ? failures : 0;
  const fails = () => left-- > 0;
  const send = async (command: { input: object }) => {
    if (failures instanceof Error) throw failures;
    if (command instanceof SendMessageBatchCommand) {
      sends.push(command.input);
      return { Failed: (command.input.Entries ?? []).filter(fails).map(({ Id }) => ({ Id })) };
    }
    if (!(command instanceof PutEventsCommand)) throw new Error('an unexpected command');
    puts.push(command.input);
    return { Entries: (command.input.Entries ?? []).map(() => (fails() ? { ErrorCode: 'Throttled' } : {})) };
  };
  const messenger = createMessenger({
    sqs: { send } as never,
    eventBridge: { send } as never,
    urls: { dispatch: 'dispatch.fifo', pulse: 'pulse' },
    bus: 'bus',
    sources: machineSources,
    warner: { warn: (message, details) => void warnings.push({ message, details }) },
  });
  return { messenger, sends, puts, warnings };
}

const cancel = (task_id: string, reason = '') => ({
  inbox_url: 'inbox',
  message: { kind: 'cancel' as const, task_id, attempt: 1, reason },
});
const removed = (agent_id: string) => ({
  type: 'AgentDeregistered' as const,
  data: { agent_id },
  correlation_id: agent_id,
  causation_id: agent_id,
});

describe('batches', () => {
  const sizes = (parts: string[][]) => parts.map((part) => part.length);
  const split = (entries: string[], bytesMax: number) =>
    batches(entries, (text) => Buffer.byteLength(text), 10, bytesMax);

  it.each([
    [0, []],
    [1, [1]],
    [9, [9]],
    [10, [10]],
    [11, [10, 1]],
    [25, [10, 10, 5]],
  ])('of %d small entries are %j', (count, expected) => {
    expect(
      sizes(
        split(
          Array.from({ length: count }, () => 'x'),
          1_000,
        ),
      ),
    ).toEqual(expected);
  });

  it.each([
    [-1, [2]],
    [0, [2]],
    [1, [1, 1]],
  ])('count bytes, not characters: two entries and %d bytes over the limit are %j', (over, expected) => {
    const half = 'é'.repeat(sqsMessageBytesMax / 4);
    expect(sizes(split([half, 'x'.repeat(sqsMessageBytesMax / 2 + over)], sqsMessageBytesMax))).toEqual(expected);
  });

  it('give an entry that is too large a batch of its own, so that it takes no other with it', () => {
    expect(sizes(split(['a', 'x'.repeat(50), 'b'], 10))).toEqual([1, 1, 1]);
  });

  it('keep the order', () => {
    expect(split(['1', '2', '33333', '4'], 5).flat()).toEqual(['1', '2', '33333', '4']);
  });
});

describe('sending', () => {
  it('goes by inbox, ten messages a call', async () => {
    const { messenger, sends } = stage();
    await messenger.send(Array.from({ length: 12 }, (_, at) => cancel(`t${at}`)));
    expect(sends.map(({ QueueUrl, Entries }) => [QueueUrl, Entries?.length])).toEqual([
      ['inbox', 10],
      ['inbox', 2],
    ]);
  });

  it('repeats what a call left undone, and only that', async () => {
    const { messenger, sends, warnings } = stage(2);
    await messenger.send([cancel('t1'), cancel('t2'), cancel('t3')]);
    const sent = sends.map(({ Entries = [] }) =>
      Entries.map(({ MessageBody = '' }) => (JSON.parse(MessageBody) as { task_id: string }).task_id),
    );
    expect(sent).toEqual([
      ['t1', 't2', 't3'],
      ['t1', 't2'],
    ]);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['entries that fail again and again', 100],
    ['a service that does not answer', new Error('no route to host')],
  ])('warns of %s and throws nothing: they were hints', async (_what, failures) => {
    const { messenger, warnings } = stage(failures);
    await messenger.send([cancel('t1')]);
    await messenger.hint([{ pool: 'p', routes: ['r'] }]);
    expect(await messenger.ticks('p', [1])).toBe(false);
    await messenger.announce([removed('a1')]);
    expect(warnings).toHaveLength(4);
    expect(warnings.every(({ details }) => details['lost'] === 1)).toBe(true);
  });

  it('escapes the characters that SQS refuses', async () => {
    const { messenger, sends } = stage();
    await messenger.send([cancel('t1', 'a\uffff\ufffeb\u0000')]);
    const body = sends[0]?.Entries?.[0]?.MessageBody ?? '';
    expect(body).toMatch(/^[\u0020-\ufffd]*$/);
    expect(JSON.parse(body)).toMatchObject({ reason: 'a\uffff\ufffeb\u0000' });
  });
});

describe('hints', () => {
  const bodies = (sends: SendMessageBatchCommandInput[]) =>
    sends.flatMap(({ Entries = [] }) =>
      Entries.map(({ MessageBody = '' }) => dispatchHint.parse(JSON.parse(MessageBody))),
    );

  it('are one message a pool, each route once, ordered by pool', async () => {
    const { messenger, sends } = stage();
    await messenger.hint([
      { pool: 'p', routes: ['a', 'b'] },
      { pool: 'q', routes: ['a'] },
      { pool: 'p', routes: ['b', 'c'] },
    ]);
    expect(bodies(sends)).toEqual([
      { pool: 'p', routes: ['a', 'b', 'c'] },
      { pool: 'q', routes: ['a'] },
    ]);
    expect(sends[0]?.Entries?.map(({ MessageGroupId }) => MessageGroupId)).toEqual(['p', 'q']);
  });

  it('are never taken for repeats of earlier ones', async () => {
    const { messenger, sends } = stage();
    for (let time = 0; time < 2; time += 1) await messenger.hint([{ pool: 'p', routes: ['a'] }]);
    const [one, two] = sends.flatMap(({ Entries = [] }) => Entries.map((entry) => entry.MessageDeduplicationId));
    expect(one).not.toBe(two);
  });

  it('of very many routes are several messages, and no route is missing', async () => {
    const { messenger, sends } = stage();
    const routes = Array.from({ length: 1_000 }, (_, at) => `${at}`.padEnd(1_500, 'x'));
    await messenger.hint([{ pool: 'p', routes }]);
    expect(bodies(sends).flatMap((hint) => hint.routes)).toEqual(routes);
  });

  it('are none when there are none', async () => {
    const { messenger, sends } = stage();
    await messenger.hint([]);
    expect(sends).toEqual([]);
  });
});

describe('shares of a round', () => {
  it('have message groups of their own beside the pool, as many as there are dispatchers', async () => {
    const { messenger, sends } = stage();
    const shards = Array.from({ length: 9 }, (_, at) => ({ pool: 'p', decided_at: at, assignments: [] }));
    expect(await messenger.share('p', shards)).toBe(true);
    const entries = sends.flatMap(({ Entries = [] }) => Entries);
    expect(entries.map(({ MessageBody = '' }) => JSON.parse(MessageBody) as object)).toEqual(shards);
    const groups = Array.from({ length: 9 }, (_, at) => `p#${1 + (at % (roundShardsMax - 1))}`);
    expect(entries.map(({ MessageGroupId }) => MessageGroupId)).toEqual(groups);
    expect(await stage(100).messenger.share('p', shards)).toBe(false);
  });
});

describe('relayed results', () => {
  const message = { body: '{"results":["\uFFFE"]}', group: 'w', deduplication: 'd' };

  it('keep their group and their deduplication id, as text that SQS takes', async () => {
    const { messenger, sends } = stage(1);
    await messenger.relay([message]);
    const entry = { MessageBody: '{"results":["\\ufffe"]}', MessageGroupId: 'w', MessageDeduplicationId: 'd' };
    expect(sends.map(({ Entries }) => Entries)).toMatchObject([[entry], [entry]]);
  });

  it('are no hints: whoever reports is told when they were not taken', async () => {
    await expect(stage(10).messenger.relay([message])).rejects.toMatchObject({ code: 'unavailable' });
    await expect(stage(new Error('broken')).messenger.relay([message])).rejects.toThrow('broken');
  });
});

describe('announcing', () => {
  it('puts our envelope around the data, within its own contract even for the longest ids', async () => {
    const { messenger, puts } = stage();
    const task_id = `${'w'.repeat(128)}:${'n'.repeat(128)}`;
    const data = { task_id, agent_id: 'a1', attempt: 100, completed_at: '2026-01-01T00:00:00.000Z' };
    await messenger.announce([
      { type: 'TaskCompleted', data, correlation_id: task_id, causation_id: `${task_id}#100` },
    ]);
    const [entry] = puts[0]?.Entries ?? [];
    expect(entry).toMatchObject({ EventBusName: 'bus', Source: 'cadre.distributor', DetailType: 'TaskCompleted' });
    expect(envelope(eventData.TaskCompleted).parse(JSON.parse(entry?.Detail ?? '')).data).toEqual(data);
  });

  it('goes ten events a call and repeats those that failed', async () => {
    const { messenger, puts, warnings } = stage(1);
    await messenger.announce(Array.from({ length: 11 }, (_, at) => removed(`a${at}`)));
    expect(puts.map(({ Entries }) => Entries?.length)).toEqual([10, 1, 1]);
    expect(warnings).toEqual([]);
  });
});
