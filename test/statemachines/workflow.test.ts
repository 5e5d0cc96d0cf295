import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { runMsMax } from '../../src/contracts/limits.ts';
import { createExecutions } from '../../src/platform/aws/workflow/executions.ts';
import { createTwinCloud } from '../../src/platform/twin/twin-cloud.ts';

const folder = new URL('../../statemachines/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');

interface Case {
  readonly case: string;
  readonly begin: readonly { readonly error?: string }[];
  readonly complete: boolean;
  readonly finish: readonly { readonly status?: string; readonly error?: string; readonly overdue?: true }[];
  readonly expect: {
    readonly status: string;
    readonly states: readonly string[];
    readonly begun: number;
    readonly finished: number;
    readonly error?: string;
    readonly cause?: string;
  };
}

/** The state machine in the twin, with functions that do what the case says. */
function stage(given: Case) {
  const cloud = createTwinCloud();
  const begun: { workflow_id: string; task_token: string }[] = [];
  let finished = 0;
  const machine = cloud.stepFunctions.createStateMachine('workflow', read('workflow.asl.json'), {
    BeginWorkflowArn: 'begin-workflow',
    FinishWorkflowArn: 'finish-workflow',
  });
  const executions = createExecutions(cloud.clients.sfn, machine);
  cloud.addFunction('begin-workflow', () => (event: { workflow_id: string; task_token: string }) => {
    const step = given.begin[begun.length];
    begun.push(event);
    if (step?.error !== undefined) throw Object.assign(new Error('refused'), { name: step.error });
    if (given.complete) {
      const output = { workflow_id: event.workflow_id, status: given.finish[begun.length - 1]?.status ?? 'Completed' };
      cloud.clock.at(cloud.clock.now() + 1_000, () => void executions.complete(event.task_token, output));
    }
  });
  cloud.addFunction('finish-workflow', () => (event: { workflow_id: string; overdue?: boolean }) => {
    const step = given.finish[finished];
    finished += 1;
    if (step?.error !== undefined) throw Object.assign(new Error('refused'), { name: step.error });
    expect(event.overdue).toBe(step?.overdue);
    return { ...event, status: step?.status, makespan_ms: 1, delivery_notification: 'the notification' };
  });
  return { cloud, executions, begun, finished: () => finished };
}

const cases = JSON.parse(read('workflow.cases.json')) as Case[];

describe('the state machine of a workflow', () => {
  it.each(cases.map((given) => [given.case, given] as const))('%s', async (_name, given) => {
    const { cloud, executions, begun, finished } = stage(given);
    await cloud.clock.drive(executions.start('w'));
    const [execution] = cloud.stepFunctions.executions();
    const startedAt = cloud.clock.now();
    await cloud.clock.run(() => execution?.status !== 'RUNNING', 2 * runMsMax);
    const isOverdue = given.finish.some(({ overdue }) => overdue === true);
    expect(cloud.clock.now() - startedAt >= runMsMax).toBe(isOverdue);
    expect({ ...execution, begun: begun.length, finished: finished() }).toMatchObject(given.expect);
    expect(new Set(begun.map(({ task_token }) => task_token)).size).toBe(begun.length);
    expect(begun.every(({ workflow_id }) => workflow_id === 'w')).toBe(true);
  });
});

describe('starting executions', () => {
  const plain = cases[0]!;

  it('starts one for a workflow, however often it is asked', async () => {
    const { cloud, executions } = stage(plain);
    await cloud.clock.drive(executions.start('w'));
    await cloud.clock.drive(executions.start('w'));
    await cloud.clock.run();
    expect(cloud.stepFunctions.executions().map(({ name }) => name)).toEqual(['w']);
  });

  it('starts another after one that is over, however it ended', async () => {
    const ends = [{ status: 'Failed' }, { status: 'Partially Complete' }, { status: 'Completed' }];
    const { cloud, executions } = stage({ ...plain, finish: ends });
    for (let started = 0; started < ends.length; started += 1) {
      await cloud.clock.drive(executions.start('w'));
      await cloud.clock.run();
    }
    expect(cloud.stepFunctions.executions().map(({ name, status }) => [name, status])).toEqual([
      ['w', 'FAILED'],
      ['w.1', 'SUCCEEDED'],
      ['w.2', 'SUCCEEDED'],
    ]);
  });

  it('fits long ids into the name of an execution, without confusing them', async () => {
    const { cloud, executions } = stage(plain);
    const ids = ['x'.repeat(80), `${'x'.repeat(127)}a`, `${'x'.repeat(127)}b`];
    for (const id of ids) await cloud.clock.drive(executions.start(id));
    const names = cloud.stepFunctions.executions().map(({ name }) => name);
    expect(names[0]).toBe(ids[0]);
    expect(new Set(names).size).toBe(3);
    expect(names.every((name) => name.length <= 80)).toBe(true);
  });

  it('answers false for a token that nobody waits for', async () => {
    const { cloud, executions } = stage(plain);
    expect(await cloud.clock.drive(executions.complete('unknown', { workflow_id: 'w', status: 'Completed' }))).toBe(
      false,
    );
  });
});
