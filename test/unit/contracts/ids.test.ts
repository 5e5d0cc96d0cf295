import { describe, expect, it } from '@jest/globals';
import {
  agentId,
  capability,
  capabilityList,
  nodeTaskId,
  taskId,
  taskType,
  timestamp,
  userId,
  workflowOf,
} from '../../../src/contracts/ids.ts';

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

describe('an id that a user chooses', () => {
  it.each(['a', 'A.b_c-9', '9', 'x'.repeat(128)])('may be %s', (id) => {
    expect(accepts(userId, id)).toBe(true);
  });

  it.each([
    '',
    'x'.repeat(129),
    'a#1',
    'a:b',
    'a/b',
    'a b',
    ' a',
    'a\n',
    '-a',
    '.a',
    '_a',
    'é',
    '\ud800',
    'a\u0000',
    '__proto__',
    1,
    null,
    {},
  ])('may not be %j', (id) => {
    expect(accepts(userId, id)).toBe(false);
  });
});

describe('a task id', () => {
  it('may name a node of a workflow, however deep inside others', () => {
    expect(accepts(taskId, 'w:n')).toBe(true);
    expect(accepts(taskId, `${'w'.repeat(128)}:${'n'.repeat(128)}`)).toBe(true);
    expect(accepts(taskId, 'w:n:0:m')).toBe(true);
    for (const id of ['w:n::m', 'w:', ':n', 'w:#1', 'w:n#1', `${'w'.repeat(129)}:${'n'.repeat(160)}`])
      expect(accepts(taskId, id)).toBe(false);
  });

  it('of a node is taken apart again', () => {
    expect(workflowOf(nodeTaskId('w', 'n.1'))).toEqual({ workflow_id: 'w', node: 'n.1' });
    expect(workflowOf('t1')).toBeUndefined();
  });
});

describe('other names', () => {
  it.each([
    ['a'.repeat(60), true],
    ['a'.repeat(61), false],
    ['a.b', false],
    ['a:b', false],
  ])('an agent may be called %s: %s', (id, allowed) => {
    expect(accepts(agentId, id)).toBe(allowed);
  });

  it.each([
    ['code:typescript', true],
    ['a/b.c_d-e', true],
    ['x'.repeat(64), true],
    ['x'.repeat(65), false],
    ['a,b', false],
    ['a@b', false],
    ['*', false],
    ['a#b', false],
    ['', false],
  ])('a capability may be called %s: %s', (name, allowed) => {
    expect(accepts(capability, name)).toBe(allowed);
  });

  it.each([
    [16, true],
    [17, false],
  ])('a list may hold %d capabilities: %s', (count, allowed) => {
    expect(
      accepts(
        capabilityList,
        Array.from({ length: count }, (_, at) => `c${at}`),
      ),
    ).toBe(allowed);
  });

  it.each([
    ['2026-01-01T00:00:00Z', true],
    ['2026-01-01T00:00:00.123456+05:30', true],
    ['2026-02-30T00:00:00Z', false],
    ['2026-01-01T24:00:00Z', false],
    ['2026-01-01T00:00:00', false],
    ['2026-01-01', false],
    ['soon', false],
  ])('a time may be %s: %s', (time, allowed) => {
    expect(accepts(timestamp, time)).toBe(allowed);
  });
});

describe('a text that may become the key of an object', () => {
  it.each(['constructor', 'toString', 'hasOwnProperty'])('is not %s, which every object has', (name) => {
    for (const schema of [userId, agentId, taskType]) expect(accepts(schema, name)).toBe(false);
  });

  it('may be any other text where it is no id', () => {
    expect(accepts(taskType, 'Prüfung: Teil 2')).toBe(true);
    expect(accepts(taskType, '__proto__')).toBe(false);
  });
});
