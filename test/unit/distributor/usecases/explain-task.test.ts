import { describe, expect, it } from '@jest/globals';
import { explainedAgentsMax, taskExplanation } from '../../../../src/contracts/distributor/explanation.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
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

  it('keeps its size, whatever the number of agents', async () => {
    const stage = distributorStage();
    for (let at = 0; at < explainedAgentsMax + 5; at += 1) await stage.join(`a${at}`, { capabilities: ['y'] });
    await stage.accept(task({ required_capabilities: ['x'] }));
    const { queued } = await explained(stage, 't1');
    expect(queued?.excluded).toHaveLength(explainedAgentsMax);
    expect(queued?.reasons).toEqual({ 'does not offer x': explainedAgentsMax + 5 });
    expect(queued?.would_start).toBe('an agent that offers x registers');
  });

  it('says what keeps the only agent away', async () => {
    const stage = distributorStage();
    await stage.join('a');
    await stage.deps.agents.drain('default', 'a');
    await stage.accept(task());
    expect((await explained(stage, 't1')).queued?.would_start).toContain('1: is leaving');
  });
});
