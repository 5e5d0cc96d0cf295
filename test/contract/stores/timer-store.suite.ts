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
  });
}
