import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ReadyTask } from '../../../src/contracts/rows.ts';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import { openFleet } from '../../../src/distributor/core/agents/fleet.ts';
import { holdKey, holdOf } from '../../../src/distributor/core/agents/hold.ts';
import type { Assignment } from '../../../src/distributor/core/dispatch/assignment.ts';
import { decideDispatch } from '../../../src/distributor/core/dispatch/dispatch.ts';
import type { DispatchView } from '../../../src/distributor/core/dispatch/round.ts';
import { isDueAt, levelOf, orderAt } from '../../../src/distributor/core/ready/ready-order.ts';
import { freeSlots } from '../../../src/distributor/core/agents/open-slots.ts';
import { iso } from '../../unit/distributor/rows.ts';
import { dispatchViews, livelyViews, mayRun, withPolicy } from './dispatch-view.ts';

const runs = { numRuns: 500 };
const views = withPolicy(fc.oneof(dispatchViews, livelyViews));

/** Free slots of each agent before the assignment at `at` is made. */
function slotsBefore(view: DispatchView, assignments: readonly Assignment[], at: number): Map<string, number> {
  const slots = new Map(view.pool.agents.map((agent) => [agent.agent_id, freeSlots(agent)]));
  for (const { agent } of assignments.slice(0, at)) slots.set(agent.agent_id, (slots.get(agent.agent_id) ?? 0) - 1);
  return slots;
}

/** The agents that tasks of a route may have by its requirements; where a rule may pin them to others, by its capabilities alone. */
function candidates(view: DispatchView, name: string) {
  const row = view.pool.routes.find(({ route }) => route === name)!;
  const isPinning = view.pool.policy?.document.rules?.some(({ pin }) => pin !== undefined) === true;
  const { all } = openFleet(view.pool.agents, view.now).candidatesOf(isPinning ? { ...row, agents: [] } : row);
  return all.map(({ agent }) => agent);
}

/** The agents that may have a task. */
const eligible = (view: DispatchView, task: ReadyTask) => view.pool.agents.filter((agent) => mayRun(view, task, agent));

/** The tasks of a view that a plan leaves, in ready order. */
function leftOver(view: DispatchView, assignments: readonly Assignment[]) {
  const taken = new Set(assignments.map(({ task }) => task));
  return [...view.heads.values()].flat().filter((task) => !taken.has(task));
}

describe('a dispatch round', () => {
  it('never gives an agent more than its free slots, nor a task twice', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { assignments } = decideDispatch(view);
        expect(Math.min(0, ...slotsBefore(view, assignments, assignments.length).values())).toBe(0);
        expect(new Set(assignments.map(({ task }) => task)).size).toBe(assignments.length);
      }),
      runs,
    );
  });

  it('gives tasks to agents only that their requirements and the policy let have them', () => {
    fc.assert(
      fc.property(views, (view) => {
        for (const { task, agent } of decideDispatch(view).assignments) expect(eligible(view, task)).toContain(agent);
      }),
      runs,
    );
  });

  it('starts no task while a task before it could be run by an agent with a free slot', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { assignments } = decideDispatch(view);
        assignments.forEach(({ task }, at) => {
          const slots = slotsBefore(view, assignments, at);
          const passedOver = leftOver(view, assignments.slice(0, at)).filter(
            (other) =>
              orderAt(other.order, iso(view.now)) < orderAt(task.order, iso(view.now)) &&
              eligible(view, other).some(({ agent_id }) => (slots.get(agent_id) ?? 0) > 0),
          );
          expect(passedOver).toEqual([]);
        });
      }),
      runs,
    );
  });

  it('starts nothing behind the end of a cut head that what stands there might have', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { assignments } = decideDispatch(view);
        for (const name of view.full) {
          const last = view.heads.get(name)?.at(-1);
          const at = last === undefined ? -1 : assignments.findIndex(({ task }) => task === last);
          if (at < 0 || last === undefined) continue;
          // Any type and any lower level may stand there.
          const unknown = view.pool.agents.filter((agent) =>
            ['demo', 'train', 'alarm'].some((task_type) =>
              priorities
                .slice(priorities.indexOf(last.priority))
                .some((priority) => mayRun(view, { ...last, task_type, priority }, agent)),
            ),
          );
          for (const { agent } of assignments.slice(at + 1)) expect(unknown).not.toContain(agent);
        }
      }),
      runs,
    );
  });

  it('leaves a task only in a blocked route, or because the round was cut', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { assignments, blocked, cut } = decideDispatch(view);
        if (cut) return;
        const names = new Set(blocked.map(({ route }) => route));
        for (const task of leftOver(view, assignments)) expect(names).toContain(task.route);
      }),
      runs,
    );
  });

  it('names of a blocked route all candidates without a slot left; without a policy that is all of them', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { assignments, blocked } = decideDispatch(view);
        const slots = slotsBefore(view, assignments, assignments.length);
        for (const { route, agents } of blocked) {
          const all = candidates(view, route);
          const full = all.filter(({ agent_id }) => (slots.get(agent_id) ?? 0) <= 0);
          expect(agents).toEqual(full);
          if (view.pool.policy === undefined) expect(full).toEqual(all);
        }
      }),
      runs,
    );
  });

  it('decides the same for the same view, in whatever order the routes were read', () => {
    fc.assert(
      fc.property(views, (view) => {
        const shown = (plan: ReturnType<typeof decideDispatch>) =>
          plan.assignments.map(({ log }) => [log.id, log.agent_id]);
        const turned = { ...view, pool: { ...view.pool, routes: view.pool.routes.toReversed() } };
        expect(decideDispatch(view)).toEqual(decideDispatch(view));
        expect(shown(decideDispatch(turned))).toEqual(shown(decideDispatch(view)));
      }),
      runs,
    );
  });
});

