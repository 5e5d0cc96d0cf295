import type { Heartbeat, ResultBatch } from '../../src/contracts/messages.ts';
import { receiveWork } from '../../src/distributor/usecases/agents/receive-work.ts';
import { recordHeartbeats } from '../../src/distributor/usecases/agents/record-heartbeats.ts';
import { registerAgent } from '../../src/distributor/usecases/agents/register-agent.ts';
import { relayResults } from '../../src/distributor/usecases/agents/relay-results.ts';
import { deregisterAgent } from '../../src/distributor/usecases/agents/deregister-agent.ts';
import { s3Objects } from '../../src/platform/aws/objects.ts';
import { agentQueues } from '../../src/platform/aws/agent-transport.ts';
import type { Runtime } from '../../src/platform/aws/deployment.ts';
import type { Random } from '../../src/platform/twin/random.ts';
import type { AgentDeps, OutgoingMessage } from '../../src/sdk/agent/ports.ts';
import type { TwinDeployment } from '../../src/sdk/test-cloud/twin-deployment.ts';
import { AgentRunner, type AgentWork } from '../../src/sdk/agent/agent.ts';
import type { Handler } from '../../src/sdk/agent/handler.ts';
import { RetryableError, TerminalError } from '../../src/sdk/errors.ts';
import { behaviourOf, type SimulatedAgent } from './scenario.ts';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
/** Codes of the errors that simulated handlers end with of their own accord. */
export const agentsOwnErrors: ReadonlySet<string> = new Set(['flaky', 'broken']);
/** How long an agent waits before it tries again to register. */
const registerPauseMs = 500;

/** What serve-agents does for an agent that has nothing but HTTP. A call that its asker does not live to see goes on. */
function servedQueues(served: Runtime, agent_id: string, principal: string): AgentDeps['sqs'] {
  return {
    async receive(_url, { max, waitSeconds }) {
      const work = await receiveWork(served, { agent_id, principal, max, wait_seconds: waitSeconds });
      if (!work.ok) throw new Error(work.error.message);
      return work.value.map((message) => ({ body: JSON.stringify(message) }));
    },
    async send(_url, messages) {
      for (const { body } of messages) {
        const report = JSON.parse(body) as Heartbeat | ResultBatch;
        if ('results' in report) await relayResults(served, { ...report, principal });
        else await recordHeartbeats(served, [{ beat: report, principal, sent_at: served.sources.now() }]);
      }
      return [];
    },
  };
}

/** The SDK's real agent in a process of the twin that crashes and freezes. */
export function startSimulatedAgent(
  { cloud, runtime }: TwinDeployment,
  api: Runtime,
  /** `byHttp`: it has nothing but HTTP, and serve-agents works at its queues in its stead. */
  plan: SimulatedAgent & { readonly byHttp: boolean },
  random: Random,
  startedAt: number,
) {
  const { clock } = cloud;
  const principal = `agent/${plan.id}`;
  const { clients, wire } = cloud.process(principal);
  let frozenUntil = 0;
  let life = 0;

  /** A frozen process goes on where it stopped, late. */
  async function thaw(): Promise<void> {
    while (clock.now() < frozenUntil) await clock.sleep(frozenUntil - clock.now());
  }

  function regrouped(message: OutgoingMessage): OutgoingMessage {
    return message.group === undefined ? message : { ...message, group: principal };
  }

  function depsOf(own: number): AgentDeps {
    const queues = plan.byHttp ? servedQueues(runtime('serve-agents'), plan.id, principal) : agentQueues(clients.sqs);
    const whileAlive = async <T>(work: () => Promise<T>): Promise<T> => {
      await thaw();
      // An earlier life of the process is gone: what it was doing never comes back.
      if (own !== life) return new Promise<T>(() => undefined);
      return work();
    };
    return {
      sqs: {
        receive: (...args) => whileAlive(() => queues.receive(...args)),
        send: (url, messages) =>
          whileAlive(() => queues.send(url, plan.ownGroup ? messages.map((message) => regrouped(message)) : messages)),
      },
      s3: s3Objects(clients.s3),
      contexts: () => {
        throw new Error('simulated agents use no documents');
      },
      api: {
        register: async (registration) => {
          const outcome = await registerAgent(api, { registration, principal });
          if (!outcome.ok) throw new Error(outcome.error.message);
          return outcome.value;
        },
        deregister: async (agent_id) => {
          await deregisterAgent(api, { agent_id, principal });
        },
      },
      clock: {
        now: () => clock.now(),
        sleep: async (ms, signal) => {
          await clock.sleep(ms, signal).catch(() => undefined);
          await thaw();
        },
      },
      log: quiet,
    };
  }

  /** A batch lasts as long as its longest task; each of them ends as it would alone. */
  function workOf(deps: AgentDeps): AgentWork {
    const run: Handler = async (task, { signal, used }) => {
      const { ms, end, usage } = behaviourOf(random, task.task_id, task.attempt);
      await deps.clock.sleep(ms, signal);
      if (usage !== undefined) used(usage);
      if (end === 'fails') throw new RetryableError({ code: 'flaky', message: 'not this time' });
      if (end === 'refuses') throw new TerminalError({ code: 'broken', message: 'not ever' });
      return { done: task.task_id, attempt: task.attempt };
    };
    if (plan.batch === undefined) return { handler: run };
    return {
      batch: plan.batch,
      handler: async (batch) => {
        const ends = await Promise.allSettled(batch.map(async ({ task, context }) => run(task, context)));
        return ends.map((end) => (end.status === 'fulfilled' ? end.value : (end.reason as Error)));
      },
    };
  }

  async function live(): Promise<void> {
    life += 1;
    const own = life;
    wire.restart();
    const deps = depsOf(own);
    const runner = new AgentRunner({
      id: plan.id,
      type: 'simulated',
      capabilities: plan.capabilities,
      slots: plan.slots,
      deps,
      work: workOf(deps),
    });
    for (;;) {
      try {
        await runner.start();
        return;
      } catch {
        await clock.sleep(registerPauseMs);
        if (own !== life) return;
      }
    }
  }

  function crash(): void {
    life += 1;
    wire.haltAfter(0);
  }

  for (const { at, downMs } of plan.crashes) {
    clock.at(startedAt + at, crash);
    if (downMs !== undefined) clock.at(startedAt + at + downMs, () => void live());
  }
  for (const { at, forMs } of plan.freezes) clock.at(startedAt + at, () => void (frozenUntil = clock.now() + forMs));
  void live();
}
