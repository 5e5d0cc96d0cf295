import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { ScheduleRow } from '../../../src/contracts/workflow/rows.ts';
import { type BackendOf, unique } from './backend.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

function scheduleIn(pool: string, schedule_id: string, over: Partial<ScheduleRow> = {}): ScheduleRow {
  return {
    ...{
      schedule_id,
      pool,
      version: 1,
      overlap: 'skip',
      catch_up_ms: 0,
      name: 'report',
      workflow: { definition: 'report@1', input: {} },
    },
    ...{ body_hash: 'h', created_at: at(0), created_by: 'ann', paused: false, queued: [] },
    timing: { time_zone: 'UTC', every_ms: 60_000, exclude: { dates: [], weekdays: [] } },
    next_at: at(1),
    wake_at: at(1),
    ...over,
  };
}

/** What every ScheduleStore promises. */
export function scheduleStoreSuite(backend: BackendOf): void {
  const store = () => backend().adapters.schedules;

  describe('a schedule store', () => {
    it('inserts once: the first row stays and is the answer to the second', async () => {
      const row = scheduleIn(unique('p'), 's');
      expect(await store().create(row)).toBeUndefined();
      expect(await store().create({ ...row, body_hash: 'other' })).toEqual(row);
      expect(await store().get(row.pool, 's')).toEqual(row);
    });

    it('keeps what is to run in its row, however long it lives, and refuses what fits none', async () => {
      const large = (text: string) =>
        scheduleIn(unique('p'), 's', { workflow: { definition: 'report@1', input: { text } } });
      const row = large('long '.repeat(60_000));
      await store().create(row);
      expect(await store().get(row.pool, 's')).toEqual(row);
      const chance = large(randomBytes(400_000).toString('base64'));
      await expect(store().create(chance)).rejects.toMatchObject({ code: 'too-large', path: 'definition' });
      expect(await store().get(chance.pool, 's')).toBeUndefined();
    });

    it('saves the next version only, so that of two who decide at once one is refused', async () => {
      const row = scheduleIn(unique('p'), 's');
      await store().create(row);
      const { next_at: _gone, ...rest } = row;
      expect(await store().save({ ...rest, version: 2, queued: [at(1)] })).toBe(true);
      expect(await store().save({ ...row, version: 2 })).toBe(false);
      expect(await store().get(row.pool, 's')).toEqual({ ...rest, version: 2, queued: [at(1)] });
    });

    it('does not bring a removed one back', async () => {
      const row = scheduleIn(unique('p'), 's');
      await store().create(row);
      await store().remove(row.pool, 's');
      expect(await store().save({ ...row, version: 2 })).toBe(false);
      expect(await store().get(row.pool, 's')).toBeUndefined();
    });

    it('has a timer exactly while it waits for a time', async () => {
      const row = scheduleIn(unique('p'), 's');
      const due = (minute: number) => backend().adapters.timers.due(row.pool, at(minute), 10);
      await store().create(row);
      expect(await due(0)).toEqual([]);
      expect(await due(1)).toEqual([{ kind: 'schedule', id: 's', due: at(1) }]);
      const { wake_at: _timer, ...paused } = { ...row, version: 2, paused: true };
      await store().save(paused);
      expect(await due(9)).toEqual([]);
    });

    it('lists a pool page by page in the order of the ids, each once', async () => {
      const pool = unique('p');
      const ids = ['a', 'b', 'c', 'd', 'e'];
      for (const id of ids.toReversed()) await store().create(scheduleIn(pool, id));
      await store().create(scheduleIn(unique('p'), 'other'));
      const listed: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store().list(pool, 2, cursor);
        listed.push(...page.items.map(({ schedule_id }) => schedule_id));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(listed).toEqual(ids);
    });

    it('refuses the cursor of another listing, whatever is in it', async () => {
      const [pool, other] = [unique('p'), unique('p')];
      for (const id of ['a', 'b']) await store().create(scheduleIn(other, id));
      const { cursor } = await store().list(other, 1);
      const made = (key: object): string => Buffer.from(JSON.stringify(key)).toString('base64url');
      const pk = `SCHEDULES#${pool}`;
      for (const foreign of [
        cursor ?? '',
        made({ pk, sk: 1 }),
        made({ pk, sk: 'a', gsi1pk: 'x' }),
        made({ pk, sk: '' }),
      ])
        await expect(store().list(pool, 1, foreign)).rejects.toMatchObject({ code: 'invalid-input', path: 'cursor' });
    });
  });
}
