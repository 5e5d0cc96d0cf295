import { describe, expect, it } from '@jest/globals';
import type { PublishedRow } from '../../../src/contracts/workflow/rows.ts';
import { publishedOf } from '../../../src/contracts/workflow/signal.ts';
import { type BackendOf, unique } from './backend.ts';

const at = (minute: number): string => new Date(Date.UTC(2126, 0, 1, 0, minute)).toISOString();
const startMs = Date.parse(at(0));

function eventIn(pool: string, id: string, over: Partial<PublishedRow> = {}): PublishedRow {
  return {
    ...{ pool, name: 'paid', key: 'order #7', id, data: { text: '40' }, body_hash: 'h', by: 'shop' },
    ...{ received_at: at(0), kept_until: at(60), wake_at: at(1), taken_by: [] },
    ...over,
  };
}

/** What every PublishedStore promises. */
export function publishedStoreSuite(backend: BackendOf): void {
  const store = () => backend().adapters.published;
  const topic = { name: 'paid', key: 'order #7' };

  describe('a store of published events', () => {
    it('inserts once: the first row stays and is the answer to the second', async () => {
      const row = eventIn(unique('p'), 'e#1');
      expect(await store().publish(row)).toBeUndefined();
      expect(await store().publish({ ...row, body_hash: 'other' })).toEqual(row);
      expect(await store().get(row.pool, topic, 'e#1')).toEqual(row);
      expect(await store().get(row.pool, { ...topic, key: 'order #8' }, 'e#1')).toBeUndefined();
    });

    it('lists what is kept of a name and key, the oldest first', async () => {
      const pool = unique('p');
      await store().publish(eventIn(pool, 'a', { received_at: at(2) }));
      await store().publish(eventIn(pool, 'b', { received_at: at(1) }));
      await store().publish(eventIn(pool, 'over', { kept_until: at(5) }));
      await store().publish(eventIn(pool, 'c', { key: 'order #8' }));
      expect((await store().kept(pool, topic, Date.parse(at(5)))).map(({ id }) => id)).toEqual(['b', 'a']);
    });

    it('has a timer exactly while an event may have to be brought to somebody', async () => {
      const row = eventIn(unique('p'), 'e#1');
      const due = async () =>
        (await backend().adapters.timers.due(row.pool, at(9), 10)).map(({ kind, id }) => [kind, id]);
      await store().publish(row);
      const [[kind, id] = []] = await due();
      expect([kind, publishedOf(id ?? '')]).toEqual(['event', { ...topic, id: 'e#1' }]);
      await store().save({ ...row, after: 'w1', taken_by: ['w1'], wake_at: at(2) });
      expect(await store().get(row.pool, topic, 'e#1')).toMatchObject({ after: 'w1', wake_at: at(2) });
      const { wake_at: _timer, ...done } = { ...row, taken_by: ['w1', 'w2'] };
      await store().save(done);
      expect(await due()).toEqual([]);
      expect(await store().get(row.pool, topic, 'e#1')).toEqual(done);
    });

    it('does not bring an event back that has gone', async () => {
      const row = eventIn(unique('p'), 'never');
      await store().save(row);
      expect(await store().get(row.pool, topic, 'never')).toBeUndefined();
    });

    it('lists who waits page by page, each once', async () => {
      const pool = unique('p');
      const ids = ['a', 'a-b', 'a.b', 'aa', 'b'];
      for (const workflow_id of ids) await store().expect({ pool, ...topic, workflow_id, seq: 1 }, startMs);
      const listed: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await store().expecting(pool, topic, 2, after);
        listed.push(...page.map(({ workflow_id }) => workflow_id));
        after = page.at(-1)?.workflow_id;
        if (after === undefined) break;
      }
      expect(listed.toSorted()).toEqual(ids.toSorted());
      expect(new Set(listed).size).toBe(ids.length);
    });

    it('keeps what a newer head told, and forgets a wait only as it was read', async () => {
      const pool = unique('p');
      const wait = { pool, ...topic, workflow_id: 'w', seq: 3 };
      await store().expect(wait, startMs);
      await store().expect({ ...wait, seq: 2 }, startMs);
      expect(await store().expecting(pool, topic, 10)).toEqual([wait]);
      await store().expect({ ...wait, seq: 4 }, startMs);
      await store().forget(wait);
      expect(await store().expecting(pool, topic, 10)).toEqual([{ ...wait, seq: 4 }]);
      await store().forget({ ...wait, seq: 4 });
      expect(await store().expecting(pool, topic, 10)).toEqual([]);
    });
  });
}
