import { join } from 'node:path';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { TaskView } from '../../src/contracts/distributor/task.ts';
import { deployedClients, eventually } from '../support/deployed-clients.ts';
import { describeDeployed } from '../support/local-cloud.ts';
import { type AgentProcess, effectsIn, startAgentProcess } from '../support/struck-agents.ts';

/** Tasks in the hands of each agent when it is struck. */
const tasksEach = 5;
/** Long enough to strike both agents before the first of their tasks ends. */
const workMs = 10_000;

await describeDeployed('agents that die or freeze with tasks in their hands', (deployed) => {
  const { api, sqs } = deployedClients(deployed);
  const { env, outputs } = deployed;
  const effects = join(env['CADRE_LOCAL_DIR']!, `effects-${process.pid}`);
  const ids = Array.from({ length: 2 * tasksEach }, (_, index) => `struck-${index}`);
  const agents: AgentProcess[] = [];
  const start = async (id: string, slots: number) => {
    const agent = await startAgentProcess({ id, slots, workMs, effects }, env);
    agents.push(agent);
    return agent;
  };
  const viewAll = () => Promise.all(ids.map((id) => api.getTask(id)));
  const allCompleted = (tasks: readonly TaskView[]) => tasks.every(({ status }) => status === 'Completed');
  let killed: readonly string[] = [];
  let frozen: readonly string[] = [];
  let sleeper: AgentProcess | undefined;

  // Both are struck at once, so that the time until their leases are lost passes only once.
  beforeAll(async () => {
    const victims = await Promise.all([start('killed', tasksEach), start('frozen', tasksEach)]);
    const task = { task_type: 'bench', priority: 'high' as const, required_capabilities: ['bench'], payload: null };
    await api.submitAll(ids.map((task_id) => ({ ...task, task_id })));
    await eventually(
      'both agents hold all they can',
      () => victims.map(({ started }) => started.size),
      (sizes) => sizes.every((size) => size === tasksEach),
    );
    killed = [...victims[0].started];
    frozen = [...victims[1].started];
    victims[0].signal('SIGKILL');
    victims[1].signal('SIGSTOP');
    sleeper = victims[1];
    await start('rescuer', 2 * tasksEach);
  });
  afterAll(() => Promise.all(agents.map((agent) => agent.end())));

  it('lose none of them: another agent completes all', async () => {
    const tasks = await eventually('all tasks are completed', viewAll, allCompleted);
    expect(new Set(tasks.map(({ assigned_agent }) => assigned_agent))).toEqual(new Set(['rescuer']));
    for (const { attempt, retry_count } of tasks)
      expect({ attempt, retry_count }).toEqual({ attempt: 2, retry_count: 1 });
    const noted = effectsIn(effects);
    expect(noted.filter((effect) => killed.includes(effect))).toEqual([]);
    for (const id of ids) expect(noted.filter((effect) => effect === `${id}#2`)).toEqual([`${id}#2`]);
  });

  it('cannot undo it when they thaw: a late result is refused and counted', async () => {
    const before = await viewAll();
    sleeper?.signal('SIGCONT');
    await eventually(
      'the thawed agent ends its attempts',
      () => effectsIn(effects),
      (noted) => frozen.every((attempt) => noted.includes(attempt)),
    );
    const [task_id = '', attempt = ''] = frozen[0]!.split('#');
    // An agent that is told in time keeps its late results to itself; this one had been sent before it froze.
    const result = { task_id, attempt: Number(attempt), outcome: 'completed', output: 'late' };
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: outputs.queueUrls['results']!,
        MessageBody: JSON.stringify({ pool: 'default', agent_id: 'frozen', results: [result] }),
        MessageGroupId: 'frozen',
        MessageDeduplicationId: 'sent-before-it-froze',
      }),
    );
    const task = await eventually(
      'the late result is counted',
      () => api.getTask(task_id),
      ({ late_results }) => late_results > 0,
    );
    const { late_results: _late, ...unchanged } = before.find((each) => each.task_id === task_id)!;
    expect(task).toMatchObject(unchanged);
    for (const { assigned_agent, status, attempt: accepted } of await viewAll())
      expect({ assigned_agent, status, accepted }).toEqual({
        assigned_agent: 'rescuer',
        status: 'Completed',
        accepted: 2,
      });
  });

  it('get work again once they are heard of', async () => {
    await eventually(
      'the thawed agent is available',
      () => api.getAgent('frozen'),
      ({ status, current_tasks }) => status === 'Idle' && current_tasks.length === 0,
    );
  });
});
