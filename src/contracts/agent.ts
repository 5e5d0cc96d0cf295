import * as z from 'zod';
import { agentId, capabilityList, taskId, timestamp } from './ids.ts';
import { slotsMax } from './limits.ts';

/** What an agent says about itself when it registers. `capacity` is its number of slots: tasks it runs at the same time. */
export const agentRegistration = z.strictObject({
  agent_id: agentId,
  type: z.string().min(1).max(64),
  capabilities: capabilityList,
  capacity: z.int().min(1).max(slotsMax),
});
export type AgentRegistration = z.infer<typeof agentRegistration>;

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

/** An agent as every surface shows it. Scores and rates are shares (0 to 1). */
export const agentView = z.strictObject({
  id: agentId,
  type: z.string(),
  capabilities: capabilityList,
  capacity: z.int(),
  capacity_score: z.number().min(0).max(1),
  performance_score: z.number().min(0).max(1),
  utilization_rate: z.number().min(0).max(1),
  status: agentStatus,
  last_heartbeat: timestamp,
  current_tasks: z.array(taskId),
});
export type AgentView = z.infer<typeof agentView>;

/** A queue as every surface shows it. `current_size` counts waiting messages or tasks, `max_size` 0 means no limit. */
export const queueView = z.strictObject({
  id: z.string(),
  type: z.enum(['ready', 'standard', 'fifo', 'dead-letter', 'inbox']),
  current_size: z.int().nonnegative(),
  max_size: z.int().nonnegative(),
  priority_level: z.enum(['critical', 'high', 'medium', 'low', 'all']),
});
export type QueueView = z.infer<typeof queueView>;