/** What a dispatcher reads of a view whose heads are all that waits: a page of each route, and what is due behind it. */
function reading(view: DispatchView, shown: ReadonlyMap<string, number>): DispatchView {
  const at = iso(view.now);
  const heads = new Map([...view.heads].map(([route, all]) => [route, all.slice(0, shown.get(route))]));
  const cut = [...view.heads].filter(([route, all]) => all.length >= (shown.get(route) ?? Infinity));
  const due = cut.map(([route, all]) => {
    const end = levelOf(heads.get(route)?.at(-1)?.order ?? '');
    const behind = all.slice(shown.get(route)).filter(({ order }) => levelOf(order) > end && isDueAt(order, at));
    return [route, behind] as const;
  });
  return { ...view, heads, full: new Set(cut.map(([route]) => route)), due: new Map(due) };
}

/** Rounds until one was not cut, each with pages of this size, read on as it asks; answers with what is left and the agents then. */
function dispatchAll(view: DispatchView, page: number): DispatchView {
  for (let round = 0, now = view; ; round += 1) {
    const shown = new Map([...now.heads.keys()].map((route) => [route, page]));
    let plan = decideDispatch(reading(now, shown));
    while (plan.unread !== undefined) {
      for (const route of plan.unread) shown.set(route, (shown.get(route) ?? 0) + 2);
      plan = decideDispatch(reading(now, shown));
    }
    const { assignments, cut } = plan;
    const given = new Set(assignments.map(({ task }) => task));
    const heads = [...now.heads].map(([route, all]) => [route, all.filter((task) => !given.has(task))] as const);
    const agents = now.pool.agents.map((agent) => {
      const own = assignments.filter((each) => each.agent.agent_id === agent.agent_id);
      const holds = own.map((each) => [holdKey(each.task.task_id, each.attempt), holdOf(each, now.now)] as const);
      return { ...agent, holds: { ...agent.holds, ...Object.fromEntries(holds) } };
    });
    now = { ...now, heads: new Map(heads), pool: { ...now.pool, agents } };
    if (!cut) return now;
    // Each round that is cut has given something, or its pages are empty.
    expect(round).toBeLessThan(100);
  }
}

describe('a dispatch', () => {
  it('leaves no agent idle that may run a task which waits, however little of the routes a page shows', () => {
    fc.assert(
      fc.property(withPolicy(livelyViews), fc.integer({ min: 1, max: 3 }), (view, page) => {
        const after = dispatchAll({ ...view, full: new Set() }, page);
        for (const task of [...after.heads.values()].flat()) {
          expect(eligible(after, task).filter((agent) => freeSlots(agent) > 0)).toEqual([]);
        }
      }),
      runs,
    );
  });

  it('reads nothing on where no policy holds anything back', () => {
    fc.assert(
      fc.property(dispatchViews, (view) => {
        expect(decideDispatch(view).unread).toBeUndefined();
      }),
      runs,
    );
  });
});
