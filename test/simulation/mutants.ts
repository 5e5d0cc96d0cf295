import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { slotsMax } from '../../src/contracts/limits.ts';
import type { TaskRow } from '../../src/contracts/rows.ts';
import type { TaskChange } from '../../src/distributor/core/tasks/task-change.ts';
import type { TaskStore } from '../../src/distributor/ports.ts';
import { taskItem } from '../../src/platform/aws/distributor/task-rows.ts';
import type { Adapters, Clients } from '../../src/platform/aws/deployment.ts';
import type { WorkflowStore } from '../../src/workflow/ports.ts';
import { withoutSharedReservations } from './shared-rounds.ts';
import type { Mutant } from './mutant.ts';
import { workflowMutants } from './workflow-mutants.ts';

const table = 'cadre';

function unfenced(change: TaskChange): TaskChange {
  return { ...change, expect: { status: change.expect.status, attempt: undefined as unknown as number } };
}

/** Stores whose changes are checked by status only: the fence is gone. */
function withoutFence(adapters: Adapters): Adapters {
  const { tasks, workflows } = adapters;
  return {
    ...adapters,
    tasks: { ...tasks, change: (changes) => tasks.change(changes.map(unfenced)) },
    workflows: {
      ...workflows,
      advance: (advance) => workflows.advance({ ...advance, changes: advance.changes.map(unfenced) }),
    },
  };
}

/** The advance in pieces, each its own write: a crash in between tears them apart. */
function splitAdvance(store: WorkflowStore, tasks: TaskStore): WorkflowStore {
  return {
    ...store,
    advance: async (advance) => {
      const changed = await tasks.change(advance.changes);
      const refused = changed.flatMap((result, index) =>
        result.applied ? [] : [{ index, ...(result.current === undefined ? {} : { current: result.current }) }],
      );
      if (refused.length > 0) return { head: false, changes: refused };
      const conflict = await store.advance({ ...advance, changes: [], started: [] });
      if (conflict !== undefined) return conflict;
      await tasks.insert(advance.started);
      return undefined;
    },
  };
}

/** Rounds see the policy without a part of it. */
function withoutPart(part: 'rules' | 'reservations'): NonNullable<Mutant['spoil']> {
  return ({ agents, ...adapters }) => ({
    ...adapters,
    agents: {
      ...agents,
      pool: async (name) => {
        const { policy, ...rows } = await agents.pool(name);
        if (policy === undefined) return rows;
        const { [part]: _left, ...document } = policy.document;
        return { ...rows, policy: { ...policy, document } };
      },
    },
  });
}

/** The head written whatever its version is by now: the other writer's advance is lost. */
function blindAdvance(store: WorkflowStore): WorkflowStore {
  return {
    ...store,
    advance: async (advance) => {
      const conflict = await store.advance(advance);
      if (conflict?.head !== true) return conflict;
      const current = await store.head(advance.head.workflow_id);
      const seq = (current?.seq ?? 0) + 1;
      return store.advance({ ...advance, head: { ...advance.head, seq }, event: { ...advance.event, seq } });
    },
  };
}

/** Rows are put, not inserted: a repeated submission starts its task anew. */
function overwriting(store: TaskStore, { dynamodb }: Pick<Clients, 'dynamodb'>): TaskStore {
  const insert = async (rows: readonly TaskRow[]) => {
    await Promise.all(rows.map((row) => dynamodb.send(new PutCommand({ TableName: table, Item: taskItem(row) }))));
    return rows.map(() => undefined);
  };
  return { ...store, insert };
}

