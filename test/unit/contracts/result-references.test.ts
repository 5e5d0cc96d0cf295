import { describe, expect, it } from '@jest/globals';
import { blobKey } from '../../../src/contracts/distributor/task.ts';
import { resultBatch } from '../../../src/contracts/messages.ts';
import { parse } from '../../../src/contracts/parse.ts';
import { parseTaskMessage } from '../../../src/contracts/distributor/submission.ts';

const sha256 = 'c0ffee'.padEnd(64, '0');
const report = (task_id: string, key: string) => ({
  pool: 'default',
  agent_id: 'a1',
  results: [{ task_id, attempt: 1, outcome: 'completed', output_ref: { key, bytes: 70_000 } }],
});

describe('a result that refers to its output', () => {
  it.each(['t1', 'wf:node', 'wf:each:0:inner'])('may name a value of its own task, %s', (task_id) => {
    expect(parse(resultBatch, report(task_id, blobKey(task_id, sha256))).results).toHaveLength(1);
  });

  it.each([
    ["another task's", 't1', blobKey('t2', sha256)],
    ['that of a workflow whose name is like its own', 'wf', blobKey('wf:node', sha256)],
    ["another node's", 'wf:node', blobKey('wf:other', sha256)],
    ["a document's", 't1', `contexts/acme/plan/${sha256}`],
    ['one that climbs out', 't1', `blobs/t1/../t2/${sha256}`],
    ['one that is no hash', 't1', 'blobs/t1/latest'],
    ['one in capitals', 't1', blobKey('t1', sha256.toUpperCase())],
  ])('is refused with %s key', (_whose, task_id, key) => {
    expect(() => parse(resultBatch, report(task_id, key))).toThrow(
      expect.objectContaining({ code: 'invalid-input', path: 'results[0].output_ref.key' }),
    );
  });
});

it('a submission brings its payload itself: it can refer to nothing', () => {
  const task = { task_id: 't1', task_type: 'work', priority: 'high', required_capabilities: [] };
  const named = { ...task, payload: {}, payload_ref: { key: blobKey('t2', sha256), bytes: 1 } };
  expect(() => parseTaskMessage({ tasks: [named] }, 'm1')).toThrow(
    expect.objectContaining({ code: 'invalid-input', path: 'tasks[0].payload_ref' }),
  );
});
