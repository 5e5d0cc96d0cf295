import { createHash } from 'node:crypto';
import type { ApiDeps } from '../../src/api/ports.ts';
import { refused } from '../../src/contracts/errors.ts';
import type { AgentRow, DeadLetterRow, RouteRow, TaskRow } from '../../src/contracts/rows.ts';

/** Epoch ms at which every request of a test arrives. */
export const now = Date.parse('2026-03-01T12:00:00.000Z');

/** The ports that the API's tests need, over maps: no conditions beyond those that a single caller can meet. */
export function memoryDeps() {
  const tasks = new Map<string, TaskRow>();
  const agents = new Map<string, AgentRow>();
  const routes = new Map<string, RouteRow>();
  const letters = new Map<string, DeadLetterRow>();
  const blobs = new Map<string, string>();
  const resent: string[] = [];
  let ids = 0;

  const fakes = {
    sources: {
      now: () => now,
      random: () => 0.5,
      id: () => `id-${++ids}`,
      hash: (text: string) => createHash('sha256').update(text).digest('hex'),
    },
    tasks: {
      insert: async (rows: readonly TaskRow[]) =>
        rows.map((row) => {
          const before = tasks.get(row.task_id);
          if (before === undefined) tasks.set(row.task_id, row);
          return before;
        }),
      get: async (wanted: readonly string[]) => wanted.map((id) => tasks.get(id)),
      change: async (changes: readonly { task_id: string; patch: object }[]) =>
        changes.map(({ task_id, patch }) => {
          const row = tasks.get(task_id);
          if (row === undefined) return { applied: false };
          tasks.set(task_id, { ...row, ...patch });
          return { applied: true };
        }),
      list: async ({ status, limit, cursor }: { status?: string; limit: number; cursor?: string }) => {
        const all = [...tasks.values()].filter((row) => status === undefined || row.status === status);
        const start = Number(cursor ?? 0);
        const end = start + limit;
        return { items: all.slice(start, end), ...(end < all.length ? { cursor: String(end) } : {}) };
      },
    },
    agents: {
      pool: async (pool: string) => ({
        pool,
        armed_until: 0,
        agents: [...agents.values()],
        routes: [...routes.values()],
      }),
      get: async (_pool: string, id: string) => agents.get(id),
      register: async (row: AgentRow) => {
        const before = agents.get(row.agent_id);
        if (before !== undefined && before.principal !== row.principal) return refused('agent-conflict');
        agents.set(row.agent_id, row);
        return { ok: true, value: row };
      },
      remove: async (_pool: string, id: string) => agents.delete(id),
      drain: async () => undefined,
      admission: async () => ({ full: {} }),
      addRoutes: async (rows: readonly RouteRow[]) => {
        for (const row of rows) routes.set(row.route, row);
      },
      release: async (_pool: string, id: string) => agents.get(id),
      stop: async (_pool: string, id: string, stopped: AgentRow['stopped']) => {
        const row = agents.get(id);
        return row && agents.set(id, { ...row, stopped } as AgentRow).get(id);
      },
      revive: async (_pool: string, id: string) => {
        const { stopped: _stop, ...row } = agents.get(id) ?? {};
        return agents.has(id) ? agents.set(id, row as AgentRow).get(id) : undefined;
      },
    },
    namespaces: { killed: async () => new Map() },
    policies: { head: async () => undefined },
    messenger: {
      hint: async () => undefined,
      send: async () => undefined,
      ticks: async () => undefined,
      announce: async () => undefined,
    },
    inboxes: { create: async (id: string) => `https://sqs/inbox-${id}`, remove: async () => undefined },
    deadLetters: {
      get: async (id: string) => letters.get(id),
      remove: async (id: string) => void letters.delete(id),
      resend: async (row: DeadLetterRow) => void resent.push(row.id),
      list: async () => ({
        items: [
          ...[...tasks.values()]
            .filter((row) => row.status === 'Failed')
            .map((row) => ({ kind: 'task' as const, id: row.task_id, at: row.queued_at })),
          ...[...letters.values()].map((row) => ({ kind: 'message' as const, id: row.id, at: row.at })),
        ],
      }),
    },
    blobs: {
      put: async (owner: string, text: string) => {
        blobs.set(`blobs/${owner}`, text);
        return { key: `blobs/${owner}`, bytes: Buffer.byteLength(text) };
      },
      get: async (key: string) => blobs.get(key) ?? '',
    },
    addresses: { results_url: 'https://sqs/results.fifo', heartbeats_url: 'https://sqs/heartbeats', bucket: 'bucket' },
    queueSizes: {
      list: async () => [
        { id: 'tasks-low', type: 'standard' as const, current_size: 2, max_size: 0, priority_level: 'low' as const },
      ],
    },
  };
  // The fakes answer the calls that these tests make; a call they do not know fails the test by its name.
  return { deps: fakes as unknown as ApiDeps, tasks, agents, letters, blobs, resent };
}
