import { describe, expect, it } from '@jest/globals';
import type { SearchDeps } from '../../../src/context/index-ports.ts';
import type { DocumentVersion } from '../../../src/context/ports.ts';
import { runContextOperation } from '../../../src/context/usecases/operations.ts';
import type { ContextAnswer } from '../../../src/contracts/context/operations.ts';
import { visitedDocumentsMax } from '../../../src/contracts/limits.ts';
import { contextStage } from './stage.ts';

const many = 5 * visitedDocumentsMax;
const namespace = 'default';

/** A stage that counts what the walks ask of the store. */
function countingStage() {
  const stage = contextStage();
  const { documents } = stage.deps;
  const asked = { lineage: 0, edges: 0, rows: 0 };
  const told = <T>(kind: 'lineage' | 'edges', rows: readonly T[]): readonly T[] => {
    asked[kind] += 1;
    asked.rows += rows.length;
    return rows;
  };
  const deps: SearchDeps = {
    ...stage.deps,
    documents: {
      ...documents,
      readersOf: async (...args) => told('lineage', await documents.readersOf(...args)),
      touchedBy: async (...args) => told('lineage', await documents.touchedBy(...args)),
      edges: async (...args) => told('edges', await documents.edges(...args)),
    },
  };
  const call = async (name: 'lineage' | 'relations' | 'put' | 'create', request: object) =>
    runContextOperation(deps, { principal: 'alice', correlation_id: 'story' }, name, JSON.stringify(request));
  return { ...stage, asked, call };
}

describe('a walk', () => {
  it('over lineage asks no more than it shows of a document that many tasks have read, and says that it was cut', async () => {
    const { deps, asked, call } = countingStage();
    await call('create', { context_id: 'facts', context_type: 'knowledge', data: {} });
    const read: readonly DocumentVersion[] = [{ context_id: 'facts', version: 1 }];
    for (let at = 0; at < many; at += 1) await deps.documents.recordReads(namespace, `w:n:${at}`, read, 0);
    const answer = (await call('lineage', { context_id: 'facts' })) as ContextAnswer<'lineage'>;
    expect(answer.downstream).toHaveLength(visitedDocumentsMax);
    expect(answer.cut).toBe(true);
    expect(asked.rows).toBeLessThan(2 * visitedDocumentsMax);
    expect(asked.lineage).toBeLessThan(visitedDocumentsMax);
  });

  it('over relations, and a put that adds one, read no more of a hub than they need', async () => {
    const { deps, asked, call } = countingStage();
    await call('create', { context_id: 'hub', context_type: 'knowledge', data: {} });
    await call('create', { context_id: 'other', context_type: 'knowledge', data: {} });
    const own = await deps.documents.latest({ namespace, context_id: 'hub' });
    for (let at = 0; at < many; at += 10)
      await deps.documents.commit(
        Array.from({ length: 10 }, (_, index) => ({
          previous: undefined,
          next: {
            ...own!,
            context_id: `spoke/${at + index}`,
            operation_id: `spoke-${at + index}`,
            relations: [{ type: 'depends_on', to: 'hub' }],
          },
        })),
      );
    const answer = (await call('relations', { context_id: 'hub', direction: 'in' })) as ContextAnswer<'relations'>;
    expect(answer.items).toHaveLength(visitedDocumentsMax);
    expect(answer.cut).toBe(true);
    expect(asked.rows).toBeLessThanOrEqual(visitedDocumentsMax + 1);
    asked.rows = 0;
    await call('put', {
      context_id: 'hub',
      expected_version: 1,
      data: {},
      relations: [{ type: 'depends_on', to: 'other' }],
    });
    expect(asked.rows).toBeLessThan(10);
  });

  it('records no read of a version that is not there', async () => {
    const { as } = contextStage();
    const call = as('alice');
    await call('create', { context_id: 'facts', context_type: 'knowledge', data: {} });
    const reads = [1, 2, 9].map((version) => ({ context_id: 'facts', version }));
    expect(await call('record', { task_id: 'w:n:1', reads })).toEqual({ recorded: 1 });
  });
});
