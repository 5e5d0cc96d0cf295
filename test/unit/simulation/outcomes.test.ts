import { describe, expect, it } from '@jest/globals';
import type { WorkflowEvent, WorkflowStatus } from '../../../src/contracts/workflow/workflow.ts';
import type { EndedWorkflow } from '../../simulation/outcomes.ts';
import { describeOutcomes, outcomesOf, successShare, sumOfOutcomes } from '../../simulation/outcomes.ts';

function ended(status: WorkflowStatus, codes: readonly string[] = [], cancel_reason?: string): EndedWorkflow {
  const events = codes.map((code): WorkflowEvent => {
    const [name = '', ignored] = code.split(' ');
    const error = { code: name, message: 'so it is', retryable: false };
    return { type: 'NodeFailed', node: 'n', attempt: 1, error, ...(ignored === undefined ? {} : { ignored: true }) };
  });
  return { head: { workflow_id: 'w', status, ...(cancel_reason === undefined ? {} : { cancel_reason }) }, events };
}

describe('what became of simulated workflows', () => {
  it('is judged by what the seed meant to happen, with all that failed in those that were spoilt', () => {
    const outcomes = outcomesOf([
      ended('Completed'),
      ended('Completed', ['lease-lost ignored']),
      ended('Failed', ['lease-lost'], 'changed its mind'),
      ended('Failed', ['inner-failed', 'broken']),
      ended('Partially Complete', ['inner-failed']),
      ended('Failed', ['transaction-aborted', 'lease-lost']),
      ended('Failed', ['lease-lost', 'broken ignored']),
      ended('Failed'),
    ]);
    expect(outcomes).toMatchObject({
      ...{ submitted: 8, able: 5, succeeded: 2 },
      ended: { cancelled: 1, broken: 1, 'inner-failed': 1 },
      spoilt: [{ failures: ['n: transaction-aborted, so it is', 'n: lease-lost, so it is'] }, {}, { failures: [] }],
    });
    expect(successShare(sumOfOutcomes(outcomes, outcomesOf([ended('Completed')])))).toBe(0.5);
    expect(describeOutcomes(outcomes)).toContain('2 of the 5 that were able to complete did (40.000 %)');
  });
});
