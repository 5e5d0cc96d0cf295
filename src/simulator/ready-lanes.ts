import type { ReadyTask } from '../contracts/rows.ts';
import { priorities } from '../contracts/distributor/task.ts';
import { levelOf } from '../distributor/core/ready/ready-order.ts';
import sortedBtree from 'sorted-btree';

/** What a dispatcher reads of all routes. */
interface Heads {
  readonly heads: Map<string, readonly ReadyTask[]>;
  readonly full: Set<string>;
  readonly due: Map<string, readonly ReadyTask[]>;
}

/** The ready index of one pool in memory: a lane a route, sorted by the same keys as the table's index. */
export interface ReadyLanes {
  insert(task: ReadyTask): void;
  remove(task: ReadyTask): void;
  /** The first `limit` tasks of each route in which any wait, the routes that have more, and of those what is due in the levels behind. `at` is RFC 3339. */
  heads(limit: number, at: string): Heads;
  /** Of these routes: the first `limit` tasks of each level. */
  levels(limit: number, routes: ReadonlySet<string>): Map<string, readonly ReadyTask[]>;
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

  function head(lane: ReturnType<typeof makeLane>, limit: number, from?: string, until = '~'): ReadyTask[] {
    const tasks: ReadyTask[] = [];
    for (const task of lane.values(from)) {
      if (tasks.length === limit || task.order > until) break;
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
    heads(limit, at) {
      const due = new Map<string, readonly ReadyTask[]>();
      const heads = new Map<string, readonly ReadyTask[]>();
      const full = new Set<string>();
      for (const [route, lane] of lanes) {
        if (lane.size === 0) continue;
        const page = head(lane, limit);
        heads.set(route, page);
        if (lane.size <= limit) continue;
        full.add(route);
        const beyond = priorities.map((_, level) => level).slice(levelOf(page.at(-1)?.order ?? '') + 1);
        due.set(
          route,
          beyond.flatMap((level) => head(lane, limit, `${level}#`, `${level}#${at}~`)),
        );
      }
      return { heads, full, due };
    },
    levels(limit, routes) {
      const all = [...routes].flatMap((route) => {
        const lane = lanes.get(route);
        return lane === undefined ? [] : ([[route, lane]] as const);
      });
      return new Map(
        all.map(([route, lane]) => [
          route,
          priorities.flatMap((_, level) => head(lane, limit, `${level}#`, `${level}#~`)),
        ]),
      );
    },
    firsts: () => [...lanes.values()].flatMap((lane) => (lane.size === 0 ? [] : head(lane, 1))),
    count: () => count,
  };
}
