import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { runPulse } from '../../src/distributor/usecases/pulse/run-pulse.ts';
import { desiredHoldMs } from '../../src/contracts/limits.ts';
import { readDefinition } from '../../src/platform/twin/stepfunctions/definition.ts';
import { interpret } from '../../src/platform/twin/stepfunctions/interpreter.ts';
import { createTemplate } from '../../src/platform/twin/stepfunctions/template.ts';
import { distributorStage, task } from '../unit/distributor/stage.ts';

const folder = join(import.meta.dirname, '..', '..', 'statemachines');
const targets = {
  'scale-ecs-service': {
    substitutions: { Cluster: 'agents', Service: 'workers', Min: '0', Max: '3' },
    resource: 'arn:aws:states:::aws-sdk:ecs:updateService',
    call: (count: number) => ({ Cluster: 'agents', Service: 'workers', DesiredCount: count }),
  },
  'scale-lambda': {
    substitutions: { FunctionName: 'worker', Min: '1', Max: '3' },
    resource: 'arn:aws:states:::aws-sdk:lambda:putFunctionConcurrency',
    call: (count: number) => ({ FunctionName: 'worker', ReservedConcurrentExecutions: count }),
  },
} as const;

/** The pool's own row in the twin, and services that note what they were told; the first call of each kind may fail. */
function scaling(name: keyof typeof targets, failures = 0) {
  const stage = distributorStage();
  const { substitutions, resource } = targets[name];
  const text = readFileSync(join(folder, `${name}.asl.json`), 'utf8');
  const machine = readDefinition(text, { ...substitutions, Table: 'cadre', Pool: 'default' });
  const calls: unknown[] = [];
  let left = failures;
  const random = { next: () => 0.5, below: () => 0, hex: () => 'f' };
  const { clock } = stage.cloud;
  const run = async () =>
    clock.drive(
      interpret(
        machine,
        { detail: { data: { desired: 99 } } },
        {
          ...{ clock, template: createTemplate(() => clock.now(), random as never), onState: () => undefined },
          ...{ newToken: () => '', forgetToken: () => undefined, stopped: new Promise<never>(() => undefined) },
          execution: { Id: 'e', Name: 'e', Input: {}, StartTime: '' },
          runTask: async (called, args) => {
            if (left > 0) {
              left -= 1;
              throw new Error('throttled');
            }
            if (called === 'arn:aws:states:::dynamodb:getItem') {
              const { TableName, Key } = args as { TableName: string; Key: Record<'pk' | 'sk', { S: string }> };
              const found = await stage.cloud.clients.dynamodb.send(
                new GetCommand({ TableName, Key: { pk: Key.pk.S, sk: Key.sk.S }, ConsistentRead: true }),
              );
              // The service speaks DynamoDB's own JSON.
              const desired = found.Item?.['desired_agents'] as number | undefined;
              return desired === undefined ? {} : { Item: { desired_agents: { N: String(desired) } } };
            }
            expect(called).toBe(resource);
            calls.push(args);
            return {};
          },
        },
      ),
    );
  const pulse = () => runPulse(stage.deps, { pool: 'default' });
  return { ...stage, run, pulse, calls, call: targets[name].call };
}

describe('agents that are scaled with the work', () => {
  it.each(['scale-ecs-service', 'scale-lambda'] as const)(
    '%s comes from nothing with the first task and goes back when the work is done, whatever the event said',
    async (name) => {
      const { accept, pulse, run, calls, call, deps, clock } = scaling(name);
      await run();
      await accept(task());
      await pulse();
      await run();
      const row = (await deps.tasks.get(['t1']))[0]!;
      await deps.tasks.change([
        { task_id: row.task_id, expect: { status: 'Queued', attempt: 0 }, patch: { status: 'Cancelled' }, index: null },
      ]);
      await pulse();
      clock.now += desiredHoldMs;
      await pulse();
      await run();
      const least = name === 'scale-lambda' ? 1 : 0;
      expect(calls).toEqual([call(least), call(1), call(least)]);
    },
  );

  it('stays within its bounds', async () => {
    const { deps, run, calls, call } = scaling('scale-ecs-service');
    await deps.agents.desire({ pool: 'default' }, { agents: 50 });
    await run();
    expect(calls).toEqual([call(3)]);
  });

  it('tries again what a service throttled', async () => {
    const { run, calls, call } = scaling('scale-ecs-service', 2);
    await run();
    expect(calls).toEqual([call(0)]);
  });
});
