import { describe, expect, it } from '@jest/globals';
import { indexedPayloadBytesMax, inlineBytesMax } from '../../../../src/contracts/limits.ts';
import { distributorStage, task } from '../stage.ts';

/** A JSON text of exactly that many bytes, of characters that take two. */
const payloadOf = (bytes: number): string => 'é'.repeat((bytes - 2 - (bytes % 2)) / 2) + 'x'.repeat(bytes % 2);

describe('accepting tasks', () => {
  it('makes a row, puts it into the ready order and tells the dispatcher of its route', async () => {
    const stage = distributorStage();
    expect(await stage.accept(task({ required_capabilities: ['x'] }))).toEqual([
      { ok: true, value: { task_id: 't1', repeated: false } },
    ]);
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', submitted_by: 'user', correlation_id: 'story' });
    expect((await stage.deps.tasks.ready({ pool: 'default', route: 'x' }, 10)).map(({ task_id }) => task_id)).toEqual([
      't1',
    ]);
    expect((await stage.deps.agents.pool('default')).routes).toMatchObject([{ route: 'x' }]);
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['x'] }]);
  });

  it('takes the same body again as a repeat, whatever the order of its keys, and hints again', async () => {
    const stage = distributorStage();
    await stage.accept(task({ payload: { a: 1, b: 2 } }));
    stage.forget();
    expect(await stage.accept(task({ payload: { b: 2, a: 1 } }))).toMatchObject([
      { ok: true, value: { repeated: true } },
    ]);
    expect(stage.told.hints).toHaveLength(1);
  });

  it('refuses another body under the same id; the first one stays', async () => {
    const stage = distributorStage();
    await stage.accept(task());
    const [outcome] = await stage.accept(task({ payload: { n: 2 } }));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'task-conflict', path: 'task_id' } });
    expect((await stage.row('t1')).payload).toEqual({ text: '{"n":1}' });
  });

  it('judges an id that one batch names twice like two submissions', async () => {
    const stage = distributorStage();
    const outcomes = await stage.accept(task(), task({ task_id: 't2' }), task(), task({ payload: 'other' }));
    expect(outcomes).toMatchObject([
      { ok: true, value: { task_id: 't1', repeated: false } },
      { ok: true, value: { task_id: 't2', repeated: false } },
      { ok: true, value: { task_id: 't1', repeated: true } },
      { ok: false, error: { code: 'task-conflict' } },
    ]);
  });

  it('does not hint for a repeat of a task that has ended', async () => {
    const stage = distributorStage();
    await stage.join('a1');
    await stage.accept(task());
    await stage.dispatch('*');
    stage.forget();
    await stage.accept(task());
    expect(stage.told.hints).toEqual([]);
  });

  it('takes more tasks than one call of the database carries', async () => {
    const stage = distributorStage();
    const tasks = Array.from({ length: 60 }, (_, at) => task({ task_id: `t${at}` }));
    const outcomes = await stage.accept(...tasks);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(60);
    expect(await stage.row('t59')).toMatchObject({ status: 'Queued' });
  });
});

describe('a payload', () => {
  it.each([
    [inlineBytesMax - 1, false],
    [inlineBytesMax, false],
    [inlineBytesMax + 1, true],
  ])('of %d bytes goes to S3 by reference: %s', async (bytes, isRef) => {
    const stage = distributorStage();
    const payload = payloadOf(bytes);
    expect(Buffer.byteLength(JSON.stringify(payload))).toBe(bytes);
    await stage.accept(task({ payload }));
    const stored = (await stage.row('t1')).payload;
    expect(stored.ref?.bytes).toBe(isRef ? bytes : undefined);
    const text = stored.ref === undefined ? stored.text : await stage.deps.blobs.get(stored.ref.key);
    expect(JSON.parse(text!)).toBe(payload);
  });

  it.each([
    [indexedPayloadBytesMax - 1, true],
    [indexedPayloadBytesMax, true],
    [indexedPayloadBytesMax + 1, false],
  ])('of %d bytes is in the index: %s', async (bytes, indexed) => {
    const stage = distributorStage();
    await stage.accept(task({ payload: payloadOf(bytes) }));
    const item = stage.cloud.dynamodb.peek('TASK#t1', 'TASK')!;
    expect('payload_indexed' in item).toBe(indexed);
    expect('payload_text' in item).toBe(!indexed);
    expect((await stage.row('t1')).payload.text).toBe(JSON.stringify(payloadOf(bytes)));
  });

  it.each([
    [
      { complexity_score: 7, estimated_duration: '90s' },
      { complexity_score: 7, estimated_duration: 90 },
    ],
    [
      { complexity_score: 0.5, estimated_duration: 1.5 },
      { complexity_score: 0.5, estimated_duration: 1.5 },
    ],
    [{ complexity_score: 1e300, estimated_duration: `${'9'.repeat(200)}s` }, {}],
    [{ complexity_score: -1, estimated_duration: 'soon' }, {}],
    [{ complexity_score: 1e-300 }, { complexity_score: 0 }],
    [[1, 2], {}],
    [null, {}],
  ])('%j shows its estimates where decisions read them, unless they are nonsense', async (payload, expected) => {
    const stage = distributorStage();
    await stage.accept(task({ payload }));
    const { complexity_score, estimated_duration } = await stage.row('t1');
    expect({ complexity_score, estimated_duration }).toEqual({
      complexity_score: undefined,
      estimated_duration: undefined,
      ...expected,
    });
  });

  it('keeps hostile keys and lone surrogates as they are', async () => {
    const stage = distributorStage();
    const payload = JSON.parse('{"__proto__":{"a":1},"constructor":2,"half":"\\ud800"}') as never;
    await stage.accept(task({ payload }));
    expect((await stage.row('t1')).payload.text).toBe('{"__proto__":{"a":1},"constructor":2,"half":"\\ud800"}');
  });
});

describe('a route', () => {
  it('with the longest names allowed is written under a key that fits', async () => {
    const stage = distributorStage();
    const required_capabilities = Array.from({ length: 16 }, (_, at) => `${at}`.padEnd(64, 'x'));
    const distribution_rules = { primary_agent: 'p'.repeat(60), backup_agents: ['b'.repeat(60)] };
    await stage.accept(task({ required_capabilities, distribution_rules }));
    const [route] = (await stage.deps.agents.pool('default')).routes;
    const stored = stage.cloud.dynamodb
      .items()
      .find((item) => item['required_capabilities'] !== undefined && String(item['sk']).startsWith('ROUTE#'));
    expect(String(stored?.['sk']).length).toBeLessThanOrEqual(1_024);
    expect(await stage.deps.tasks.ready(route!, 1)).toHaveLength(1);
  });
});
