import * as z from 'zod';
import { agentId, capability, capabilityList, ownKey, taskId, taskType, timestamp } from '../ids.ts';
import {
  batchBytesMax,
  batchTasksMax,
  batchWaitMsMax,
  batchWaitMsMin,
  labelsMax,
  maintenanceWindowsMax,
  slotsMax,
} from '../limits.ts';

/** Facts about an agent that routing policies match on, for example `{ "region": "eu-central-1" }`. */
export const labels = z
  .record(ownKey(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$/, 'not a label name')), z.string().max(128))
  .refine((all) => Object.keys(all).length <= labelsMax, `at most ${labelsMax} labels`);

/** A time in which an agent gets no new work; what it holds it may finish. */
export const maintenanceWindow = z
  .strictObject({ from: timestamp, until: timestamp })
  .refine(({ from, until }) => Date.parse(from) < Date.parse(until), {
    error: 'ends before it begins',
    path: ['until'],
  });

/** The batches that an agent takes: small tasks of one kind, handed out together, that it runs in one of its slots. */
export const batchTraits = z.strictObject({
  /** Tasks of one batch. */
  tasks_max: z.int().min(2).max(batchTasksMax),
  /** Bytes of their payloads together; what has more, or comes by reference, is a batch of its own. @default 262144 */
  bytes_max: z.int().min(1).max(batchBytesMax).optional(),
  /** How long the first may wait for company, never longer than half of the time to its deadline. Absent: what waits at the moment goes. */
  wait_ms: z.int().min(batchWaitMsMin).max(batchWaitMsMax).optional(),
});
export type BatchTraits = z.infer<typeof batchTraits>;

/** What an agent says about itself when it registers. `capacity` is its number of slots: tasks it runs at the same time. */
export const agentRegistration = z
  .strictObject({
    agent_id: agentId,
    type: z.string().min(1).max(64),
    capabilities: capabilityList,
    capacity: z.int().min(1).max(slotsMax),
    labels: labels.optional(),
    /** What an hour of one of its slots costs, in dollars. */
    usd_per_hour: z.number().min(0).max(1_000_000).optional(),
    /** True: it begins with one slot and gets another with each task that it completes, until all its capacity is open. */
    warm_up: z.boolean().optional(),
    maintenance: z.array(maintenanceWindow).max(maintenanceWindowsMax).optional(),
    batch: batchTraits.optional(),
  })
  .refine(({ capacity, batch }) => batch === undefined || capacity * batch.tasks_max <= slotsMax, {
    error: `the batches of all slots have more than ${slotsMax} tasks`,
    path: ['batch', 'tasks_max'],
  });
export type AgentRegistration = z.infer<typeof agentRegistration>;
/** What an agent may leave out of its registration. */
export type AgentTraits = Pick<AgentRegistration, 'labels' | 'usd_per_hour' | 'warm_up' | 'maintenance'>;

/** What the agent is told: where its work comes from and where its results and heartbeats go. */
export const agentGrant = z.strictObject({
  agent_id: agentId,
  pool: z.string(),
  inbox_url: z.string(),
  results_url: z.string(),
  heartbeats_url: z.string(),
  bucket: z.string(),
  heartbeat_interval_ms: z.int(),
  idle_heartbeat_interval_ms: z.int(),
});
export type AgentGrant = z.infer<typeof agentGrant>;

export const agentStatuses = ['Active', 'Busy', 'Idle', 'Unavailable', 'Degraded'] as const;
export const agentStatus = z.enum(agentStatuses);
export type AgentStatus = z.infer<typeof agentStatus>;

/** Drained: no new work, what it holds it may finish. Killed: no new work, and what it holds is taken from it. */
export const agentStops = ['drained', 'killed'] as const;

/** How an agent was stopped, by whom and why. It stays so until it is revived, also when it registers anew. */
export const agentStop = z.strictObject({
  how: z.enum(agentStops),
  at: timestamp,
  by: z.string(),
  reason: z.string(),
});
export type AgentStop = z.infer<typeof agentStop>;

/** What is known of an agent's recent work of one task type; older work counts less. `usd` is per completed task. */
export const typeFigures = z.strictObject({
  completed: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  p50_ms: z.number().nonnegative().optional(),
  p95_ms: z.number().nonnegative().optional(),
  usd: z.number().nonnegative().optional(),
});

/** An agent as every surface shows it. Scores and rates are shares (0 to 1). */
export const agentView = z.strictObject({
  id: agentId,
  type: z.string(),
  capabilities: capabilityList,
  capacity: z.int(),
  capacity_score: z.number().min(0).max(1),
  performance_score: z.number().min(0).max(1),
  /** Of its slots those that are in use now. */
  utilization_rate: z.number().min(0).max(1),
  /** Slots in use: what it runs as a batch has one together. */
  busy_slots: z.int().nonnegative(),
  /** Slots that may be filled now: one of an agent that is Degraded. */
  free_slots: z.int().nonnegative(),
  /** Tasks completed an hour, since it registered last. */
  throughput_per_hour: z.number().nonnegative(),
  /** Share of its slots' time since it registered last that was work, as it said. */
  utilization: z.number().min(0).max(1),
  status: agentStatus,
  last_heartbeat: timestamp,
  current_tasks: z.array(taskId),
  labels: labels.optional(),
  usd_per_hour: z.number().optional(),
  maintenance: z.array(maintenanceWindow).optional(),
  batch: batchTraits.optional(),
  stopped: agentStop.optional(),
  /** Tasks it ended since it first registered. */
  completed: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  figures: z.record(taskType, typeFigures),
});
export type AgentView = z.infer<typeof agentView>;

/**
 * Who offers a capability, and what waits for it. `slots` and `free` are those of the available agents; `waiting` counts tasks that require it, whatever else they require (of 1,000 that
 * wait).
 */
export const capabilityView = z.strictObject({
  capability,
  agents: z.int().nonnegative(),
  available: z.int().nonnegative(),
  slots: z.int().nonnegative(),
  free: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
});
export type CapabilityView = z.infer<typeof capabilityView>;

/** A queue as every surface shows it. `current_size` counts waiting messages or tasks, `max_size` 0 means no limit. */
export const queueView = z.strictObject({
  id: z.string(),
  type: z.enum(['ready', 'standard', 'fifo', 'dead-letter', 'inbox']),
  current_size: z.int().nonnegative(),
  max_size: z.int().nonnegative(),
  priority_level: z.enum(['critical', 'high', 'medium', 'low', 'all']),
});
export type QueueView = z.infer<typeof queueView>;
