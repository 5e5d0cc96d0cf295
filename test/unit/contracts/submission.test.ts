import { describe, expect, it } from '@jest/globals';
import { CadreError, type Fault } from '../../../src/contracts/errors.ts';
import { parseBody, parseTaskMessage, parseWorkflowMessage } from '../../../src/contracts/distributor/submission.ts';

const task = { task_id: 't1', task_type: 'demo', priority: 'high', required_capabilities: ['x'], payload: { n: 1 } };
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const metadata = { id: 'e1', schema_version: '1', correlation_id: 'story', causation_id: 'cause', traceparent };
const event = (detail: unknown) => ({
  version: '0',
  id: 'event-1',
  'detail-type': 'TaskSubmitted',
  source: 'my.app',
  account: '123456789012',
  time: '2026-01-01T00:00:00Z',
  region: 'us-east-1',
  resources: [],
  detail,
});

function faultsOf(read: () => unknown): readonly Fault[] {
  try {
    read();
  } catch (error) {
    if (error instanceof CadreError) return error.faults;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a message of a task queue', () => {
  it('may be an event with a bare task', () => {
    expect(parseTaskMessage(event(task), 'm1')).toEqual({
      data: [task],
      id: 'event-1',
      correlation_id: 'event-1',
      via: 'bus:123456789012:my.app',
    });
  });

  it('may be an event with our envelope, whose story it continues', () => {
    expect(parseTaskMessage(event({ metadata, data: task }), 'm1')).toEqual({
      data: [task],
      id: 'e1',
      correlation_id: 'story',
      traceparent,
      via: 'bus:123456789012:my.app',
    });
  });

  it('may be an event with a CloudEvent 1.0, extensions included', () => {
    const cloud = { specversion: '1.0', id: 'c1', source: '/me', type: 'x', traceparent, extension: 1, data: task };
    expect(parseTaskMessage(event(cloud), 'm1')).toMatchObject({ data: [task], correlation_id: 'c1', traceparent });
    const { traceparent: _none, ...plain } = cloud;
    expect(parseTaskMessage(event(plain), 'm1')).not.toHaveProperty('traceparent');
  });

  it("may be the SDK's own batch", () => {
    const tasks = [task, { ...task, task_id: 't2' }];
    expect(parseTaskMessage({ tasks }, 'm1')).toEqual({ data: tasks, id: 'm1', correlation_id: 'm1', via: 'queue' });
  });

  it.each<[string, unknown, readonly string[]]>([
    ['an unknown key of a bare task', event({ ...task, colour: 'red' }), ['detail.colour']],
    [
      'a __proto__ of a bare task',
      event(
        JSON.parse(
          '{"__proto__":{"x":1},"task_id":"t1","task_type":"d","priority":"low","required_capabilities":[],"payload":1}',
        ),
      ),
      ['detail.__proto__'],
    ],
    [
      'an unknown key inside an envelope',
      event({ metadata, data: { ...task, colour: 'red' } }),
      ['detail.data.colour'],
    ],
    ['unknown metadata', event({ metadata: { ...metadata, mood: 1 }, data: task }), ['detail.metadata.mood']],
    ['a key beside metadata and data', event({ metadata, data: task, more: 1 }), ['detail.more']],
    [
      'a schema version of the future',
      event({ metadata: { ...metadata, schema_version: '2' }, data: task }),
      ['detail.metadata.schema_version'],
    ],
    [
      'a CloudEvent of another version',
      event({ specversion: '0.3', id: 'c', source: 's', type: 't', data: task }),
      ['detail.specversion'],
    ],
    [
      'a CloudEvent with a broken task',
      event({ specversion: '1.0', id: 'c', source: 's', type: 't', data: { ...task, priority: 'now' } }),
      ['detail.data.priority'],
    ],
    ['a CloudEvent without data', event({ specversion: '1.0', id: 'c', source: 's', type: 't' }), ['detail.data']],
    ['an unknown key in a batch', { tasks: [task, { ...task, colour: 1 }] }, ['tasks[1].colour']],
    ['a key beside the batch', { tasks: [task], more: 1 }, ['more']],
    ['an empty batch', { tasks: [] }, ['tasks']],
    ['a batch of 26', { tasks: Array.from({ length: 26 }, () => task) }, ['tasks']],
    [
      'a nested key of the rules',
      event({ ...task, distribution_rules: { primary_agent: 'a', x: 1 } }),
      ['detail.distribution_rules.x'],
    ],
    ['a detail that is a list', event([]), ['detail']],
    ['a detail that is text', event('{}'), ['detail']],
    ['an event with a source of a megabyte', { ...event(task), source: 's'.repeat(1_000_000) }, ['source']],
    ['no object at all', 'task', ['']],
    ['null', null, ['']],
    [
      'several faults at once',
      event({ ...task, priority: 1, task_id: '' }),
      ['detail.task_id', 'detail.task_id', 'detail.priority'],
    ],
  ])('is refused with the path of %s', (_what, body, paths) => {
    const faults = faultsOf(() => parseTaskMessage(body, 'm1'));
    expect(faults.map(({ path }) => path)).toEqual(paths);
    expect(new Set(faults.map(({ code }) => code))).toEqual(new Set(['invalid-input']));
  });
});

