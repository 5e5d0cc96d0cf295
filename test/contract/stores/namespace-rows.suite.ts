import { describe, expect, it } from '@jest/globals';
import type { DocumentStore } from '../../../src/context/ports.ts';
import { unique } from './backend.ts';

const at = '2026-11-23T10:00:00.000Z';

/** What every DocumentStore promises of what a namespace has beside its documents. */
export function namespaceRowsSuite(store: () => DocumentStore): void {
  describe('what a namespace has beside its documents', () => {
    it('keeps one snapshot of a name until it has expired or was removed', async () => {
      const namespace = unique('n');
      const first = { namespace, name: 's', at, by: 'a', expires_at: '2026-11-24T10:00:00.000Z' };
      const later = { ...first, at: '2026-11-24T10:00:00.001Z', expires_at: '2026-11-25T10:00:00.000Z' };
      expect(await store().keepSnapshot(first)).toBe(true);
      expect(await store().keepSnapshot({ ...later, at: '2026-11-24T09:59:59.999Z' })).toBe(false);
      expect(await store().keepSnapshot(later)).toBe(true);
      expect(await store().snapshots(namespace)).toEqual([later]);
      await store().removeSnapshot(namespace, 's');
      expect(await store().snapshots(namespace)).toEqual([]);
    });

    it('knows which agents watch which places, and takes none away that has asked again', async () => {
      const namespace = unique('n');
      const [one, again] = [1, 2].map((nth) => ({ agent_id: 'a', under: [`p/${nth}`], mark: `mark-${nth}` }));
      const other = { agent_id: 'b', under: ['p'], mark: 'mark-3' };
      for (const watcher of [one!, other, again!]) await store().watch(namespace, watcher);
      await store().unwatch(namespace, one!);
      expect(await store().watchers(namespace)).toEqual([again, other]);
      await store().unwatch(namespace, again!);
      await store().unwatch(namespace, again!);
      expect(await store().watchers(namespace)).toEqual([other]);
      expect(await store().watchers(unique('n'))).toEqual([]);
    });

    it('remembers how far a new retention was compared', async () => {
      const namespace = unique('n');
      const walk = { revision: 2, from: at, cursor: 'c' };
      await store().setWalk(namespace, walk);
      expect(await store().walk(namespace)).toEqual(walk);
      await store().setWalk(namespace, undefined);
      expect(await store().walk(namespace)).toBeUndefined();
    });

    it('registers each version of a type once', async () => {
      const namespace = unique('n');
      const row = { namespace, context_type: 'ticket', version: 1, schema: { enum: ['', null] }, at, by: 'a' };
      expect(await store().define(row)).toBe(true);
      expect(await store().define({ ...row, by: 'b' })).toBe(false);
      expect(await store().define({ ...row, version: 2, migration: '$' })).toBe(true);
      expect(await store().define({ ...row, context_type: 'ticket_2' })).toBe(true);
      expect(await store().types(namespace, 'ticket')).toEqual([{ ...row, version: 2, migration: '$' }, row]);
      expect(await store().types(namespace)).toHaveLength(3);
      expect(await store().types(namespace, 'none')).toEqual([]);
    });

    it('changes a lock only from the revision that was read, and lists locks by name', async () => {
      const namespace = unique('n');
      const holder = { token: 7, until: at, by: 'a', operation_id: 'op' };
      const row = { namespace, name: 'p/a', revision: 1, token: 7, slots: 2, holders: [holder] };
      expect(await store().lock(namespace, 'p/a')).toBeUndefined();
      expect(await store().setLock(row)).toBe(true);
      expect(await store().setLock(row)).toBe(false);
      const answers = await Promise.all([8, 9].map((token) => store().setLock({ ...row, revision: 2, token })));
      expect(answers.filter(Boolean)).toHaveLength(1);
      expect(await store().lock(namespace, 'p/a')).toMatchObject({ revision: 2, holders: [holder] });
      await store().setLock({ ...row, name: 'q' });
      expect((await store().locks(namespace, 'p', 10)).items.map(({ name }) => name)).toEqual(['p/a']);
      expect((await store().locks(namespace, undefined, 10)).items.map(({ name }) => name)).toEqual(['p/a', 'q']);
    });
  });
}
