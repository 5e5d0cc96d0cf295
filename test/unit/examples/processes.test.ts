import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/contracts/json.ts';
import type { WorkflowDefinitionInput } from '../../../src/contracts/workflow/workflow.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';
import { root } from '../../support/pages.ts';
import { expectStory } from '../../support/workflow-story.ts';

const read = (name: string) =>
  JSON.parse(readFileSync(join(root, 'examples', 'processes', `${name}.json`), 'utf8')) as Record<string, Json>;

describe('the approval of an expense', () => {
  const { definition, input } = read('expense-approval') as unknown as {
    definition: WorkflowDefinitionInput;
    input: Json;
  };
  /** A cloud in which the expense waits for its manager. */
  const waiting = async () => {
    const cloud = createTestCloud();
    await cloud.addAgent({ id: 'till', handler: async ({ payload }) => payload });
    const handle = await cloud.drive(cloud.client.run(definition, input, { workflow_id: 'e' }));
    await cloud.skip(60_000);
    return { cloud, end: () => cloud.drive(handle.wait()) };
  };

  it('is paid when the manager and finance agree', async () => {
    const { cloud, end } = await waiting();
    const [item] = (await cloud.approvals('ann').list()).items;
    expect(item?.title).toBe('Expense of Dora: 480 EUR');
    await cloud.approvals('ann').approve('e:approve', { answer: { cost_center: 'R1' } });
    await cloud.skip(5_000);
    await cloud.approvals('ben', 'finance').approve('e:approve', { answer: {} });
    expect(await end()).toMatchObject({ status: 'Completed', output: { approved_by: ['ann', 'ben'] } });
  });

  it('is not paid when finance says no', async () => {
    const { cloud, end } = await waiting();
    await cloud.approvals('ann').approve('e:approve', { answer: {} });
    await cloud.skip(5_000);
    await cloud.approvals('ben', 'finance').reject('e:approve', { comment: 'no receipt' });
    expect(await end()).toMatchObject({ status: 'Failed', nodes: { Skipped: 1 } });
  });
});

describe('the booking of a journey', () => {
  it('is undone when the car cannot be had: what is independent side by side, the flight last', async () => {
    const view = await expectStory(read('travel-booking'), {
      status: 'Failed',
      order: [
        '+car -hotel !car +hotel:compensate',
        '-tickets !car +tickets:compensate',
        '+hotel:compensate +tickets:compensate -tickets:compensate -hotel:compensate +flight:compensate',
      ],
      completed: 'flight hotel tickets flight:compensate hotel:compensate tickets:compensate',
      failed: 'car',
      skipped: 'pay',
    });
    expect(view.compensation).toBe('completed');
  });

  it('undoes nothing when all of it can be had', async () => {
    const view = await expectStory(read('travel-booking'), {
      input: { agency_answers_after_ms: 1_000 },
      order: ['-flight +car -car +pay -pay', '-hotel +pay', '-tickets +pay'],
      completed: 'flight hotel tickets car pay',
    });
    expect(view.compensation).toBeUndefined();
  });
});
