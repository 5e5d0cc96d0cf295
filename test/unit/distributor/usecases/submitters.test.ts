import { describe, expect, it } from '@jest/globals';
import type { PolicyDocument } from '../../../../src/contracts/distributor/policy.ts';
import { queueFullRetryMs } from '../../../../src/contracts/limits.ts';
import { acceptTasks } from '../../../../src/distributor/usecases/submit/accept-tasks.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;
const put = (stage: Stage, document: PolicyDocument, expected_version = 0) =>
  putPolicy(stage.deps, { pool: 'default', expected_version, principal: 'op', document });
const submit = (stage: Stage, principal: string, name: string, count: number) =>
  acceptTasks(stage.deps, {
    tasks: Array.from({ length: count }, (_, at) => task({ task_id: `${name}${at}` })),
    principal,
    correlation_id: 'story',
  });
const started = (stage: Stage, name: string) =>
  stage.told.leases().filter(({ task_id }) => task_id.startsWith(name)).length;

describe('submitters', () => {
  it('share the slots by their weights from one dispatch to the next, however many sessions one has', async () => {
    const stage = distributorStage();
    await put(stage, { submitters: { AROA1: 3, '*': 1 } });
    await submit(stage, 'AIDA2', 'b', 40);
    stage.clock.now += 1_000;
    await submit(stage, 'AROA1:monday', 'a', 20);
    await submit(stage, 'AROA1:tuesday', 'c', 20);
    for (let agent = 1; agent <= 8; agent += 1) {
      await stage.join(`agent-${agent}`);
      await stage.dispatch('~AROA1|*', '~AIDA2|*');
    }
    expect(started(stage, 'a') + started(stage, 'c')).toBe(6);
    expect(started(stage, 'b')).toBe(2);
  });

  it('share what comes after the policy says so; what came before stands in the ready order beside them', async () => {
    const stage = distributorStage();
    await submit(stage, 'ann', 'a', 1);
    await put(stage, { submitters: { '*': 1 } });
    await submit(stage, 'ann', 'b', 1);
    expect(await stage.row('b0')).toMatchObject({ route: '*' });
    stage.clock.now += queueFullRetryMs;
    await submit(stage, 'jwt:auth0|7', 'c', 1);
    expect(await stage.row('c0')).toMatchObject({ route: '~jwt%3Aauth0%7C7|*', submitter: 'jwt:auth0|7' });
    await put(stage, {}, 1);
    await stage.join('agent-1', { capacity: 3 });
    await stage.dispatch('*', '~jwt%3Aauth0%7C7|*');
    expect(stage.told.leases().map(({ task_id }) => task_id)).toEqual(['a0', 'b0', 'c0']);
  });

  it('are named without a session', async () => {
    const stage = distributorStage();
    await expect(put(stage, { submitters: { 'AROA1:monday': 2 } })).rejects.toMatchObject({
      code: 'invalid-input',
      faults: [{ path: 'submitters', message: expect.stringContaining('without a session') }],
    });
  });
});
