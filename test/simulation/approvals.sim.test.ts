import { describe, expect, it } from '@jest/globals';
import type { WorkflowDefinitionInput } from '../../src/contracts/workflow/workflow.ts';
import type { WorkflowNodeInput } from '../../src/contracts/workflow/nodes.ts';
import { createTestCloud, type TestCloudOptions } from '../../src/sdk/test-cloud/test-cloud.ts';

const hourMs = 3_600_000;
type Approval = Omit<Extract<WorkflowNodeInput, { kind: 'approval' }>, 'kind' | 'name' | 'title'>;
type LevelInput = Approval['levels'][number];

const asks = (users: readonly string[], more: Partial<LevelInput> = {}): LevelInput => ({
  candidates: { users: [...users] },
  sla_ms: 10 * hourMs,
  ...more,
});

function definitionOf(approval: Approval): WorkflowDefinitionInput {
  return {
    name: 'spend',
    nodes: [
      { kind: 'approval', name: 'approve', title: 'Spend it?', ...approval },
      // Attempts enough for faults that never end: what is looked at here is the approval.
      {
        name: 'pay',
        task_type: 'pay',
        depends_on: ['approve'],
        input: 'outputs.approve',
        retry: { max_attempts: 50 },
      },
    ],
    output: 'outputs.pay',
  };
}

/** A cloud in which a workflow waits for people. */
async function waiting(approval: Approval, options: TestCloudOptions = {}, input: Record<string, string> = {}) {
  const cloud = createTestCloud(options);
  await cloud.addAgent({ id: 'till', handler: async ({ payload }) => payload });
  const handle = await cloud.drive(cloud.client.run(definitionOf(approval), input, { workflow_id: 'w' }));
  await cloud.skip(60_000);
  const as = cloud.approvals;
  return {
    ...cloud,
    as,
    id: 'w:approve',
    inbox: async (person: string, ...groups: string[]) =>
      (await as(person, ...groups).list()).items.map(({ approval_id }) => approval_id),
    end: () => cloud.drive(handle.wait()),
    look: () => cloud.drive(handle.get()),
    events: async () => (await cloud.drive(handle.events())).flatMap(({ events }) => events),
  };
}

