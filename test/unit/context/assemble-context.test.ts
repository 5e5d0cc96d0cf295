import { describe, expect, it } from '@jest/globals';
import { contextStage } from './stage.ts';

async function stage() {
  const { call, as, clock } = contextStage();
  const create = (context_id: string, body: string, more: object = {}) =>
    call('create', { context_id, context_type: 'knowledge', data: { body }, ...more });
  await create('guides/leases', 'How leases expire and are renewed.');
  await create('guides/payments', 'How payments are settled.');
  await create('project/alpha', 'Alpha renews leases.', { relations: [{ type: 'uses', to: 'guides/payments' }] });
  await create('memory/tasks/run/check/notes', 'The lease was short.');
  await create('memory/agents/bob/habits', 'Bob likes short leases.');
  await create('secret', 'leases of the king', { access_policy: { rules: [{ to: ['nobody'], actions: ['read'] }] } });
  clock.now += 61_000;
  return { call, as };
}

describe('the context of a task', () => {
  it('has what is pinned, related, remembered and relevant, each with its reasons, and nothing that is not for the caller', async () => {
    const { as } = await stage();
    const answer = await as('bob')('assemble', {
      text: 'why do leases expire',
      pinned: ['project/alpha'],
      task_id: 'run:check',
      agent_id: 'bob',
    });
    const reasons = new Map(answer.pieces.map(({ context_id, reasons: own }) => [context_id, own.join('; ')]));
    expect(answer.pieces[0]!.context_id).toBe('project/alpha');
    expect(reasons.get('guides/payments')).toContain('related to what is pinned');
    expect(reasons.get('guides/leases')).toContain('relevant: found at place');
    expect(reasons.get('memory/tasks/run/check/notes')).toContain('working memory of the task');
    expect(reasons.get('memory/agents/bob/habits')).toContain('long-term memory of the agent');
    expect(reasons.has('secret')).toBe(false);
    expect(answer.text).toContain('## project/alpha (version 1)\nbody: Alpha renews leases.');
    expect(answer.text).not.toContain('king');
    expect(answer.tokens).toBeLessThanOrEqual(8_000);
  });

  it('says what had no room', async () => {
    const { call } = await stage();
    const { pieces, left_out, tokens } = await call('assemble', { text: 'leases', budget_tokens: 100 });
    expect(tokens).toBeLessThanOrEqual(100);
    expect(pieces.length).toBeGreaterThan(0);
    expect(left_out.length).toBeGreaterThan(0);
  });

  it('refuses a pinned document that is not there or not for the caller', async () => {
    const { as } = await stage();
    const pin = (id: string) => as('bob')('assemble', { text: 'leases', pinned: [id] });
    await expect(pin('nothing')).rejects.toMatchObject({ code: 'not-found' });
    await expect(pin('secret')).rejects.toMatchObject({ code: 'forbidden' });
  });
});