/** Tasks as somebody sees them who knows nothing of second runs, and writes without their fence. */
function unhedged(adapters: Adapters): Adapters {
  const { tasks, workflows } = adapters;
  const blind = (change: TaskChange): TaskChange => {
    const { hedges: _unseen, ...expect } = change.expect;
    // What hedges is left as it is, or nothing would ever be hedged.
    return change.patch.hedge === undefined ? { ...change, expect } : change;
  };
  const hide = (row: TaskRow | undefined): TaskRow | undefined => {
    if (row === undefined) return undefined;
    const { hedge: _second, hedges: _counted, ...rest } = row;
    return rest;
  };
  return {
    ...adapters,
    tasks: {
      ...tasks,
      get: async (ids) => (await tasks.get(ids)).map(hide),
      change: (changes) => tasks.change(changes.map(blind)),
    },
    workflows: {
      ...workflows,
      advance: (advance) => workflows.advance({ ...advance, changes: advance.changes.map(blind) }),
    },
  };
}

export const mutants: readonly Mutant[] = [
  {
    name: 'no-fence',
    mistake: 'writes after a claim do not carry the fencing token',
    spoil: withoutFence,
  },
  {
    name: 'split-transaction',
    mistake: 'a workflow advances in several writes',
    spoil: (adapters) => ({ ...adapters, workflows: splitAdvance(adapters.workflows, adapters.tasks) }),
  },
  { name: 'no-reconciler', mistake: 'no pulse reads the table', withoutPulse: true },
  {
    name: 'no-idempotency-key',
    mistake: 'a repeated submission overwrites its task',
    spoil: (adapters, clients) => ({ ...adapters, tasks: overwriting(adapters.tasks, clients) }),
  },
  {
    name: 'acknowledge-before-commit',
    mistake: 'messages are deleted even when the work failed',
    acknowledgesFirst: true,
  },
  { name: 'agent-clock', mistake: 'leases are renewed by the clock of the agent', agentClockMs: 600_000 },
  {
    name: 'blind-head-write',
    mistake: "a workflow's head is written without its version",
    spoil: (adapters) => ({ ...adapters, workflows: blindAdvance(adapters.workflows) }),
  },
  {
    name: 'register-revives',
    mistake: 'a killed agent that starts anew gets work again',
    spoil: (adapters) => ({
      ...adapters,
      agents: {
        ...adapters.agents,
        register: async (row) => {
          await adapters.agents.revive(row.pool, row.agent_id);
          return adapters.agents.register(row);
        },
      },
    }),
  },
  {
    name: 'uncounted-holds',
    mistake: 'a hold does not note the limits that it counts against',
    spoil: ({ agents, ...adapters }) => ({
      ...adapters,
      agents: {
        ...agents,
        reserve: (pool, agent_id, holds, ...rest) => {
          const uncounted = Object.entries(holds).map(([key, { limits: _limits, ...hold }]) => [key, hold] as const);
          return agents.reserve(pool, agent_id, Object.fromEntries(uncounted), ...rest);
        },
      },
    }),
  },
  {
    name: 'reserves-nothing',
    mistake: 'a hold does not note what it reserves of a budget',
    spoil: ({ agents, ...adapters }) => ({
      ...adapters,
      agents: {
        ...agents,
        reserve: (pool, agent_id, holds, ...rest) => {
          const free = Object.entries(holds).map(([key, { reserved: _reserved, ...hold }]) => [key, hold] as const);
          return agents.reserve(pool, agent_id, Object.fromEntries(free), ...rest);
        },
      },
    }),
  },
  {
    name: 'batches-unfenced',
    mistake: 'a batch is reserved although another round gave the agent one since it was read',
    spoil: ({ agents, ...adapters }) => ({
      ...adapters,
      agents: {
        ...agents,
        reserve: async (pool, agent_id, holds, occupiedMax, more = {}) => {
          const { batches } = more;
          if (batches === undefined) return agents.reserve(pool, agent_id, holds, occupiedMax, more);
          const was = (await agents.get(pool, agent_id))?.batches;
          const moved = (was ?? 0) - (batches.was ?? 0);
          const renumbered = Object.entries(holds).map(([key, { batch = 0, ...hold }]) => [
            key,
            { ...hold, batch: batch + moved },
          ]);
          const blind = { ...more, batches: { ...batches, was, is: batches.is + moved } };
          return agents.reserve(pool, agent_id, Object.fromEntries(renumbered) as typeof holds, slotsMax, blind);
        },
      },
    }),
  },
  {
    name: 'unreserved-share',
    mistake: 'whoever hands out a share of a round takes its slots for reserved',
    spoil: withoutSharedReservations,
  },
  {
    name: 'blind-mark',
    mistake: 'a key is taken although somebody took it since it was looked at',
    spoil: ({ tasks, ...adapters }) => ({
      ...adapters,
      tasks: {
        ...tasks,
        insertMarked: async (row, key) => {
          const now = await tasks.mark(row.pool, key.mark.name);
          return tasks.insertMarked(row, { ...key, was: now?.task_id });
        },
      },
    }),
  },
  {
    name: 'unseen-hedge',
    mistake: 'whoever settles an attempt does not look whether another run of the task goes on',
    spoil: unhedged,
  },
  {
    name: 'no-gate',
    mistake: 'a round starts work under limits although another one has since it read the pool',
    spoil: (adapters) => ({ ...adapters, agents: { ...adapters.agents, pass: async () => true } }),
  },
  {
    name: 'forgotten-shares',
    mistake: 'a round does not note how far those have come who share the pool',
    spoil: ({ agents, ...adapters }) => ({
      ...adapters,
      agents: { ...agents, pass: (pool, { served: _served, ...rest }) => agents.pass(pool, rest) },
    }),
  },
  {
    name: 'unnoted-reservation',
    mistake: 'a hold does not note for whom its slot is kept',
    spoil: ({ agents, ...adapters }) => ({
      ...adapters,
      agents: {
        ...agents,
        reserve: (pool, agent_id, holds, ...rest) => {
          const open = Object.entries(holds).map(([key, { reservation: _kept, ...hold }]) => [key, hold] as const);
          return agents.reserve(pool, agent_id, Object.fromEntries(open), ...rest);
        },
      },
    }),
  },
  {
    name: 'unseen-reservation',
    mistake: 'a round does not look for whom slots are kept',
    spoil: withoutPart('reservations'),
  },
  {
    name: 'unruled',
    mistake: 'a round does not look which agents a rule keeps from a task',
    spoil: withoutPart('rules'),
  },
  {
    name: 'unmarked-wait',
    mistake: 'a round does not mark the agents that tasks wait for',
    spoil: ({ agents, ...adapters }) => ({ ...adapters, agents: { ...agents, want: async () => true } }),
  },
  {
    name: 'hurried-escalation',
    mistake: 'what escalates is due as if it had been submitted so',
    spoil: (adapters) => {
      const { tasks } = adapters;
      const hurried = (change: TaskChange): TaskChange => {
        if (typeof change.patch.escalated_from !== 'string' || change.index?.partition.startsWith('READY') !== true)
          return change;
        const [level, due = '', ...rest] = change.index.key.split('#');
        const sooner = new Date(Date.parse(due) - 60_000).toISOString();
        return { ...change, index: { ...change.index, key: [level, sooner, ...rest].join('#') } };
      };
      return { ...adapters, tasks: { ...tasks, change: (changes) => tasks.change(changes.map(hurried)) } };
    },
  },
  {
    name: 'lost-escalation',
    mistake: 'no pulse lets a level rise',
    spoil: (adapters) => {
      const { tasks } = adapters;
      const isStep = ({ patch }: TaskChange): boolean =>
        typeof patch.escalated_from === 'string' && patch.status === undefined && patch.deadline === undefined;
      return {
        ...adapters,
        tasks: {
          ...tasks,
          change: async (changes) => {
            const changed = (await tasks.change(changes.filter((change) => !isStep(change)))).values();
            return changes.map((change) => (isStep(change) ? { applied: true } : changed.next().value!));
          },
        },
      };
    },
  },
  {
    name: 'no-ageing',
    mistake: 'what is due behind a cut head is not looked for',
    spoil: (adapters) => ({ ...adapters, tasks: { ...adapters.tasks, due: async () => [] } }),
  },
  ...workflowMutants,
];
