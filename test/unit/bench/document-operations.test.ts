import { describe, expect, it } from '@jest/globals';
import { documentOperations } from '../../../bench/support/document-operations.ts';
import { contextOperations } from '../../../src/contracts/context/operations.ts';
import type { ContextCalls } from '../../../src/sdk/client/context-calls.ts';

describe('the bench of documents', () => {
  it('has a row for every operation of the contract', async () => {
    const called = new Set<string>();
    const answer = { outcome: 'acquired', token: 1 };
    const contexts = new Proxy({} as ContextCalls, {
      get: (_, name) => async () => {
        called.add(String(name));
        return answer;
      },
    });
    for (const { run } of documentOperations) await run(contexts, 0);
    expect([...called].sort()).toEqual(Object.keys(contextOperations).sort());
  });

  it('names each row once', () => {
    const names = documentOperations.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
