import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contextStage } from '../../unit/context/stage.ts';

const key = { name: 'deploy/production' };
const day = 24 * 3_600_000;

type Step = { readonly client: number; readonly action: 'lock' | 'renew' | 'unlock'; readonly ttl_ms: number };
const step: fc.Arbitrary<Step> = fc.record({
  client: fc.nat({ max: 3 }),
  action: fc.constantFrom('lock', 'lock', 'renew', 'unlock'),
  ttl_ms: fc.integer({ min: 1_000, max: 5_000 }),
});
/** Steps at once, then time that passes: seldom so much that the row of the lock is gone. */
const round = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 5 }),
  passes: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 3_000 }) }, { weight: 1, arbitrary: fc.constant(40 * day) }),
});

describe('a lock', () => {
  it('never has more holders than slots, and its tokens strictly grow', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(round, { maxLength: 8 }), async (slots, rounds) => {
        const { as, clock, cloud } = contextStage();
        /** What the answers told: the tokens that are held, until when. */
        const held = new Map<number, number>();
        let highest = 0;
        const tokens = [0, 0, 0, 0];
        for (const { steps, passes } of rounds) {
          const given: number[] = [];
          await Promise.all(
            steps.map(async ({ client, action, ttl_ms }) => {
              const call = as(`client-${client}`);
              const token = tokens[client]!;
              if (action === 'lock') {
                const answer = await call('lock', { ...key, ttl_ms, slots });
                if (answer.outcome === 'taken') return;
                given.push(answer.token);
                held.set(answer.token, Date.parse(answer.until));
                tokens[client] = answer.token;
              } else if (token > 0 && action === 'renew') {
                const answer = await call('renew', { ...key, token, ttl_ms });
                if (answer.outcome === 'renewed') held.set(token, Date.parse(answer.until));
              } else if (token > 0 && (await call('unlock', { ...key, token })).outcome === 'released') {
                held.delete(token);
              }
            }),
          );
          expect(new Set(given).size).toBe(given.length);
          expect(given.every((token) => token > highest)).toBe(true);
          highest = Math.max(highest, ...given);
          const now = clock.now;
          expect([...held.values()].filter((until) => until > now).length).toBeLessThanOrEqual(slots);
          clock.now += passes;
          const rows = cloud.dynamodb.items('contexts').filter(({ ttl }) => Number(ttl) * 1_000 < clock.now);
          for (const { pk, sk } of rows) await cloud.clients.dynamodb.send(await removal(pk as string, sk as string));
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** As the table's TTL removes a row. */
async function removal(pk: string, sk: string) {
  const { DeleteCommand } = await import('@aws-sdk/lib-dynamodb');
  return new DeleteCommand({ TableName: 'contexts', Key: { pk, sk } });
}
