import { describe, expect, it } from '@jest/globals';
import { workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { checkDefinition } from '../../../src/workflow/core/definition/definition.ts';
import { queryWorkflow } from '../../../src/workflow/usecases/view/query-workflow.ts';
import { started, task } from '../../support/workflow-runner.ts';

const nodes = [task('count'), task('review', ['count'])];
const queries = {
  progress: "{ 'of': input.of, 'counted': outputs.count, 'review': nodes.review.status }",
  endless: '($f := function($n) { $f($n + 1) }; $f(0))',
};

describe('a query', () => {
  it('tells how the run stands, before and after a node ended, and leaves it as it is', async () => {
    const stage = await started({ nodes, queries }, { of: 3 });
    const ask = (query: string) => queryWorkflow(stage.deps, { workflow_id: 'w', query });
    expect(await ask('progress')).toMatchObject({ ok: true, value: { seq: 1, value: { of: 3, review: 'Waiting' } } });
    await stage.run('w', 'count', { output: 2 });
    const before = await stage.deps.workflows.history('w');
    expect(await ask('progress')).toEqual({
      ok: true,
      value: { workflow_id: 'w', query: 'progress', seq: 2, value: { of: 3, counted: 2, review: 'Started' } },
    });
    expect(await ask('endless')).toMatchObject({ ok: false, error: { code: 'invalid-expression' } });
    expect(await stage.deps.workflows.history('w')).toEqual(before);
  });

  it('that the definition does not name, or of a workflow that is none, is not found', async () => {
    const stage = await started({ nodes, queries });
    const ask = (workflow_id: string, query: string) => queryWorkflow(stage.deps, { workflow_id, query });
    expect(await ask('w', 'other')).toMatchObject({ error: { code: 'not-found', path: 'name' } });
    expect(await ask('none', 'progress')).toMatchObject({ error: { code: 'not-found', path: 'id' } });
  });

  it('is checked with the definition: its syntax, and the nodes that it names', () => {
    const bad = { ends: 'outputs.nowhere', odd: '1 +' };
    const { faults } = checkDefinition(workflowDefinition.parse({ name: 'x', nodes, queries: bad }));
    expect(faults.map(({ code, path }) => `${code} ${path ?? ''}`)).toEqual([
      'invalid-expression queries.ends',
      'invalid-expression queries.odd',
    ]);
  });
});
