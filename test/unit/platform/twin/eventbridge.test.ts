import { describe, expect, it } from '@jest/globals';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { matchesPattern } from '../../../../src/platform/twin/event-pattern.ts';
import { createTwinCloud } from '../../../../src/platform/twin/twin-cloud.ts';

const event = { source: 'cadre', detail: { n: 5, tags: ['a', 'b'], data: { priority: 'high' }, nothing: null } };

describe('event patterns', () => {
  it.each<[Record<string, unknown>, boolean]>([
    [{ source: ['cadre', 'other'] }, true],
    [{ source: ['other'] }, false],
    [{ detail: { data: { priority: ['high'] } } }, true],
    [{ detail: { tags: ['b'] } }, true],
    [{ detail: { nothing: [null] } }, true],
    [{ source: [{ prefix: 'cad' }] }, true],
    [{ source: [{ suffix: 'xyz' }] }, false],
    [{ source: [{ wildcard: 'c*e' }] }, true],
    [{ source: [{ 'equals-ignore-case': 'CADRE' }] }, true],
    [{ source: [{ 'anything-but': ['cadre'] }] }, false],
    [{ source: [{ 'anything-but': { prefix: 'x' } }] }, true],
    [{ detail: { absent: [{ exists: false }] } }, true],
    [{ detail: { n: [{ exists: true }] } }, true],
    [{ detail: { n: [{ numeric: ['>', 4, '<=', 5] }] } }, true],
    [{ detail: { n: [{ numeric: ['<', 5] }] } }, false],
    [{ $or: [{ source: ['x'] }, { detail: { n: [5] } }] }, true],
    [{ source: ['cadre'], detail: { n: [6] } }, false],
  ])('%j', (pattern, expected) => {
    expect(matchesPattern(pattern, event)).toBe(expected);
  });

  it('refuse an operator that EventBridge does not have', () => {
    expect(() => matchesPattern({ source: [{ like: 'x' }] }, event)).toThrow('Unrecognized match type');
  });
});

describe('the bus', () => {
  function open() {
    const twin = createTwinCloud({ seed: 1 });
    const put = (...entries: object[]) => twin.clients.eventBridge.send(new PutEventsCommand({ Entries: entries }));
    return { twin, put, entry: (id: string) => ({ Source: 'cadre', DetailType: 'T', Detail: JSON.stringify({ id }) }) };
  }

  it('sends matching events to queues, FIFO queues and functions', async () => {
    const { twin, put, entry } = open();
    const plain = twin.sqs.createQueue('plain');
    const ordered = twin.sqs.createQueue('ordered.fifo');
    const invoked: unknown[] = [];
    twin.addFunction('fn', () => (payload: unknown) => void invoked.push(payload));
    twin.eventBridge.putRule({
      name: 'rule',
      pattern: { detail: { id: ['1'] } },
      targets: [
        twin.targets.queue('plain', { inputPath: '$.detail' }),
        twin.targets.queue('ordered.fifo', { groupId: ({ source }) => source }),
        twin.targets.lambda('fn'),
      ],
    });
    await put(entry('1'), entry('2'));
    await twin.clock.run();
    expect(plain.bodies()).toEqual(['{"id":"1"}']);
    expect(JSON.parse(ordered.bodies()[0]!)).toMatchObject({
      source: 'cadre',
      'detail-type': 'T',
      detail: { id: '1' },
    });
    expect(ordered.receive(1)[0]?.groupId).toBe('cadre');
    expect(invoked).toHaveLength(1);
  });

  it('takes 10 entries and refuses 11, and answers a malformed one by itself', async () => {
    const { put, entry } = open();
    expect(await put(...Array.from({ length: 10 }, () => entry('1')))).toMatchObject({ FailedEntryCount: 0 });
    await expect(put(...Array.from({ length: 11 }, () => entry('1')))).rejects.toThrow('less than or equal to 10');
    const answer = await put(entry('1'), { ...entry('1'), Detail: 'no json' }, { ...entry('1'), Source: undefined });
    expect(answer.FailedEntryCount).toBe(2);
    expect(answer.Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      undefined,
      'MalformedDetail',
      'InvalidArgument',
    ]);
  });

  it('fires a rate rule when it is made, and by the clock until it is ended', async () => {
    const { twin } = open();
    let ticks = 0;
    twin.addFunction('fn', () => () => ++ticks);
    const stop = twin.eventBridge.schedule('every-minute', 60_000, [twin.targets.lambda('fn')]);
    await twin.clock.advance(180_000);
    expect(ticks).toBe(4);
    stop();
    await twin.clock.advance(180_000);
    expect(ticks).toBe(4);
  });
});
