import { describe, expect, it } from '@jest/globals';
import { type BackendOf, delay, tasksIn, unique } from './backend.ts';

const time = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

/** What every TimerStore promises. */
export function timerStoreSuite(backend: BackendOf): void {
  const { timers, tasks } = { timers: () => backend().adapters.timers, tasks: () => backend().adapters.tasks };

  describe('a timer store', () => {
    it('tells of rows whose time has come, the most overdue first, the very moment included', async () => {
      const pool = unique('p');
      const [first, second, third, ready] = tasksIn(pool, 4);
      await tasks().insert([first!, second!, third!, ready!]);
      await tasks().change([delay(first!, time(3)), delay(second!, time(2)), delay(third!, time(4))]);
      expect(await timers().due(pool, time(3), 10)).toEqual([
        { kind: 'task', id: second!.task_id, due: time(2) },
        { kind: 'task', id: first!.task_id, due: time(3) },
      ]);
      expect(await timers().due(pool, time(3), 1)).toMatchObject([{ id: second!.task_id }]);
      expect(await timers().due(pool, time(1), 10)).toEqual([]);
    });

    it('keeps pools apart', async () => {
      const pool = unique('p');
      const [row] = tasksIn(pool, 1);
      await tasks().insert([row!]);
      await tasks().change([delay(row!, time(2))]);
      expect(await timers().due(unique('p'), time(9), 10)).toEqual([]);
    });

    it('has one timer for the deadline of a task: a new task does not put it off, and it moves on, or goes, only while it is due', async () => {
      const pool = unique('p');
      const [row] = tasksIn(pool, 1, { on_expiry: 'drop' });
      const until = (second: number) => [{ ...row!, deadline: time(second) }];
      const dues = async () =>
        (await timers().due(pool, time(9), 10)).flatMap(({ kind, due }) => (kind === 'deadline' ? [due] : []));
      const at = (second: number) => Date.parse(time(second));
      await tasks().insert(until(3));
      await tasks().insert(until(5));
      expect(await dues()).toEqual([time(3)]);
      await tasks().setDeadlines(until(6));
      await tasks().moveDeadlinesOn(until(7), at(5));
      await tasks().forgetDeadlines([row!.task_id], at(5));
      expect(await dues()).toEqual([time(6)]);
      await tasks().insert(until(2));
      expect(await dues()).toEqual([time(2)]);
      await tasks().moveDeadlinesOn(until(7), at(2));
      expect(await dues()).toEqual([time(7)]);
      await tasks().forgetDeadlines([row!.task_id], at(7));
      expect(await dues()).toEqual([]);
    });

    it('has one timer for the sweeps of a namespace, which only moves to an earlier time', async () => {
      const { sweeps } = backend().adapters;
      const namespace = unique('n');
      const isDue = async (second: number) =>
        (await timers().due('default', time(second), 100)).some(({ id }) => id === namespace);
      await sweeps.arm(namespace, time(-50));
      await sweeps.arm(namespace, time(-60));
      const armed = await sweeps.armed(namespace);
      await sweeps.arm(namespace, time(-40));
      expect(await isDue(-61)).toBe(false);
      expect(await isDue(-60)).toBe(true);
      await sweeps.settle(namespace, armed, undefined);
      expect(await sweeps.postpone(namespace, time(-60), time(-30))).toBe(true);
      expect(await sweeps.postpone(namespace, time(-60), time(-30))).toBe(false);
      await sweeps.settle(namespace, armed + 1, undefined);
      expect(await isDue(0)).toBe(false);
    });
  });
}
