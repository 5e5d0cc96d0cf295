import type { ReadyTask } from '../contracts/rows.ts';
import sortedBtree from 'sorted-btree';

/** The ready index of one pool in memory: a lane a route, sorted by the same keys as the table's index. */
export interface ReadyLanes {
  insert(task: ReadyTask): void;
  remove(task: ReadyTask): void;
  /** The first `limit` tasks of each route in which any wait, and the routes that have more. */
  heads(limit: number): { readonly heads: Map<string, readonly ReadyTask[]>; readonly full: Set<string> };
  /** Routes in which tasks wait, with the first of each. */
  firsts(): readonly ReadyTask[];
  count(): number;
}

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** Lanes in which nothing waits. */
export function createReadyLanes(): ReadyLanes {
  const makeLane = () => new sortedBtree.default<string, ReadyTask>(undefined, byText);
  const lanes = new Map<string, ReturnType<typeof makeLane>>();
  let count = 0;

  function head(lane: ReturnType<typeof makeLane>, limit: number): ReadyTask[] {
    const tasks: ReadyTask[] = [];
    for (const task of lane.values()) {
      if (tasks.length === limit) break;
      tasks.push(task);
    }
    return tasks;
  }

  return {
    insert(task) {
      let lane = lanes.get(task.route);
      if (lane === undefined) lanes.set(task.route, (lane = makeLane()));
      if (lane.set(task.order, task)) count += 1;
    },
    remove(task) {
      if (lanes.get(task.route)?.delete(task.order) === true) count -= 1;
    },
    heads(limit) {
      const heads = new Map<string, readonly ReadyTask[]>();
      const full = new Set<string>();
      for (const [route, lane] of lanes) {
        if (lane.size === 0) continue;
        heads.set(route, head(lane, limit));
        if (lane.size > limit) full.add(route);
      }
      return { heads, full };
    },
    firsts: () => [...lanes.values()].flatMap((lane) => (lane.size === 0 ? [] : head(lane, 1))),
    count: () => count,
  };
}
