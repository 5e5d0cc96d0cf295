import { createAgent } from '../../src/sdk/agent/create-agent.ts';
import type { Handler } from '../../src/sdk/agent/handler.ts';
import type { AgentGrant, AgentRegistration } from '../../src/contracts/distributor/agent.ts';
import type {
  Assignment,
  Cancellation,
  Heartbeat,
  Preemption,
  ResultBatch,
  TaskResult,
} from '../../src/contracts/messages.ts';
import { createVirtualClock } from '../../src/platform/twin/virtual-clock.ts';
import type { AgentDeps, OutgoingMessage, ReceivedMessage } from '../../src/sdk/agent/ports.ts';
import { patient } from '../../src/sdk/clock.ts';

/** What the deployment tells every agent on this stage. */
export const grant: AgentGrant = {
  agent_id: 'agent-1',
  pool: 'default',
  inbox_url: 'https://sqs/inbox',
  results_url: 'https://sqs/results.fifo',
  heartbeats_url: 'https://sqs/heartbeats',
  bucket: 'bucket',
  heartbeat_interval_ms: 3_000,
  idle_heartbeat_interval_ms: 30_000,
};

/** Everything around one agent, in virtual time: its inbox, what it sent and what it stored. */
export function agentStage() {
  const clock = createVirtualClock();
  const inbox: ReceivedMessage[] = [];
  const received: number[] = [];
  const sent: { url: string; at: number; messages: readonly OutgoingMessage[] }[] = [];
  const registrations: AgentRegistration[] = [];
  const deregistered: string[] = [];
  const blobs = new Map<string, string>();
  const faults = { sends: 0, receives: 0 };
  let arrived = new AbortController();

  const deps: AgentDeps = {
    clock: patient(clock),
    contexts: () => {
      throw new Error('no documents are on this stage');
    },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    api: {
      register: async (registration) => {
        registrations.push(registration);
        return { ...grant, agent_id: registration.agent_id };
      },
      deregister: async (id) => {
        deregistered.push(id);
      },
    },
    s3: {
      get: async (_bucket, key) => blobs.get(key) ?? Promise.reject(new Error('NoSuchKey')),
      put: async (_bucket, key, text) => {
        blobs.set(key, text);
      },
    },
    sqs: {
      async receive(_url, { max, waitSeconds, signal }) {
        if (faults.receives > 0) {
          faults.receives -= 1;
          throw new Error('ServiceUnavailable');
        }
        received.push(max);
        if (inbox.length === 0) {
          await patient(clock).sleep(waitSeconds * 1_000, AbortSignal.any([signal, arrived.signal]));
        }
        return signal.aborted ? [] : inbox.splice(0, max);
      },
      async send(url, messages) {
        if (faults.sends > 0) {
          faults.sends -= 1;
          throw new Error('ServiceUnavailable');
        }
        sent.push({ url, at: clock.now(), messages });
        return [];
      },
    },
  };

  const deliver = (...messages: unknown[]) => {
    for (const message of messages) {
      inbox.push({ body: typeof message === 'string' ? message : JSON.stringify(message) });
    }
    arrived.abort();
    arrived = new AbortController();
  };
  const bodies = (url: string) =>
    sent.filter((call) => call.url === url).flatMap((call) => call.messages.map((message) => message.body));
  return {
    clock,
    deps,
    deliver,
    received,
    sent,
    registrations,
    deregistered,
    blobs,
    faults,
    batches: () => bodies(grant.results_url).map((body) => JSON.parse(body) as ResultBatch),
    results: (): TaskResult[] => bodies(grant.results_url).flatMap((body) => (JSON.parse(body) as ResultBatch).results),
    beats: () => bodies(grant.heartbeats_url).map((body) => JSON.parse(body) as Heartbeat),
    /** Lets virtual time go by. */
    async pass(ms: number) {
      await clock.drive(clock.sleep(ms));
    },
  };
}

/** An assignment of a task; it times out after a minute. */
export function assign(task_id: string, over: Partial<Assignment> = {}): Assignment {
  return {
    kind: 'assign',
    pool: 'default',
    task_id,
    task_type: 'demo',
    priority: 'medium',
    attempt: 1,
    until: new Date(1_767_225_600_000 + 60_000).toISOString(),
    payload: { n: 1 },
    ...over,
  };
}

/** A cancellation of an attempt. */
export function cancel(task_id: string, attempt = 1): Cancellation {
  return { kind: 'cancel', task_id, attempt, reason: 'cancelled by its submitter' };
}

/** A wish that an attempt makes way. */
export function preempt(task_id: string, attempt = 1): Preemption {
  return { kind: 'preempt', task_id, attempt, reason: 'a critical task waits' };
}

/** Starts an agent on a stage of its own, or on this one. */
export async function startAgent(handler: Handler, slots = 1, stage = agentStage()) {
  const agent = createAgent({
    id: 'agent-1',
    type: 'demo',
    capabilities: ['demo'],
    slots,
    handler,
    deps: stage.deps,
  });
  await stage.clock.drive(agent.start());
  return { agent, stage };
}

/** A handler that takes so long, unless it is told to stop. */
export const sleeper =
  (ms: number, stage: ReturnType<typeof agentStage>): Handler =>
  async (task, { signal }) => {
    await stage.deps.clock.sleep(ms, signal);
    return task.payload;
  };
