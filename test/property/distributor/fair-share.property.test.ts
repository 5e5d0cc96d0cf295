import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PolicyDocument } from '../../../src/contracts/distributor/policy.ts';
import type { ReadyTask, Served } from '../../../src/contracts/rows.ts';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import { decideDispatch } from '../../../src/distributor/core/dispatch/dispatch.ts';
import { levelOf } from '../../../src/distributor/core/ready/ready-order.ts';
import { routeRow } from '../../../src/distributor/core/ready/route.ts';
import { agentRow, iso, poolRows, readyTask, startMs } from '../../unit/distributor/rows.ts';

const names = ['a', 'b', 'c'] as const;
const weight = fc.constantFrom(0.5, 1, 2, 3, 10);
const policyOf = (shares: Record<string, number>) => ({
  policy: { pool: 'default', version: 1, document: { shares }, at: iso(startMs), by: 'op' },
});
const routeOf = (namespace: string) => routeRow('default', { required_capabilities: [], namespace });

const backlogOf = (namespace: string, count: number, priority: (typeof priorities)[number] = 'medium') =>
  Array.from({ length: count }, (_, at) =>
    readyTask({
      task_id: `${namespace}-${priority}-${String(at).padStart(4, '0')}`,
      route: routeOf(namespace).route,
      priority,
      // All of one namespace came before all of the next one: by the ready order alone it would take everything.
      created_at: iso(startMs - 60_000 + names.indexOf(namespace as 'a') * 1_000),
    }),
  );

describe('namespaces that share a pool', () => {
  it('start in proportion to their weights while all have work, to within one start over each weight', () => {
    fc.assert(
      fc.property(
        fc.tuple(weight, weight, weight),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }),
        (weights, slots) => {
          const shares = Object.fromEntries(names.map((name, at) => [name, weights[at] ?? 1]));
          const backlog = new Map(names.map((name) => [name, backlogOf(name, 120)]));
          const started = new Map<string, number>(names.map((name) => [name, 0]));
          let served: Served | undefined;
          for (const free of slots) {
            const heads = new Map(names.map((name) => [routeOf(name).route, backlog.get(name) ?? []]));
            const pool = { ...poolRows([agentRow({ capacity: free })], names.map(routeOf)), ...policyOf(shares) };
            const view = {
              now: startMs,
              pool: served === undefined ? pool : { ...pool, served },
              heads,
              full: new Set(''),
            };
            const { assignments, limits } = decideDispatch(view);
            expect(assignments).toHaveLength(free);
            served = limits.served;
            for (const { task } of assignments) {
              const name = task.task_id.charAt(0) as 'a';
              started.set(name, (started.get(name) ?? 0) + 1);
              backlog.set(
                name,
                (backlog.get(name) ?? []).filter((each) => each !== task),
              );
              // The law holds after every single start.
              for (const one of names) {
                for (const other of names) {
                  const [mine, its] = [shares[one] ?? 1, shares[other] ?? 1];
                  const apart = Math.abs((started.get(one) ?? 0) / mine - (started.get(other) ?? 0) / its);
                  expect(apart).toBeLessThanOrEqual(1 / mine + 1 / its + 1e-9);
                }
              }
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keep levels strict, and what is due before everything', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...priorities), fc.boolean()), { maxLength: 25 }),
        fc.integer({ min: 0, max: 25 }),
        (drawn, free) => {
          const tasks = drawn.map(([namespace, priority, isDue], at) =>
            readyTask({
              task_id: `${namespace}${at}`,
              priority,
              route: routeOf(namespace).route,
              created_at: iso(isDue ? startMs - 5 * 3_600_000 - at : startMs),
            }),
          );
          const heads = new Map(
            names.map((name) => [
              routeOf(name).route,
              tasks
                .filter(({ route }) => route === routeOf(name).route)
                .sort((one, other) => (one.order < other.order ? -1 : 1)),
            ]),
          );
          const agents = free === 0 ? [] : [agentRow({ capacity: free })];
          const pool = { ...poolRows(agents, names.map(routeOf)), ...policyOf({ a: 5, '*': 1 }) };
          const { assignments } = decideDispatch({ now: startMs, pool, heads, full: new Set() });
          const place = ({ task_id, order }: (typeof tasks)[number]) =>
            drawn[Number(task_id.slice(1))]?.[2] === true ? -1 : levelOf(order);
          const places = assignments.map(({ task }) => place(task));
          expect(places).toEqual([...places].sort((one, other) => one - other));
          expect(assignments).toHaveLength(Math.min(free, tasks.length));
        },
      ),
    );
  });

  it('earn nothing by a pause', () => {
    const shares = { a: 1, b: 1 };
    const round = (heads: Map<string, ReturnType<typeof backlogOf>>, served: Served | undefined) => {
      const pool = { ...poolRows([agentRow({ capacity: 20 })], names.map(routeOf)), ...policyOf(shares) };
      const view = { now: startMs, pool: served === undefined ? pool : { ...pool, served }, heads, full: new Set('') };
      return decideDispatch(view);
    };
    const alone = round(new Map([[routeOf('a').route, backlogOf('a', 40)]]), undefined);
    const both = round(
      new Map([
        [routeOf('a').route, backlogOf('a', 40)],
        [routeOf('b').route, backlogOf('b', 40)],
      ]),
      alone.limits.served,
    );
    const ofB = both.assignments.filter(({ task }) => task.task_id.startsWith('b')).length;
    expect(Math.abs(ofB - 10)).toBeLessThanOrEqual(1);
  });

  it('pay nothing and stand in the ready order where the policy shares nothing out', () => {
    const heads = new Map(names.map((name) => [routeOf(name).route, backlogOf(name, 5)]));
    const pool = poolRows([agentRow({ capacity: 5 })], names.map(routeOf));
    const { assignments, limits } = decideDispatch({ now: startMs, pool, heads, full: new Set() });
    expect(assignments.map(({ task }) => task.task_id.charAt(0))).toEqual(['a', 'a', 'a', 'a', 'a']);
    expect(limits.served).toBeUndefined();
  });
});

/** Those who share in the laws below: submitters of namespaces, and how their tasks are called. */
const sharers = names.slice(0, 2).flatMap((namespace) => ['x', 'y'].map((submitter) => ({ namespace, submitter })));
type Sharer = (typeof sharers)[number];
const nameOf = ({ namespace, submitter }: Sharer) => `${namespace}${submitter}`;
const laneOf = (sharer: Sharer) => routeRow('default', { required_capabilities: [], ...sharer });

/** Lets agents with so many free slots come one after the other; after every single start `look` sees who has started how much in the level. */
function serve(
  document: PolicyDocument,
  backlog: Map<string, ReadyTask[]>,
  slots: readonly number[],
  look: (started: (sharer: Sharer) => number, waits: (sharer: Sharer) => boolean) => void,
): void {
  const counts = new Map<string, number>();
  let served: Served | undefined;
  for (const free of slots) {
    const pool = {
      ...poolRows([agentRow({ capacity: free })], sharers.map(laneOf)),
      policy: { pool: 'default', version: 1, document, at: iso(startMs), by: 'op' },
    };
    const heads = new Map(sharers.map((each) => [laneOf(each).route, backlog.get(nameOf(each)) ?? []]));
    const view = { now: startMs, pool: served === undefined ? pool : { ...pool, served }, heads, full: new Set('') };
    const { assignments, limits } = decideDispatch(view);
    served = limits.served;
    for (const { task } of assignments) {
      const name = task.task_id.slice(0, 2);
      const waiting = (each: Sharer) =>
        (backlog.get(nameOf(each)) ?? []).some(({ priority }) => priority === task.priority);
      const of = (each: Sharer) => `${nameOf(each)} ${task.priority}`;
      counts.set(`${name} ${task.priority}`, (counts.get(`${name} ${task.priority}`) ?? 0) + 1);
      look((each) => counts.get(of(each)) ?? 0, waiting);
      backlog.set(
        name,
        (backlog.get(name) ?? []).filter((each) => each !== task),
      );
    }
  }
}

/** No two are further apart than the law allows. */
function expectFair(all: readonly { readonly started: number; readonly weight: number }[]): void {
  const isTooFar = all.some((one) =>
    all.some((other) => {
      const apart = Math.abs(one.started / one.weight - other.started / other.weight);
      return apart > 1 / one.weight + 1 / other.weight + 1e-9;
    }),
  );
  if (isTooFar) expect(all).toBe('within the law');
}

/** Rounds long enough to go from one level into the next. */
const slots = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 });
/** High tasks first, then medium ones: a level of which one has come far must not count in the next one. */
const twoLevels = (sharer: Sharer) =>
  (['high', 'medium'] as const).flatMap((priority) =>
    Array.from({ length: priority === 'high' ? 4 : 90 }, (_, at) =>
      readyTask({
        task_id: `${nameOf(sharer)}-${priority}-${String(at).padStart(3, '0')}`,
        route: laneOf(sharer).route,
        priority,
        created_at: iso(startMs - 60_000 + sharers.indexOf(sharer) * 1_000),
      }),
    ),
  );

