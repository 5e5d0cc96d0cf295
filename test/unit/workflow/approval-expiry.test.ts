import { describe, expect, it } from '@jest/globals';
import { retentionMs } from '../../../src/contracts/limits.ts';
import { decideApproval } from '../../../src/workflow/usecases/approvals/change-approval.ts';
import { finishWorkflow } from '../../../src/workflow/usecases/advance/finish-workflow.ts';
import { wakeApprovals } from '../../../src/workflow/usecases/approvals/wake-approvals.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';
import { task } from '../../support/workflow-runner.ts';

describe('the row of an approval', () => {
  it('is kept while its workflow runs, and expires with it', async () => {
    const stage = createWorkflowStage();
    const levels = [{ candidates: { users: ['bob'] } }];
    const ask = { kind: 'approval' as const, name: 'ask', title: 'May it?', levels };
    await stage.begin('w', { name: 'x', nodes: [ask, task('ship', ['ask'])] });
    const wake = () => wakeApprovals(stage.deps, 'default', ['w:ask']);
    const expiry = () => Number(stage.dynamodb.peek('WORKFLOW#w', 'APPROVAL#ask')?.['expires_at']) * 1_000;
    await wake();
    const bob = { principal: 'bob', groups: [] };
    expect(await decideApproval(stage.deps, bob, 'w:ask', { decision: 'approve', level: 1 })).toMatchObject({
      ok: true,
    });
    for (let look = 0; look < 3; look += 1) await wake();
    expect((await stage.rowOf('w', 'ship')).status).toBe('Queued');
    // A day before it would have expired by its own end, the workflow goes on.
    await stage.clock.advance(retentionMs - 86_400_000);
    expect(expiry()).toBeGreaterThan(stage.clock.now() + retentionMs - 86_400_000);
    await stage.run('w', 'ship');
    await finishWorkflow(stage.deps, 'w');
    const { completed_at = '' } = (await stage.deps.workflows.head('w'))!;
    expect(expiry()).toBe(Math.ceil((Date.parse(completed_at) + retentionMs) / 1_000) * 1_000);
  });
});