describe('an approval', () => {
  it('waits in the inbox of its candidates alone, and lets the workflow go on when one of them approves', async () => {
    const { as, id, inbox, end, events } = await waiting({ levels: [asks(['ann', 'ben'])] });
    expect([await inbox('ann'), await inbox('ben'), await inbox('eve')]).toEqual([[id], [id], []]);
    const decided = await as('ben').approve(id, { comment: 'fine' });
    expect(decided).toMatchObject({ status: 'Approved', decisions: [{ by: 'ben', comment: 'fine', level: 1 }] });
    const view = await end();
    expect(view).toMatchObject({ status: 'Completed', output: { decision: 'approved', by: 'ben', comment: 'fine' } });
    expect([await inbox('ann'), await inbox('ben')]).toEqual([[], []]);
    const completed = (await events()).find((event) => event.type === 'NodeCompleted' && event.node === 'approve');
    expect(completed).toMatchObject({ decisions: [{ by: 'ben', decision: 'approved' }] });
  });

  it('that is rejected fails its node, so that nothing behind it runs, and tells who rejected it and why', async () => {
    const { as, id, end, events } = await waiting({ levels: [asks(['ann']), asks(['boss'])] });
    await as('ann').reject(id, { comment: 'too much' });
    expect(await end()).toMatchObject({ status: 'Failed', nodes: { Failed: 1, Skipped: 1 } });
    const failed = (await events()).find((event) => event.type === 'NodeFailed');
    expect(failed).toMatchObject({ error: { code: 'rejected', message: 'ann rejected it: too much' } });
  });

  it('may give its rejection as an output instead, for a choice to react to', async () => {
    const { as, id, end } = await waiting({ on_reject: 'complete', levels: [asks(['ann'])] });
    await as('ann').reject(id);
    expect(await end()).toMatchObject({ status: 'Completed', output: { decision: 'rejected', by: 'ann' } });
  });

  it('asks level after level, each as many as it needs', async () => {
    const { as, id, inbox, look, end } = await waiting({
      levels: [asks(['ann', 'ben', 'carl'], { needed: 2 }), asks([], { candidates: { groups: ['board'] } })],
    });
    await as('ann').approve(id);
    expect(await inbox('boss', 'board')).toEqual([]);
    expect(await inbox('ann')).toEqual([]);
    await as('carl').approve(id);
    expect(await inbox('boss', 'board')).toEqual([id]);
    expect(await look()).toMatchObject({ status: 'In Progress' });
    await as('boss', 'board').approve(id);
    expect(await end()).toMatchObject({
      output: { by: 'boss', decisions: [{ by: 'ann' }, { by: 'carl' }, { by: 'boss', level: 2 }] },
    });
  });

  it('is decided by nobody who is not asked, nor twice by one, nor at a level that is over', async () => {
    const { as, id } = await waiting({ levels: [asks(['ann', 'ben'], { needed: 2 }), asks(['ann', 'boss'])] });
    await expect(as('eve').approve(id)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('boss').approve(id)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('eve').comment(id, 'hi')).rejects.toMatchObject({ code: 'forbidden' });
    await as('ann').approve(id);
    await expect(as('ann').reject(id)).rejects.toMatchObject({ code: 'already-finished' });
    await as('ben').approve(id, { level: 1 });
    // The same call again, as a client repeats it after a lost answer: it must not count for the level that came after it.
    expect(await as('ann').approve(id, { level: 1 })).toMatchObject({ status: 'Open', level: 2 });
    await expect(as('ann').reject(id, { level: 1 })).rejects.toMatchObject({ code: 'already-finished' });
    await expect(as('ann').approve('w:nothing')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('of two who decide at once takes one decision', async () => {
    const { drive, client, as, id } = await waiting({ levels: [asks(['ann', 'ben'])] });
    expect(client.approvals).toBeDefined();
    const both = await drive(
      Promise.allSettled([as('ann').approve(id, { level: 1 }), as('ben').reject(id, { level: 1 })]),
    );
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await as('ann').get(id)).decisions).toHaveLength(1);
  });

  it('reminds, then asks the next level when its time is over, and at last decides by itself', async () => {
    const { as, id, inbox, skip, end } = await waiting({
      levels: [asks(['ann'], { sla_ms: 4 * hourMs, remind_ms: hourMs }), asks(['boss'], { sla_ms: 2 * hourMs })],
    });
    await skip(2 * hourMs);
    expect(await inbox('ann')).toEqual([id]);
    await skip(2 * hourMs);
    expect([await inbox('ann'), await inbox('boss')]).toEqual([[], [id]]);
    await expect(as('ann').approve(id, { level: 1 })).rejects.toMatchObject({ code: 'already-finished' });
    const view = await end();
    expect(view).toMatchObject({ status: 'Failed' });
    expect(view.makespan_ms).toBeGreaterThanOrEqual(6 * hourMs);
    expect(view.makespan_ms).toBeLessThan(6 * hourMs + 30_000);
    expect((await as('ann').get(id)).decisions).toMatchObject([
      { level: 1, decision: 'escalated' },
      { level: 2, decision: 'rejected' },
    ]);
  });

  it('with four eyes is decided neither by who started the workflow nor by one person at two levels', async () => {
    const everybody = asks(['user', 'ann', 'ben']);
    // The client of a test cloud is `user`.
    const { as, id, inbox, end } = await waiting({
      four_eyes: true,
      levels: [everybody, asks(['ann'], { candidates: { users: ['ann'], groups: ['board'] } })],
    });
    expect([await inbox('user'), await inbox('ann')]).toEqual([[], [id]]);
    await expect(as('user').approve(id)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('ann').delegate(id, 'user')).rejects.toMatchObject({ code: 'invalid-input' });
    await as('ann').approve(id);
    expect(await inbox('ann')).toEqual([]);
    await expect(as('ann').approve(id, { level: 2 })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('user', 'board').approve(id, { level: 2 })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(as('carl', 'board').delegate(id, 'ann')).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(as('carl', 'board').delegate(id, 'user')).rejects.toMatchObject({ code: 'forbidden' });
    await as('carl', 'board').approve(id, { level: 2 });
    expect(await end()).toMatchObject({ status: 'Completed', output: { by: 'carl' } });
  });

  it('with four eyes fails where nobody else could decide, and is not given to who started the workflow', async () => {
    const alone = await waiting({ four_eyes: true, levels: [asks(['user'])] });
    expect(await alone.end()).toMatchObject({ status: 'Failed' });
    const levels = [asks(['user', 'ann'], { assign: 'least_loaded' })];
    const { as, id } = await waiting({ four_eyes: true, levels });
    expect((await as('ann').get(id)).assignees).toEqual(['ann']);
  });

  it('counts only working time', async () => {
    const calendar = { time_zone: 'Europe/Berlin', from: '09:00', until: '17:00' } as const;
    const { as, id } = await waiting({
      calendar,
      levels: [asks(['ann'], { sla_ms: 10 * hourMs, on_overdue: 'approve' })],
    });
    const { created_at, due_at } = await as('ann').get(id);
    expect(Date.parse(due_at!) - Date.parse(created_at)).toBeGreaterThan(24 * hourMs);
  });

  it('is taken up by one, given back, and handed to another', async () => {
    const { as, id, inbox, end } = await waiting({ levels: [asks(['ann', 'ben'])] });
    await as('ann').claim(id);
    await expect(as('ben').approve(id)).rejects.toMatchObject({ code: 'forbidden' });
    await as('ann').release(id);
    await as('ben').claim(id);
    await expect(as('ben').delegate(id, 'ann')).rejects.toMatchObject({ code: 'invalid-input' });
    await as('ben').delegate(id, 'dora', 'on leave');
    expect([await inbox('ben'), await inbox('dora')]).toEqual([[], [id]]);
    await expect(as('ben').approve(id)).rejects.toMatchObject({ code: 'forbidden' });
    await as('dora').comment(id, 'looking');
    const decided = await as('dora').approve(id);
    expect(decided.actions.map(({ action, by }) => `${by} ${action}`)).toEqual([
      'ann claimed',
      'ann released',
      'ben claimed',
      'ben delegated',
      'dora commented',
    ]);
    expect(await end()).toMatchObject({ output: { by: 'dora' } });
  });

  it('names every field of an answer that its form does not allow', async () => {
    const form: Approval['form'] = {
      type: 'object',
      properties: { amount: { type: 'number', maximum: 10 }, note: { type: 'string' } },
      required: ['amount', 'note'],
      additionalProperties: false,
    };
    const { as, id, end } = await waiting({ form, levels: [asks(['ann'])] });
    await expect(as('ann').approve(id)).rejects.toMatchObject({ code: 'invalid-input' });
    const wrong = as('ann').approve(id, { answer: { amount: 11, more: 1 } });
    await expect(wrong).rejects.toMatchObject({
      faults: [{ path: 'answer.amount' }, { path: 'answer.note' }, { path: 'answer.more' }],
    });
    await as('ann').approve(id, { answer: { amount: 9, note: 'ok' } });
    expect(await end()).toMatchObject({ output: { answer: { amount: 9, note: 'ok' } } });
  });

  it('leaves all inboxes when its workflow is cancelled', async () => {
    const { as, id, inbox, drive, client, skip } = await waiting({ levels: [asks(['ann'])] });
    await drive(client.cancelWorkflow('w'));
    await skip(1_000);
    expect(await inbox('ann')).toEqual([]);
    await expect(as('ann').approve(id)).rejects.toMatchObject({ code: 'already-finished' });
    expect(await as('ann').get(id)).toMatchObject({ status: 'Withdrawn' });
  });

  it('asks whom an expression names', async () => {
    const levels = [asks([], { candidates: { users: { expression: 'input.boss' } } })];
    const { inbox, id } = await waiting({ levels }, {}, { boss: 'ben' });
    expect(await inbox('ben')).toEqual([id]);
  });
});

describe('an approval whose hints are lost and repeated, while functions die', () => {
  const faults = { lose: 0.2, duplicate: 0.2, lambdaCrashDuring: 0.1, lambdaCrashBefore: 0.1 };

  it.each([1, 2, 3])('is asked, decided and escalated once all the same (seed %i)', async (seed) => {
    const levels = [asks(['ann', 'ben'], { needed: 2 }), asks(['carl'], { sla_ms: hourMs }), asks(['boss'])];
    const { as, id, inbox, skip, end, events } = await waiting({ levels }, { seed, faults });
    await skip(5 * 60_000);
    expect(await inbox('ann')).toEqual([id]);
    // Each of them decides twice, as somebody does who got no answer.
    for (const person of ['ann', 'ben', 'ann', 'ben']) await as(person).approve(id, { level: 1 });
    await skip(2 * hourMs);
    expect([await inbox('carl'), await inbox('boss')]).toEqual([[], [id]]);
    for (let repeat = 0; repeat < 2; repeat += 1) await as('boss').approve(id, { level: 3 });
    expect(await end()).toMatchObject({ status: 'Completed', output: { by: 'boss' } });
    const { decisions } = await as('ann').get(id);
    expect(decisions.map(({ by, decision }) => `${by ?? '-'} ${decision}`)).toEqual([
      'ann approved',
      'ben approved',
      '- escalated',
      'boss approved',
    ]);
    const ends = (await events()).filter((event) => event.type === 'NodeCompleted' && event.node === 'approve');
    expect(ends).toHaveLength(1);
  });
});

describe('approvals that are given to who has least to do', () => {
  it('are spread evenly, also when they begin at once, and a decision makes room', async () => {
    const cloud = createTestCloud({ seed: 5 });
    const levels = [asks(['ann', 'ben', 'carl'], { assign: 'least_loaded' })];
    const definition: WorkflowDefinitionInput = {
      name: 'many',
      nodes: [{ kind: 'approval', name: 'ok', title: 'Ok?', levels }],
    };
    for (let n = 0; n < 6; n += 1) await cloud.drive(cloud.client.run(definition, {}, { workflow_id: `w${n}` }));
    await cloud.skip(60_000);
    const items = (await cloud.approvals('ann').list()).items;
    const counts = Map.groupBy(items, ({ assignees }) => assignees.join());
    expect([...counts].map(([who, list]) => `${who} ${list.length}`).sort()).toEqual(['ann 2', 'ben 2', 'carl 2']);
    const mine = items.find(({ assignees }) => assignees.includes('ben'))!;
    await expect(cloud.approvals('ann').approve(mine.approval_id)).rejects.toMatchObject({ code: 'forbidden' });
    await cloud.approvals('ben').approve(mine.approval_id);
    await cloud.drive(cloud.client.run(definition, {}, { workflow_id: 'w9' }));
    await cloud.skip(60_000);
    expect((await cloud.approvals('ann').get('w9:ok')).assignees).toEqual(['ben']);
  });
});
