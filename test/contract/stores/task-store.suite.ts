import { describe, expect, it } from '@jest/globals';
import { busyRouteTasksMin, largePoolReadyPartsMax, readyPartsMax } from '../../../src/contracts/limits.ts';
import { priorities } from '../../../src/contracts/distributor/task.ts';
import { readyEntry } from '../../../src/distributor/core/ready/index-entries.ts';
import { type BackendOf, claim, delay, ids, tasksIn, unique } from './backend.ts';

const time = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

/** What every TaskStore promises. */
export function taskStoreSuite(backend: BackendOf): void {
  const store = () => backend().adapters.tasks;

  describe('a task store', () => {
    it('gives back the row that it was given', async () => {
      const [row] = tasksIn(unique('p'), 1, {
        deadline: time(9),
        traceparent: 'tp',
        complexity_score: 0.5,
        dependencies: ['x'],
      });
      expect(await store().insert([row!])).toEqual([undefined]);
      expect(await store().get([row!.task_id])).toEqual([row]);
    });

    it('inserts once: the first row stays and is the answer to the second', async () => {
      const [row] = tasksIn(unique('p'), 1);
      await store().insert([row!]);
      expect(await store().insert([{ ...row!, body_hash: 'other' }])).toEqual([row]);
      expect(await store().get([row!.task_id])).toEqual([row]);
    });

    it('inserts a row together with the mark of its key and another change, or nothing', async () => {
      const [one, two, three] = tasksIn(unique('p'), 3);
      const mark = (row: typeof one) => ({ name: 'debounce#k', task_id: row!.task_id, since: time(1) });
      const { pool } = one!;
      expect(await store().mark(pool, 'debounce#k')).toBeUndefined();
      expect(await store().insertMarked(one!, { mark: mark(one), was: undefined })).toBe(true);
      expect(await store().mark(pool, 'debounce#k')).toEqual(mark(one));
      expect(await store().insertMarked(two!, { mark: mark(two), was: undefined })).toBe(false);
      expect(await store().insertMarked(one!, { mark: mark(one), was: one!.task_id })).toBe(false);
      const late = { ...claim(one!), expect: { status: 'Queued' as const, attempt: 7 } };
      expect(await store().insertMarked(two!, { mark: mark(two), was: one!.task_id, change: late })).toBe(false);
      expect(await store().get([two!.task_id])).toEqual([undefined]);
      expect(await store().insertMarked(two!, { mark: mark(two), was: one!.task_id, change: claim(one!) })).toBe(true);
      expect(await store().mark(pool, 'debounce#k')).toEqual(mark(two));
      expect(await store().get([one!.task_id, two!.task_id, three!.task_id])).toMatchObject([
        { status: 'Processing' },
        two,
        undefined,
      ]);
    });

    it('inserts more rows than one call carries, some of them anew', async () => {
      const rows = tasksIn(unique('p'), 60);
      await store().insert(rows.slice(20, 40));
      const found = await store().insert(rows);
      expect(found.map((row) => row !== undefined)).toEqual(rows.map((_, at) => at >= 20 && at < 40));
    });

    it('reads more rows than one call carries, in the order asked for, gaps and repeats included', async () => {
      const rows = tasksIn(unique('p'), 120);
      await store().insert(rows);
      const asked = [...rows.map(({ task_id }) => task_id).toReversed(), unique('ghost'), rows[0]!.task_id];
      expect(ids(await store().get(asked))).toEqual([
        ...rows.map(({ task_id }) => task_id).toReversed(),
        undefined,
        rows[0]!.task_id,
      ]);
      expect(await store().get([])).toEqual([]);
    });

    it('changes a task that runs only while as much was written of its hedges as was seen: nothing, or so many', async () => {
      const [row] = tasksIn(unique('p'), 1);
      await store().insert([row!]);
      await store().change([claim(row!)]);
      const write = async (seen: number | null, hedges: number) => {
        const expect_ = { status: 'Processing' as const, attempt: 1, hedges: seen };
        const change = { task_id: row!.task_id, expect: expect_, patch: { hedges }, index: null };
        return (await store().change([change])).map(({ applied }) => applied);
      };
      expect(await write(1, 9)).toEqual([false]);
      expect(await write(null, 1)).toEqual([true]);
      expect(await write(null, 9)).toEqual([false]);
      expect(await write(1, 2)).toEqual([true]);
      expect(await store().get([row!.task_id])).toMatchObject([{ hedges: 2 }]);
    });

    it('changes a row whose fence fits, and answers with the row that stands in the way of another', async () => {
      const [row] = tasksIn(unique('p'), 1);
      await store().insert([row!]);
      expect(await store().change([claim(row!)])).toEqual([{ applied: true }]);
      const [claimed] = await store().get([row!.task_id]);
      expect(claimed).toEqual({ ...row, status: 'Processing', attempt: 1, assigned_agent: 'a1', principal: 'p1' });
      expect(await store().change([claim(row!)])).toEqual([{ applied: false, current: claimed }]);
    });

    it.each([
      ['attempt', { attempt: 2 }],
      ['agent', { assigned_agent: 'a2' }],
      ['principal', { principal: 'p2' }],
      ['status', { status: 'Queued' as const }],
    ])('refuses a change for another %s', async (_what, other) => {
      const [row] = tasksIn(unique('p'), 1);
      await store().insert([row!]);
      await store().change([claim(row!)]);
      const fence = { status: 'Processing' as const, attempt: 1, assigned_agent: 'a1', principal: 'p1' };
      const complete = (expected: object) => ({
        task_id: row!.task_id,
        expect: { ...fence, ...expected },
        patch: { status: 'Completed' as const },
        index: null,
      });
      expect(await store().change([complete(other)])).toMatchObject([{ applied: false }]);
      expect(await store().change([complete({})])).toEqual([{ applied: true }]);
    });

    it('refuses a change of a row that does not exist, and makes none', async () => {
      const [row] = tasksIn(unique('ghost'), 1);
      expect(await store().change([claim(row!)])).toEqual([{ applied: false }]);
      expect(await store().get([row!.task_id])).toEqual([undefined]);
    });

    it('judges each of many changes for itself', async () => {
      const rows = tasksIn(unique('p'), 60);
      await store().insert(rows);
      await store().change(rows.filter((_, at) => at % 2 === 0).map(claim));
      const results = await store().change(rows.map(claim));
      expect(results.map(({ applied }) => applied)).toEqual(rows.map((_, at) => at % 2 === 1));
    });

    it('takes a row twice in one call: the first insert and the first fitting change win', async () => {
      const [row] = tasksIn(unique('p'), 1);
      const [first, second] = await store().insert([row!, { ...row!, priority: 'low' }]);
      expect([first, second]).toEqual([undefined, row]);
      expect((await store().change([claim(row!), claim(row!)])).map((result) => result.applied)).toEqual([true, false]);
    });

    it('lets one of many at once win', async () => {
      const [row] = tasksIn(unique('p'), 1);
      await store().insert([row!]);
      const results = await Promise.all(Array.from({ length: 10 }, () => store().change([claim(row!)])));
      expect(results.flat().filter(({ applied }) => applied)).toHaveLength(1);
    });

    it('removes what a change sets to null', async () => {
      const [row] = tasksIn(unique('p'), 1);
      await store().insert([row!]);
      await store().change([delay(row!, time(5))]);
      await store().change([
        {
          task_id: row!.task_id,
          expect: { status: 'Queued', attempt: 0 },
          patch: { not_before: null },
          index: readyEntry(row!),
        },
      ]);
      expect(await store().get([row!.task_id])).toEqual([row]);
    });

    it('shows the head of one route in ready order, as long as one may be handed out', async () => {
      const pool = unique('p');
      const [a, b, c, d] = tasksIn(pool, 4);
      const rows = [
        { ...a!, priority: 'low' as const },
        { ...b!, priority: 'critical' as const },
        { ...c!, deadline: time(1) },
        { ...d!, route: 'elsewhere' },
      ];
      await store().insert(rows);
      expect(ids(await store().ready({ pool, route: '*' }, 10))).toEqual([b, c, a].map((row) => row!.task_id));
      expect(ids(await store().ready({ pool, route: '*' }, 2))).toEqual([b, c].map((row) => row!.task_id));
      await store().change([claim(rows[1]!)]);
      expect(ids(await store().ready({ pool, route: '*' }, 10))).toEqual([c, a].map((row) => row!.task_id));
      expect(ids(await store().ready({ pool, route: 'elsewhere' }, 10))).toEqual([d!.task_id]);
    });

    it('shows of one level what is due by a time, in ready order', async () => {
      const pool = unique('p');
      const created_at = '2026-01-01T00:00:00.000Z';
      const deadlines = ['2026-01-01T00:00:02.000Z', '2026-01-01T00:00:01.000Z', '2026-01-01T00:00:03.000Z', undefined];
      const rows = tasksIn(pool, 5).map((row, at) => {
        const deadline = deadlines[at];
        const priority = at === 4 ? ('high' as const) : ('low' as const);
        return { ...row, priority, created_at, ...(deadline === undefined ? {} : { deadline }) };
      });
      const [second, first] = rows;
      await store().insert(rows);
      const due = await store().due({ pool, route: '*' }, 3, '2026-01-01T00:00:02.000Z', 10);
      expect(ids(due)).toEqual([first!.task_id, second!.task_id]);
      expect(ids(await store().due({ pool, route: '*' }, 3, '2026-01-01T00:00:02.000Z', 1))).toEqual([first!.task_id]);
      expect(await store().due({ pool, route: '*' }, 1, '2026-01-01T00:09:59.999Z', 10)).toEqual([]);
      expect(await store().due({ pool, route: '*' }, 1, '2026-01-01T00:10:00.000Z', 10)).toHaveLength(1);
    });

    it('spreads a route whose tasks come fast over several partitions, and shows it as one', async () => {
      const pool = unique('p');
      const [first, second] = [time(0), time(3)].map((created_at) =>
        tasksIn(pool, busyRouteTasksMin + 60).map((row, at) => ({
          ...row,
          task_id: `${row.task_id}-${created_at}`,
          created_at,
          priority: priorities[at % priorities.length]!,
        })),
      );
      const rows = [...first!, ...second!];
      await backend().adapters.agents.addRoutes([{ pool, route: '*', required_capabilities: [], agents: [] }]);
      await store().insert(first!);
      // Who read the pool before the parts were noted sees all that came before that can be known.
      expect(await store().ready({ pool, route: '*' }, rows.length)).toHaveLength(first!.length);
      await store().insert(second!);
      const { routes } = await backend().adapters.agents.pool(pool);
      const [route] = routes;
      expect(route).toMatchObject({ route: '*', parts: readyPartsMax });
      const sorted = rows.map((row) => readyEntry(row).key).sort();
      const orders = (tasks: readonly { readonly order: string }[]) => tasks.map(({ order }) => order);
      expect((await store().ready({ pool, route: '*' }, rows.length)).length).toBeLessThan(rows.length);
      expect(orders(await store().ready(route!, rows.length))).toEqual(sorted);
      expect(orders(await store().ready(route!, 50))).toEqual(sorted.slice(0, 50));
      expect(orders(await store().ready(route!, 50, sorted[49]))).toEqual(sorted.slice(50, 100));
      expect(orders(await store().last(route!, 30))).toEqual(sorted.toReversed().slice(0, 30));
      const high = sorted.filter((order) => order.startsWith('1#'));
      expect(orders(await store().last(route!, 30, 1))).toEqual(high.toReversed().slice(0, 30));
      expect(await store().count(route!, 1_000)).toBe(rows.length);
      expect(await store().count(route!, 10)).toBe(10);
      const critical = sorted.filter((order) => order.startsWith('0#'));
      expect(orders(await store().due(route!, 0, '2027-01-01T00:00:00.000Z', 20))).toEqual(critical.slice(0, 20));
    });

    it('has more parts for a route of a large pool, and never fewer', async () => {
      const pool = unique('p');
      const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
      const burst = (ms: number) =>
        tasksIn(pool, busyRouteTasksMin + 60).map((row) => ({
          ...row,
          task_id: `${row.task_id}-${ms}`,
          created_at: at(ms),
        }));
      const { agents, tasks } = backend().adapters;
      await agents.addRoutes([{ pool, route: '*', required_capabilities: [], agents: [] }]);
      const small = burst(0);
      const apart = burst(3_000);
      await tasks.insert(small);
      await tasks.insert(apart);
      await agents.spread(pool);
      const large = [...burst(60_000), ...burst(63_000)];
      await tasks.insert(large);
      const [route] = (await agents.pool(pool)).routes;
      expect(route).toMatchObject({ parts: largePoolReadyPartsMax });
      const sorted = [...small, ...apart, ...large].map((row) => readyEntry(row).key).sort();
      // Many of them stand in three parts of twelve: their pages end before those of the others.
      for (const limit of [1, 30, 200, 320, 400])
        expect((await tasks.ready(route!, limit)).map(({ order }) => order)).toEqual(sorted.slice(0, limit));
      const behind = await tasks.ready(route!, 60, sorted[99]);
      expect(behind.map(({ order }) => order)).toEqual(sorted.slice(100, 160));
    });

    it('tells of a ready task all that a decision needs, small payloads included', async () => {
      const pool = unique('p');
      const [small, large] = tasksIn(pool, 2);
      const text = JSON.stringify('x'.repeat(1_000));
      await store().insert([small!, { ...large!, payload: { text } }]);
      const [first, second] = await store().ready({ pool, route: '*' }, 2);
      const { task_id, task_type, priority, attempt, timeout_ms, route, created_at, queued_at, payload } = small!;
      expect(first).toMatchObject({
        task_id,
        task_type,
        priority,
        attempt,
        timeout_ms,
        route,
        created_at,
        queued_at,
        payload,
      });
      expect(first?.order).toBe(readyEntry(small!).key);
      expect(second).not.toHaveProperty('payload');
      expect((await store().get([large!.task_id]))[0]?.payload).toEqual({ text });
    });

    it('counts late results on tasks that exist only', async () => {
      const [row] = tasksIn(unique('p'), 1);
      await store().insert([row!]);
      await store().countLateResult(row!.task_id);
      await store().countLateResult(row!.task_id);
      const ghost = unique('ghost');
      await store().countLateResult(ghost);
      expect(await store().get([row!.task_id, ghost])).toMatchObject([{ late_results: 2 }, undefined]);
    });

    it('lists a pool page by page, each task once, by status if asked', async () => {
      const pool = unique('p');
      const rows = tasksIn(pool, 25);
      await store().insert(rows);
      await store().change(rows.slice(0, 5).map(claim));
      const listed: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store().list({ pool, limit: 10, ...(cursor === undefined ? {} : { cursor }) });
        expect(page.items.length).toBeLessThanOrEqual(10);
        listed.push(...ids(page.items).map(String));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(listed.sort()).toEqual(rows.map(({ task_id }) => task_id));
      expect((await store().list({ pool, status: 'Processing', limit: 100 })).items).toHaveLength(5);
    });

    it('refuses a cursor that no listing gave out', async () => {
      await expect(store().list({ pool: 'p', limit: 1, cursor: 'bm9uc2Vuc2U' })).rejects.toMatchObject({
        code: 'invalid-input',
        path: 'cursor',
      });
    });
  });
}
