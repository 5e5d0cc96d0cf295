import { putPolicy } from '../../src/distributor/usecases/policies/change-policy.ts';
import { killNamespace, reviveNamespace } from '../../src/distributor/usecases/policies/kill-namespace.ts';
import { killTask } from '../../src/distributor/usecases/tasks/kill-task.ts';
import { reviveAgent } from '../../src/distributor/usecases/agents/revive-agent.ts';
import { stopAgent } from '../../src/distributor/usecases/agents/stop-agent.ts';
import type { Runtime } from '../../src/platform/aws/deployment.ts';
import type { WorkflowHead } from '../../src/contracts/workflow/rows.ts';
import type { TwinDeployment } from '../../src/sdk/test-cloud/twin-deployment.ts';
import { setBudget } from '../../src/workflow/usecases/steer/set-budget.ts';
import { doomed, type Scenario } from './scenario.ts';

/** Who heard nothing asks again after this time (ms). */
export const resubmitMs = 3_000;

/** An operator kills tasks and agents and revives some of these; it repeats what it heard no answer to. Answers who was to be revived so far. */
export function startOperator(api: Runtime, { cloud }: TwinDeployment, scenario: Scenario, startedAt: number) {
  const { clock } = cloud;
  const revived = new Set<string>();
  const until = async (command: () => Promise<{ readonly ok: boolean }>): Promise<void> => {
    for (;;) {
      // An agent that has not registered yet is not there to be killed.
      if ((await command().catch(() => ({ ok: false }))).ok) return;
      await clock.sleep(resubmitMs);
    }
  };
  const { policy: document } = scenario;
  if (document !== undefined) {
    const put = { pool: 'default', expected_version: 0, principal: 'operator', document };
    const heard = async () => {
      const outcome = await putPolicy(api, put);
      // A repeat of what was heard already.
      return { ok: outcome.ok || outcome.error.code === 'version-conflict' };
    };
    clock.at(startedAt, () => void until(heard));
  }
  for (const { at, agent_id, revivedAt } of scenario.kills) {
    const killed = new Promise<void>((resolve) => {
      const stop = { agent_id, how: 'killed' as const, reason: 'misbehaves', principal: 'operator' };
      clock.at(startedAt + at, () => void until(() => stopAgent(api, stop)).then(resolve));
    });
    if (revivedAt === undefined) continue;
    clock.at(startedAt + revivedAt, () => {
      void killed.then(() => {
        revived.add(agent_id);
        return until(() => reviveAgent(api, { agent_id, principal: 'operator' }));
      });
    });
  }
  const { namespaceKill } = scenario;
  if (namespaceKill !== undefined) {
    const request = { namespace: doomed, reason: 'runs wild', principal: 'operator' };
    const killed = new Promise<void>((resolve) => {
      clock.at(startedAt + namespaceKill.at, () => void until(() => killNamespace(api, request)).then(resolve));
    });
    clock.at(startedAt + namespaceKill.revivedAt, () => {
      void killed.then(() => until(async () => ({ ok: (await reviveNamespace(api, request)).killed === undefined })));
    });
  }
  for (const { at, task_id } of scenario.taskKills) {
    const request = { task_id, reason: 'does harm', principal: 'operator' };
    clock.at(startedAt + at, () => void killTask(api, request).catch(() => undefined));
  }
  // Whoever is told that a budget waits at its soft limit lets it go on.
  cloud.dynamodb.onCommit(({ changes }) => {
    for (const { before, after } of changes) {
      const { workflow_id, budget, warned } = (after ?? {}) as Partial<WorkflowHead>;
      if (after?.['sk'] !== 'HEAD' || workflow_id === undefined || warned !== true || before?.['warned'] === true)
        continue;
      if (budget?.on_soft !== 'wait') continue;
      const { soft: _soft, on_soft: _wait, ...hard } = budget;
      const approve = async () => {
        const outcome = await setBudget(api, { workflow_id, principal: 'operator', budget: hard });
        return { ok: outcome.ok || outcome.error.code === 'already-finished' };
      };
      clock.at(clock.now() + 1_000, () => void until(approve));
    }
  });
  return { isRevived: (agent_id: string) => revived.has(agent_id) };
}
