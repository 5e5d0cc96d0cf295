import type { AgentRow, ReadyTask, RouteRow } from '../contracts/rows.ts';
import { freeSlots } from '../distributor/core/agents/open-slots.ts';
import { createRandom } from './random.ts';
import { canRun, type Crew, type Handout, type Scheduling } from './scheduling.ts';

const rankOf = (task: ReadyTask): string => task.order.slice(0, task.order.indexOf('#'));

/** The tasks of one agent in the order of their arrival. */
interface OwnQueue {
  readonly agent: AgentRow;
  readonly tasks: ReadyTask[];
  /** How many of them wait, by level. */
  readonly levels: Map<string, number>;
}

/**
 * The yardstick: every task goes to a random agent that could run it the moment it comes, and each agent works through its own tasks in the order of their
 * arrival. No priorities, no deadlines, no knowledge of load.
 */
export function randomScheduling(crew: Crew, seed: number): Scheduling {
  const random = createRandom(seed, 'random-assignment');
  const queues = new Map<AgentRow, OwnQueue>();
  const homeless: { readonly task: ReadyTask; readonly route: RouteRow }[] = [];
  let count = 0;
  const queueOf = (agent: AgentRow): OwnQueue => {
    const queue = queues.get(agent) ?? { agent, tasks: [], levels: new Map<string, number>() };
    queues.set(agent, queue);
    return queue;
  };
  function place(task: ReadyTask, route: RouteRow): boolean {
    const able = route.required_capabilities.length === 0 ? crew : crew.filter((agent) => canRun(agent, route));
    const agent = able[random.below(able.length)];
    if (agent === undefined) return false;
    const { tasks, levels } = queueOf(agent);
    tasks.push(task);
    levels.set(rankOf(task), (levels.get(rankOf(task)) ?? 0) + 1);
    return true;
  }
  function take({ tasks, levels }: OwnQueue, task: ReadyTask): boolean {
    tasks.shift();
    levels.set(rankOf(task), (levels.get(rankOf(task)) ?? 1) - 1);
    return [...levels].some(([rank, waiting]) => waiting > 0 && rank < rankOf(task));
  }
  return {
    insert(task, route) {
      count += 1;
      if (!place(task, route)) homeless.push({ task, route });
    },
    decide(now) {
      for (const each of homeless.splice(0)) if (!place(each.task, each.route)) homeless.push(each);
      const handouts: Handout[] = [];
      let violations = 0;
      for (const queue of queues.values()) {
        const { agent, tasks } = queue;
        if (tasks.length === 0 || Date.parse(agent.lease_until) <= now) continue;
        for (const task of tasks.slice(0, freeSlots(agent))) {
          if (take(queue, task)) violations += 1;
          handouts.push({ task, agent });
        }
      }
      count -= handouts.length;
      return { handouts, cut: false, violations };
    },
    waiting: () => count,
  };
}
