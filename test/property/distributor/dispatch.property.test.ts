import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openFleet } from '../../../src/distributor/core/agents/fleet.ts';
import type { Assignment } from '../../../src/distributor/core/dispatch/assignment.ts';
import { decideDispatch } from '../../../src/distributor/core/dispatch/dispatch.ts';
import type { DispatchView } from '../../../src/distributor/core/dispatch/round.ts';
import { orderAt } from '../../../src/distributor/core/ready/ready-order.ts';
import { freeSlots } from '../../../src/distributor/core/agents/open-slots.ts';
import { iso } from '../../unit/distributor/rows.ts';
import { dispatchViews } from './dispatch-view.ts';

const runs = { numRuns: 500 };

/** Free slots of each agent before the assignment at `at` is made. */
function slotsBefore(view: DispatchView, assignments: readonly Assignment[], at: number): Map<string, number> {
  const slots = new Map(view.pool.agents.map((agent) => [agent.agent_id, freeSlots(agent)]));
  for (const { agent } of assignments.slice(0, at)) slots.set(agent.agent_id, (slots.get(agent.agent_id) ?? 0) - 1);
  return slots;
}

const candidates = (view: DispatchView, name: string) =>
  openFleet(view.pool.agents, view.now)
    .candidatesOf(view.pool.routes.find(({ route }) => route === name)!)
    .all.map(({ agent }) => agent);

/** The tasks of a view that a plan leaves, in ready order. */
function leftOver(view: DispatchView, assignments: readonly Assignment[]) {
  const taken = new Set(assignments.map(({ task }) => task));
  return [...view.heads.values()].flat().filter((task) => !taken.has(task));
}

describe('a dispatch round', () => {
  it('never gives an agent more than its free slots, nor a task twice', () => {
    fc.assert(
      fc.property(dispatchViews, (view) => {
        const { assignments } = decideDispatch(view);
        expect(Math.min(0, ...slotsBefore(view, assignments, assignments.length).values())).toBe(0);
        expect(new Set(assignments.map(({ task }) => task)).size).toBe(assignments.length);
      }),
      runs,
    );
  });

  it('gives tasks to candidates of their route only', () => {
    fc.assert(
      fc.property(dispatchViews, (view) => {
        for (const { task, agent } of decideDispatch(view).assignments) {
          expect(candidates(view, task.route)).toContain(agent);
        }
      }),
      runs,
    );
  });

  it('starts no task while a task before it could be run by an agent with a free slot', () => {
    fc.assert(
      fc.property(dispatchViews, (view) => {
        const { assignments } = decideDispatch(view);
        assignments.forEach(({ task }, at) => {
          const slots = slotsBefore(view, assignments, at);
          const passedOver = leftOver(view, assignments.slice(0, at)).filter(
            (other) =>
              orderAt(other.order, iso(view.now)) < orderAt(task.order, iso(view.now)) &&
              candidates(view, other.route).some(({ agent_id }) => (slots.get(agent_id) ?? 0) > 0),
          );
          expect(passedOver).toEqual([]);
        });
      }),
      runs,
    );
  });

  it('starts nothing behind the end of a cut head', () => {
    fc.assert(
      fc.property(dispatchViews, (view) => {
        const { assignments } = decideDispatch(view);
        for (const name of view.full) {
          const last = view.heads.get(name)?.at(-1);
          const at = last === undefined ? -1 : assignments.findIndex(({ task }) => task === last);
          if (at >= 0) expect(assignments).toHaveLength(at + 1);
        }
      }),
      runs,
    );
  });

  it('leaves a task only in a blocked route, or because the round was cut', () => {
    fc.assert(
      fc.property(dispatchViews, (view) => {
        const { assignments, blocked, cut } = decideDispatch(view);
        if (cut) return;
        const names = new Set(blocked.map(({ route }) => route));
        for (const task of leftOver(view, assignments)) expect(names).toContain(task.route);
      }),
      runs,
    );
  });

  it('calls a route blocked when none of its candidates has a slot left, and names all of them', () => {
    fc.assert(
      fc.property(dispatchViews, (view) => {
        const { assignments, blocked } = decideDispatch(view);
        const slots = slotsBefore(view, assignments, assignments.length);
        for (const { route, agents } of blocked) {
          expect(agents).toEqual(candidates(view, route));
          expect(agents.filter(({ agent_id }) => (slots.get(agent_id) ?? 0) > 0)).toEqual([]);
        }
      }),
      runs,
    );
  });

  it('decides the same for the same view, in whatever order the routes were read', () => {
    fc.assert(
      fc.property(dispatchViews, (view) => {
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
