import { describe, expect, it } from '@jest/globals';
import { sqsMessageBytesMax, tasksPerMessageMax } from '../../../src/contracts/limits.ts';
import { resultBatch, type TaskResult } from '../../../src/contracts/messages.ts';
import { packCalls, packResults as packWith } from '../../../src/contracts/distributor/result-packing.ts';
import { machineSources } from '../../../src/platform/aws/runtime.ts';

const result = (task_id: string, output?: string): TaskResult => ({
  task_id,
  attempt: 1,
  outcome: 'completed',
  ...(output === undefined ? {} : { output }),
});
const packResults = (results: readonly TaskResult[]) =>
  packWith({ pool: 'default', agent_id: 'a' }, results, machineSources.hash);
const many = (count: number, output?: string) => Array.from({ length: count }, (_, n) => result(`t${n}`, output));

describe('results as messages', () => {
  it.each([
    [tasksPerMessageMax - 1, 1],
    [tasksPerMessageMax, 1],
    [tasksPerMessageMax + 1, 2],
  ])('puts %d results of one group into %d messages', (count, messages) => {
    const packed = packResults(many(count));
    expect(packed).toHaveLength(messages);
    for (const { message } of packed) expect(() => resultBatch.parse(JSON.parse(message.body))).not.toThrow();
  });

  it('never makes a message larger than SQS takes, counting bytes and not characters', () => {
    const packed = packResults(many(25, 'ü'.repeat(32_000)));
    expect(packed.length).toBeGreaterThan(1);
    for (const { message } of packed) expect(Buffer.byteLength(message.body)).toBeLessThanOrEqual(sqsMessageBytesMax);
    expect(packed.flatMap(({ results }) => results)).toHaveLength(25);
  });

  it('keeps each call within 10 messages and the total size', () => {
    const results = Array.from({ length: 21 }, (_, n) => result(`w${n}:a`));
    expect(packCalls(packResults(results)).map((call) => call.length)).toEqual([10, 10, 1]);
    const large = Array.from({ length: 30 }, (_, n) => result(`w${n}:a`, 'x'.repeat(64_000)));
    for (const call of packCalls(packResults(large))) {
      expect(call.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(sqsMessageBytesMax);
    }
  });

  it('names a message by its attempts, so that a repeated send is dropped and a new attempt is not', () => {
    const id = (attempt: number) => packResults([{ ...result('t1'), attempt }])[0]?.message.deduplication;
    expect(id(1)).toBe(id(1));
    expect(id(1)).not.toBe(id(2));
  });
});
