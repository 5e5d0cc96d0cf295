import { describe, expect, it } from '@jest/globals';
import { explainedAgentsMax, taskExplanation } from '../../../../src/contracts/distributor/explanation.ts';
import type { PolicyDocument } from '../../../../src/contracts/distributor/policy.ts';
import type { Task } from '../../../../src/contracts/distributor/task.ts';
import { routeRow } from '../../../../src/distributor/core/ready/route.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { acceptTasks } from '../../../../src/distributor/usecases/submit/accept-tasks.ts';
import { explainTask } from '../../../../src/distributor/usecases/tasks/explain-task.ts';
import { distributorStage, task } from '../stage.ts';

async function explained(stage: ReturnType<typeof distributorStage>, id: string) {
  return taskExplanation.parse(await explainTask(stage.deps, id));
}

describe('an explanation', () => {
  it('names the agent, the strategy, its score and the reasons of a task that runs', async () => {
    const stage = distributorStage();
    await stage.join('a', { capacity: 2 });
    await stage.accept(task());
    await stage.dispatch('*');
    expect(await explained(stage, 't1')).toMatchObject({
      status: 'Processing',
      distribution: { agent_id: 'a', routing_rule: 'least_loaded', candidates: [{ agent_id: 'a', score: 1 }] },
    });
    expect(await explainTask(stage.deps, 'ghost')).toBeUndefined();
  });

  it('says of a task that waits what is before it, who is against it and what would let it start', async () => {
    const stage = distributorStage();
    await stage.join('full', { capabilities: ['x'] });
    await stage.join('other', { capabilities: ['y'] });
    await stage.accept(task({ task_id: 'runs', required_capabilities: ['x'] }));
    await stage.dispatch('x');
    const first = task({ task_id: 'first', priority: 'high', required_capabilities: ['x'] });
    await stage.accept(first, task({ required_capabilities: ['x'] }));
    const { queued } = await explained(stage, 't1');
    expect(queued).toMatchObject({
      strategy: 'least_loaded',
      candidates: [],
      excluded: [
        { agent_id: 'full', reason: 'has no free slot' },
        { agent_id: 'other', reason: 'does not offer x' },
      ],
      reasons: { 'has no free slot': 1, 'does not offer x': 1 },
      before: { tasks: 1, first: ['first'], more: false },
      would_start: 'a slot of an agent that could run it comes free',
      waits_because: 'waits for a free slot',
    });
    expect(queued?.starts_by).toBeDefined();
  });

  it('names the rule of a policy and the scores of those who could take the task', async () => {
    const stage = distributorStage();
    for (const id of ['a', 'b', 'c']) await stage.join(id, { capacity: 2 });
    const document = {
      strategies: { even: { use: 'weighted', weights: { a: 2 } } },
      rules: [{ name: 'no-c', match: {}, strategy: 'even', exclude_agents: ['c'] }],
    };
    await putPolicy(stage.deps, { pool: 'default', document, expected_version: 0, principal: 'me' });
    await stage.accept(task());
    const { queued } = await explained(stage, 't1');
    expect(queued).toMatchObject({
      strategy: 'weighted',
      rule: 'no-c',
      candidates: [{ agent_id: 'a' }, { agent_id: 'b' }],
      excluded: [{ agent_id: 'c', reason: 'excluded by rule no-c' }],
      would_start: 'the next dispatch, when what stands before it has been handed out',
    });
  });

  it.each<[string, PolicyDocument, Partial<Task>, Record<string, unknown>]>([
    [
      'the fallback of a strategy that fails',
      { strategies: { mine: { use: 'custom', score: 'agent.none', fallback: 'random' } }, strategy: 'mine' },
      {},
      { strategy: 'random', candidates: [{}, {}] },
    ],
    [
      'whom a rule prefers',
      { rules: [{ name: 'b-first', match: {}, prefer_agents: ['b'] }] },
      {},
      { candidates: [{ agent_id: 'b' }], reasons: { 'comes behind those that the rule prefers': 2 } },
    ],
    [
      'who has a weight',
      { strategies: { one: { use: 'weighted', weights: { b: 1 }, otherwise: 0 } }, strategy: 'one' },
      {},
      { candidates: [{ agent_id: 'b' }], reasons: { 'comes behind those that weighted ranks': 2 } },
    ],
    [
      'whom the task names, the first of them first',
      {},
      { distribution_rules: { primary_agent: 'c', backup_agents: ['a'] } },
      { strategy: 'named agents', candidates: [{ agent_id: 'c' }, { agent_id: 'a' }] },
    ],
  ])('shows %s, as the next dispatch decides', async (_what, document, over, expected) => {
    const stage = distributorStage();
    for (const id of ['a', 'b', 'c']) await stage.join(id);
    await putPolicy(stage.deps, { pool: 'default', document, expected_version: 0, principal: 'me' });
    await stage.accept(task(over));
    const { queued } = await explained(stage, 't1');
    expect(queued).toMatchObject(expected);
    await stage.dispatch(routeRow('default', task(over)).route);
    expect((await stage.row('t1')).assigned_agent).toBe(queued?.candidates[0]?.agent_id);
  });

  it('says for which agent a task waits by its strategy, and until when', async () => {
    const stage = distributorStage();
    for (const id of ['a', 'b']) await stage.join(id);
    const strategies = { sticky: { use: 'affinity' as const, by: 'task_type' as const, wait_ms: 60_000 } };
    const document = { strategies, strategy: 'sticky' };
    await putPolicy(stage.deps, { pool: 'default', document, expected_version: 0, principal: 'me' });
    await stage.accept(task({ task_id: 'first' }));
    await stage.dispatch('*');
    const own = (await stage.row('first')).assigned_agent;
    const other = own === 'a' ? 'b' : 'a';
    await stage.accept(task());
    await stage.dispatch('*');
    const until = new Date(stage.clock.now + 60_000).toISOString();
    expect((await explained(stage, 't1')).queued).toMatchObject({
      waits_because: `waits for its own agent ${own} by its strategy, until ${until} at the latest`,
      would_start: `a slot of ${own} comes free, or any at ${until}`,
      candidates: [],
      excluded: expect.arrayContaining([{ agent_id: other, reason: `the task waits for ${own}` }]),
    });
  });

  it('says that a rule leaves nobody, or that those who are free have no weight', async () => {
    const stage = distributorStage();
    for (const id of ['a', 'b']) await stage.join(id);
    const put = (document: PolicyDocument, expected_version: number) =>
      putPolicy(stage.deps, { pool: 'default', document, expected_version, principal: 'me' });
    await put({ strategies: { one: { use: 'weighted', weights: { b: 1 }, otherwise: 0 } }, strategy: 'one' }, 0);
    await stage.accept(task({ task_id: 'first' }));
    await stage.dispatch('*');
    await stage.accept(task());
    expect((await explained(stage, 't1')).queued).toMatchObject({
      waits_because: 'waits for a free slot of an agent with a weight: those that are free have weight 0',
      reasons: { 'has no free slot': 1, 'has weight 0': 1 },
    });
    await put({ rules: [{ name: 'gpu', match: {}, require_labels: { gpu: 'yes' } }] }, 1);
    expect((await explained(stage, 't1')).queued).toMatchObject({
      waits_because: 'rule gpu of the policy leaves it none of the agents that are available',
      would_start: 'an agent comes that rule gpu of the policy leaves it',
    });
  });

  it('keeps its size, whatever the number of agents', async () => {
    const stage = distributorStage();
    for (let at = 0; at < explainedAgentsMax + 5; at += 1) await stage.join(`a${at}`, { capabilities: ['y'] });
    await stage.accept(task({ required_capabilities: ['x'] }));
    const { queued } = await explained(stage, 't1');
    expect(queued?.excluded).toHaveLength(explainedAgentsMax);
    expect(queued?.reasons).toEqual({ 'does not offer x': explainedAgentsMax + 5 });
    expect(queued?.would_start).toBe('an agent that offers x registers');
  });

  it('tells whose turn it is among namespaces, and what goes first because of that', async () => {
    const stage = distributorStage();
    const document = { shares: { a: 3, b: 1 } };
    await putPolicy(stage.deps, { pool: 'default', document, expected_version: 0, principal: 'me' });
    await stage.join('agent');
    const of = (task_id: string, namespace: string) => task({ task_id, namespace });
    await stage.accept(of('b1', 'b'));
    await stage.dispatch('b|*');
    await stage.accept(of('b2', 'b'), ...['u', 'v', 'w', 'x', 'y'].map((id) => of(id, 'a')));
    const b = await explained(stage, 'b2');
    expect(b.queued).toMatchObject({
      before: { tasks: 3, first: ['u', 'v', 'w'], by_turn: 3 },
      turns: [{ of: 'namespace', name: 'b', weight: 1, share: 0.25, ahead: 1, next: 'a' }],
    });
    expect(b.queued?.waits_because).toMatch(/and its turn: namespace b had 1 more .* it is the turn of a$/);
    const a = await explained(stage, 'y');
    expect(a.queued).toMatchObject({
      waits_because: 'waits for a free slot',
      before: { tasks: 5, first: ['u', 'v', 'w', 'b2', 'x'] },
      turns: [{ of: 'namespace', name: 'a', share: 0.75, ahead: 0, next: 'a' }],
    });
    // It is what happens: the agent's slot goes round by round.
    const started = [];
    for (let round = 0; round < 6; round += 1) {
      await stage.deps.agents.release('default', 'agent', Object.keys((await stage.agent('agent')).holds));
      stage.forget();
      await stage.dispatch('a|*', 'b|*');
      started.push(...stage.told.leases().map(({ task_id }) => task_id));
    }
    expect(started).toEqual(['u', 'v', 'w', 'b2', 'x', 'y']);
  });

  it('tells turns of submitters inside of their namespace, and none to what is due', async () => {
    const stage = distributorStage();
    const document = { submitters: { ann: 1, '*': 1 } };
    await putPolicy(stage.deps, { pool: 'default', document, expected_version: 0, principal: 'me' });
    await stage.join('agent');
    const submit = (principal: string, ...ids: string[]) =>
      acceptTasks(stage.deps, { tasks: ids.map((id) => task({ task_id: id })), principal, correlation_id: 'story' });
    await submit('ann', 'ann-1');
    await stage.dispatch('~ann|*');
    await submit('ann', 'ann-2');
    await submit('bob', 'bob-1');
    expect((await explained(stage, 'ann-2')).queued).toMatchObject({
      before: { first: ['bob-1'], by_turn: 1 },
      turns: [{ of: 'submitter', name: 'ann', ahead: 1, next: 'bob', share: 0.5 }],
    });
    stage.clock.now += 24 * 3_600_000;
    const { queued } = await explained(stage, 'ann-2');
    expect(queued).not.toHaveProperty('turns');
    expect(queued?.before).toEqual({ tasks: 0, first: [], more: false });
  });

  it('says what keeps the only agent away', async () => {
    const stage = distributorStage();
    await stage.join('a');
    await stage.deps.agents.drain('default', 'a');
    await stage.accept(task());
    expect((await explained(stage, 't1')).queued?.would_start).toContain('1: is leaving');
  });
});
