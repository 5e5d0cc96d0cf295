import { describe, expect, it } from '@jest/globals';
import type { ContextDocument } from '../../../src/contracts/context/context.ts';
import { documentBatchMax } from '../../../src/contracts/limits.ts';
import { readDeclared } from '../../../src/sdk/contexts/declared-reads.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';
import { drivenContexts } from '../../support/driven-contexts.ts';

const knowledge = { context_type: 'knowledge', data: {} };
const reads = [
  { context_id: 'facts' },
  { under: 'p' },
  { context_id: 'ghost' },
  { context_id: 'facts', namespace: 'other' },
];

/** An agent that notes what it was given, and some documents. */
async function stage() {
  const cloud = createTestCloud();
  const contexts = drivenContexts(cloud);
  for (const context_id of ['facts', 'p', 'p/a', 'q']) await contexts.create({ context_id, ...knowledge });
  await contexts.create({ context_id: 'facts', namespace: 'other', ...knowledge });
  const given: ContextDocument[] = [];
  await cloud.addAgent({
    id: 'reader',
    capabilities: ['read'],
    handler: async (_task, ctx) => void given.push(...ctx.documents),
  });
  return { cloud, contexts, given };
}
const shown = (documents: readonly ContextDocument[]) =>
  documents.map(({ namespace, context_id }) => `${namespace}:${context_id}`);

describe('the reads that a task declares', () => {
  it('are given to its handler, and recorded although the handler did nothing with them', async () => {
    const { cloud, contexts, given } = await stage();
    await cloud.submit({
      ...{ task_id: 't', task_type: 'read', priority: 'low', required_capabilities: ['read'], payload: null, reads },
    });
    expect(await cloud.wait('t')).toMatchObject({ status: 'Completed', reads });
    expect(shown(given)).toEqual(['default:facts', 'default:p', 'default:p/a', 'other:facts']);
    const { downstream } = await contexts.lineage({ context_id: 'p/a' });
    expect(downstream).toEqual([{ task_id: 't', action: 'read', context_id: 'p/a', version: 1 }]);
  });

  it('belong to a node of a workflow as well', async () => {
    const { cloud, given } = await stage();
    const node = { name: 'n', task_type: 'read', required_capabilities: ['read'], reads: [{ under: 'p' }] };
    expect(await cloud.run({ name: 'w', nodes: [node] })).toMatchObject({ status: 'Completed' });
    expect(shown(given)).toEqual(['default:p', 'default:p/a']);
  });

  it('are as many as one batch reads, and the log tells of the rest', async () => {
    const told: string[] = [];
    const log = { debug: () => undefined, info: () => undefined, error: () => undefined };
    const items = Array.from({ length: documentBatchMax }, (_, n) => ({ context_id: `p/${String(n)}` }));
    let asked = 0;
    const contexts = {
      list: async () => ({ items }),
      batch: async ({ context_ids }: { context_ids: string[] }) => {
        asked = context_ids.length;
        return { items: [] };
      },
    };
    const declared = [{ under: 'p' }, { context_id: 'q' }];
    await readDeclared(contexts as never, declared, { ...log, warn: (text) => void told.push(text) });
    expect(asked).toBe(documentBatchMax);
    expect(told).toEqual(['more documents were declared than are read ahead']);
  });
});
