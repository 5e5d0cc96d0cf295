import { capabilityList } from '../contracts/ids.ts';
import { batchTraits } from '../contracts/distributor/agent.ts';
import { slotsMax } from '../contracts/limits.ts';
import * as z from 'zod';

/** Agents of one kind, all alike. */
export const agentGroup = z
  .strictObject({
    count: z.int().min(1).max(100_000),
    /** Tasks at a time, or batches. */
    slots: z.int().min(1).max(slotsMax).default(1),
    /** Work per time: an agent of speed 2 needs half of a task's duration. */
    speed: z.number().positive().default(1),
    capabilities: capabilityList.default([]),
    /** When they come, and when they stop taking work (counted from the beginning of the run). */
    joins_at_ms: z.number().nonnegative().default(0),
    leaves_at_ms: z.number().positive().optional(),
    /** Mean time between two failures of one agent; it loses what it holds, is silent, and comes back after `repair_ms`. */
    fails_every_ms: z.number().positive().optional(),
    repair_ms: z.number().nonnegative().default(60_000),
    /** Dollars an hour for each of its slots while it is there, as agents register them. */
    usd_per_hour: z.number().nonnegative().default(0),
    /** The batches that they take, as agents say it, and how long one works: as long as its longest task, and this share of what the others would take alone. 1: one after the other. */
    batch: batchTraits.extend({ added_time: z.number().min(0).max(1).default(1) }).optional(),
  })
  .refine(({ slots, batch }) => batch === undefined || slots * batch.tasks_max <= slotsMax, {
    error: `the batches of all slots have more than ${slotsMax} tasks`,
    path: ['batch', 'tasks_max'],
  });
export type AgentGroup = z.infer<typeof agentGroup>;

/** The agents of a simulation. */
export const fleet = z.array(agentGroup).min(1);
export type Fleet = readonly AgentGroup[];

/** Agents that are all alike. */
export function equalAgents(count: number, slots = 1, more: Partial<AgentGroup> = {}): Fleet {
  return [{ count, slots, speed: 1, capabilities: [], joins_at_ms: 0, repair_ms: 60_000, usd_per_hour: 0, ...more }];
}

/** Work that a fleet does in a millisecond, in milliseconds of one slot of speed 1. */
export function strengthOf(agents: Fleet): number {
  return agents.reduce((sum, { count, slots, speed }) => sum + count * slots * speed, 0);
}

/** The fleet with so many agents of its first kind more (or fewer, but one stays). */
export function withMore(agents: Fleet, more: number): Fleet {
  return agents.map((group, index) => (index === 0 ? { ...group, count: Math.max(1, group.count + more) } : group));
}
