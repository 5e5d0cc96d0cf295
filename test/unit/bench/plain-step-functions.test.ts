import { describe, expect, it } from '@jest/globals';
import { countPlainMap, plainUsd, runPlainSingle } from '../../../bench/support/plain-step-functions.ts';

describe('plain Step Functions', () => {
  it('makes one transition and four calls for one task in an execution of its own', async () => {
    expect(await runPlainSingle()).toEqual({ transitions: 1, calls: 4, sqsRequests: 3 });
  });

  it('makes one transition a task in a Map, and one for the Map itself', () => {
    expect(countPlainMap(10)).toEqual({ transitions: 1.1, calls: 1.3, sqsRequests: 1.2 });
  });

  it('costs what its transitions and its requests cost', () => {
    expect(plainUsd({ transitions: 2, calls: 0, sqsRequests: 1 })).toEqual({ step_functions: 50, sqs: 0.4 });
  });
});
