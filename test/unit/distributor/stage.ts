import type { AgentRegistration } from '../../../src/contracts/distributor/agent.ts';
import type { Announcement } from '../../../src/contracts/events.ts';
import type { DispatchHint, InboxMessage } from '../../../src/contracts/messages.ts';
import type { AgentRow, TaskRow } from '../../../src/contracts/rows.ts';
import type { Task } from '../../../src/contracts/distributor/task.ts';
import type { Shard } from '../../../src/distributor/core/dispatch/shards.ts';
import type { DistributorDeps, WorkflowTasks } from '../../../src/distributor/ports.ts';
import { acceptTasks } from '../../../src/distributor/usecases/submit/accept-tasks.ts';
import { dispatchTasks } from '../../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import { registerAgent } from '../../../src/distributor/usecases/agents/register-agent.ts';
import { s3Objects } from '../../../src/platform/aws/objects.ts';
import { createAdapters, machineSources } from '../../../src/platform/aws/runtime.ts';
import { createWakers } from '../../../src/platform/aws/wakers.ts';
import { indexedAttributes, indexName } from '../../../src/platform/aws/keys.ts';
import type { TableSchema } from '../../../src/platform/twin/dynamodb/table.ts';
import { createTwinCloud } from '../../../src/platform/twin/twin-cloud.ts';
import { startMs } from './rows.ts';
import { bareDeployment } from '../../support/bare-deployment.ts';

/** A task as a user submits it. */
export function task(over: Partial<Task> = {}): Task {
  return {
    task_id: 't1',
    task_type: 'demo',
    priority: 'medium',
    required_capabilities: [],
    payload: { n: 1 },
    ...over,
  };
}

/** The table with the index as it is deployed: what the index does not project, a decision does not see. */
export const cadreTable: TableSchema = {
  name: 'cadre',
  pk: 'pk',
  sk: 'sk',
  indexes: [{ name: indexName, pk: 'gsi1pk', sk: 'gsi1sk', projection: [...indexedAttributes] }],
};

/** What the use cases told others, in its order. */
function recorder() {
  const told = {
    hints: [] as DispatchHint[],
    shards: [] as Shard[],
    relayed: [] as { readonly body: string; readonly group: string; readonly deduplication: string }[],
    sent: [] as { readonly inbox_url: string; readonly message: InboxMessage }[],
    ticks: [] as number[][],
    events: [] as Announcement[],
  };
  /** The leases that were sent, alone or in batches. */
  const leases = () =>
    told.sent.flatMap(({ inbox_url, message }) => {
      const list = message.kind === 'assign' ? [message] : message.kind === 'batch' ? message.tasks : [];
      return list.map((lease) => ({ ...lease, inbox_url }));
    });
  const messenger: DistributorDeps['messenger'] = {
    hint: async (hints) => void told.hints.push(...hints),
    share: async (_pool, shards) => told.shards.push(...shards) > 0,
    send: async (messages) => void told.sent.push(...messages),
    relay: async (messages) => void told.relayed.push(...messages),
    ticks: async (_pool, delays) => delays.length === 0 || told.ticks.push([...delays]) > 0,
    retrySoon: async () => undefined,
    announce: async (events) => void told.events.push(...events),
  };
  const forget = () => Object.values(told).forEach((list) => list.splice(0));
  return { told: { ...told, leases }, messenger, forget };
}

/** The use cases on the real stores in the twin; messages are only noted, and time stands still until it is moved. */
export function distributorStage(workflowTasks: Partial<WorkflowTasks> = {}) {
  const cloud = createTwinCloud({ startMs, tables: [cadreTable], buckets: ['bucket'] });
  const clock = { now: startMs };
  let ids = 0;
  const sources = { ...machineSources, now: () => clock.now, random: () => 0, id: () => `id-${++ids}` };
  const { told, messenger, forget } = recorder();
  const log = { warn: () => undefined };
  const adapters = createAdapters(
    { ...cloud.clients, objects: s3Objects(cloud.clients.s3) },
    bareDeployment,
    sources,
    log,
  );
  const deps: DistributorDeps = {
    ...adapters,
    messenger,
    addresses: { results_url: 'results', heartbeats_url: 'heartbeats', bucket: 'bucket' },
    wakers: createWakers({ ...adapters, messenger }),
    workflowTasks: {
      resume: async () => 0,
      overdraw: async () => undefined,
      cancel: async () => undefined,
      fail: async () => undefined,
      settle: async () => ({ outcomes: [], hints: [], announcements: [] }),
      ...workflowTasks,
    },
  };
  const row = async (task_id: string): Promise<TaskRow> => (await deps.tasks.get([task_id]))[0]!;
  const agent = async (agent_id: string): Promise<AgentRow> => (await deps.agents.get('default', agent_id))!;
  return {
    cloud,
    deps,
    told,
    forget,
    clock,
    row,
    agent,
    /** Registers an agent whose principal is `principal-<id>`. */
    join: async (agent_id: string, over: Partial<AgentRegistration> = {}) => {
      const registration = { agent_id, type: 'worker', capabilities: [], capacity: 1, ...over };
      return registerAgent(deps, { registration, principal: `principal-${agent_id}` });
    },
    accept: (...tasks: readonly Task[]) => acceptTasks(deps, { tasks, principal: 'user', correlation_id: 'story' }),
    dispatch: (...routes: readonly string[]) => dispatchTasks(deps, { pool: 'default', routes }),
    beat: (agent_id: string, ...holding: string[]) =>
      deps.agents.heartbeat([
        {
          beat: { pool: 'default', agent_id, holding, interval_ms: 3_000 },
          principal: `principal-${agent_id}`,
          at: new Date(clock.now).toISOString(),
          lease_until: new Date(clock.now + 7_500).toISOString(),
        },
      ]),
  };
}
