import type { Client } from '../../src/sdk/client/client.ts';
import type { TestCloud } from '../../src/sdk/test-cloud/test-cloud.ts';

/** The documents of a test cloud for code that knows nothing of virtual time: each call lets time pass until it has its answer, one after another. */
export function drivenContexts(cloud: TestCloud): Client['contexts'] {
  let last: Promise<unknown> = Promise.resolve();
  const calls = Object.entries(cloud.client.contexts).map(([name, call]) => {
    const driven = (request: never) => {
      const answer = last.then(() => cloud.drive((call as (request: never) => Promise<unknown>)(request)));
      last = answer.catch(() => undefined);
      return answer;
    };
    return [name, driven] as const;
  });
  return Object.fromEntries(calls) as unknown as Client['contexts'];
}