describe('a message of the workflows queue', () => {
  const submission = { workflow_id: 'w1', definition: { name: 'demo', nodes: [{ name: 'a', task_type: 'x' }] } };

  it('is read with the defaults of its nodes', () => {
    const { data } = parseWorkflowMessage(event(submission));
    expect('definition' in data && data.definition).toEqual({
      name: 'demo',
      nodes: [
        {
          name: 'a',
          task_type: 'x',
          depends_on: [],
          required_capabilities: [],
          priority: 'medium',
          trigger_rule: 'all_success',
        },
      ],
    });
  });

  it('may name a registered definition', () => {
    const named = { workflow_id: 'w1', definition: 'demo@3' };
    expect(parseWorkflowMessage(event(named)).data).toEqual(named);
    const faults = faultsOf(() => parseWorkflowMessage(event({ ...named, definition: 'demo' })));
    expect(faults).toMatchObject([{ path: 'detail.definition', message: expect.stringContaining('NAME@VERSION') }]);
  });

  it('is refused with the path of an unknown key', () => {
    const broken = {
      ...submission,
      definition: { ...submission.definition, nodes: [{ name: 'a', task_type: 'x', retries: 3 }] },
    };
    const faults = faultsOf(() => parseWorkflowMessage(event(broken)));
    expect(faults.map(({ path }) => path)).toEqual(['detail.definition.nodes[0].retries']);
  });
});

describe('the text of a message', () => {
  it.each(['', '{', 'NaN', '{"a":1}}', "{'a':1}", '\u0000'])('%j is refused as no JSON', (text) => {
    expect(faultsOf(() => parseBody(text))).toMatchObject([{ code: 'invalid-json' }]);
  });

  it('is an event for a workflow where its type says so; a repeat of its sender is told by the id of the envelope', () => {
    const signal = { workflow_id: 'w1', name: 'paid', key: 'order 7', data: { amount: 40 } };
    const bus = event(signal);
    expect(parseWorkflowMessage({ ...bus, 'detail-type': 'WorkflowSignalled' })).toMatchObject({
      id: bus.id,
      data: signal,
    });
    const wrapped = event({ metadata: { ...metadata, idempotency_key: 'k' }, data: signal });
    expect(parseWorkflowMessage({ ...wrapped, 'detail-type': 'WorkflowSignalled' })).toMatchObject({
      id: 'k',
      data: signal,
    });
    expect(
      faultsOf(() => parseWorkflowMessage({ ...event({ ...signal, key: '' }), 'detail-type': 'WorkflowSignalled' })),
    ).toMatchObject([{ path: 'detail.key' }]);
  });
});