describe('submitters that share a pool', () => {
  it('start in proportion to their weights inside of their namespace, and the namespaces in proportion to theirs', () => {
    fc.assert(
      fc.property(fc.tuple(weight, weight), fc.tuple(weight, weight), slots, (ofNamespaces, ofSubmitters, free) => {
        const document = {
          shares: { a: ofNamespaces[0], b: ofNamespaces[1] },
          submitters: { x: ofSubmitters[0], '*': ofSubmitters[1] },
        };
        const backlog = new Map(sharers.map((each) => [nameOf(each), twoLevels(each)]));
        serve(document, backlog, free, (started, waits) => {
          if (!sharers.every(waits)) return;
          const of = (namespace: string) => sharers.filter((each) => each.namespace === namespace);
          const sum = (namespace: string) => of(namespace).reduce((all, each) => all + started(each), 0);
          expectFair(['a', 'b'].map((name, at) => ({ started: sum(name), weight: ofNamespaces[at] ?? 1 })));
          for (const namespace of ['a', 'b']) {
            const weightOf = ({ submitter }: Sharer) => ofSubmitters[submitter === 'x' ? 0 : 1];
            expectFair(of(namespace).map((each) => ({ started: started(each), weight: weightOf(each) })));
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('share the whole pool where namespaces do not', () => {
    fc.assert(
      fc.property(fc.tuple(weight, weight), slots, (weights, free) => {
        const backlog = new Map(sharers.map((each) => [nameOf(each), twoLevels(each)]));
        serve({ submitters: { x: weights[0], y: weights[1] } }, backlog, free, (started, waits) => {
          if (!sharers.every(waits)) return;
          const sum = (name: string) =>
            sharers.reduce((all, each) => all + (each.submitter === name ? started(each) : 0), 0);
          expectFair(['x', 'y'].map((name, at) => ({ started: sum(name), weight: weights[at] ?? 1 })));
        });
      }),
      { numRuns: 60 },
    );
  });
});
