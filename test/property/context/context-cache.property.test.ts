import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cachingContexts } from '../../../src/sdk/contexts/context-cache.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';
import { drivenContexts } from '../../support/driven-contexts.ts';

const ids = ['a', 'b/c'] as const;
const step = fc.record({
  operation: fc.constantFrom('read', 'batch', 'create', 'put', 'patch', 'delete', 'version'),
  who: fc.constantFrom('memory', 'other'),
  id: fc.constantFrom(...ids),
  value: fc.nat(3),
});

describe('a client with a memory', () => {
  it('reads what a client without one reads, whoever changed it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, isSmall) => {
        const direct = drivenContexts(createTestCloud());
        const { contexts } = cachingContexts(direct, { now: () => 0 }, isSmall ? { bytes: 600 } : {});
        const outcome = (work: Promise<unknown>) => work.catch((error: unknown) => (error as { code?: string }).code);
        for (const { operation, who, id: context_id, value } of steps) {
          const calls = who === 'memory' ? contexts : direct;
          const [head] = (await direct.history({ context_id, limit: 1 }).catch(() => ({ items: [] }))).items;
          const expected_version = head?.version ?? 1;
          const data = { value };
          if (operation === 'create') await outcome(calls.create({ context_id, context_type: 'knowledge', data }));
          else if (operation === 'put') await outcome(calls.put({ context_id, expected_version, data }));
          else if (operation === 'patch') await outcome(calls.patch({ context_id, merge_patch: data }));
          else if (operation === 'delete') await outcome(calls.delete({ context_id, expected_version }));
          else if (operation === 'batch') {
            const request = { context_ids: [...ids, context_id] };
            expect(await contexts.batch(request)).toEqual(await direct.batch(request));
          } else {
            const request = { context_id, ...(operation === 'version' ? { version: value + 1 } : {}) };
            // What was read of an old version stays readable for whoever has it, also after the document is deleted.
            const expected = await outcome(direct.get(request));
            const given = await outcome(contexts.get(request));
            if (operation === 'read' || expected !== 'not-found') expect(given).toEqual(expected);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
