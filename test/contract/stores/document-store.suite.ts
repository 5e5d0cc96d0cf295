import { describe, expect, it } from '@jest/globals';
import { jsonBytes } from '../../../src/contracts/context/data.ts';
import type { StoredVersion } from '../../../src/context/core/version.ts';
import { headOf, historyEntry } from '../../../src/context/core/version.ts';
import type { DocumentStore } from '../../../src/context/ports.ts';
import { unique } from './backend.ts';
import { namespaceRowsSuite } from './namespace-rows.suite.ts';

/** No time ago, whatever clock the store has: one that is stamped too long ago is not written. */
const at = '2099-11-23T10:00:00.000Z';

/** A version as a test writes it. */
export function storedVersion(namespace: string, context_id: string, over: Partial<StoredVersion> = {}): StoredVersion {
  const { data = { n: 1 } } = over;
  return {
    ...{ namespace, context_id, context_type: 'knowledge', version: 1, created_version: 1 },
    ...{ created_at: at, updated_at: at, created_by: 'a', updated_by: 'a', tags: ['t'], relations: [] },
    ...{ bytes: jsonBytes(data), hash: 'h', kind: 'create', base_version: 0, operation_id: 'op1', data },
    ...over,
  };
}

/** What every DocumentStore promises. */
export function documentStoreSuite(store: () => DocumentStore): void {
  const next = (before: StoredVersion, over: Partial<StoredVersion> = {}) => ({
    previous: headOf(before),
    next: { ...before, version: before.version + 1, kind: 'put' as const, base_version: before.version, ...over },
  });

  describe('a document store', () => {
    it('gives back versions as they were written, small, packed and in the bucket', async () => {
      const namespace = unique('n');
      const texts = [
        'x',
        'words '.repeat(2_000),
        Array.from({ length: 60_000 }, (_, n) => (n * 7_919 * 104_729).toString(36)).join(' '),
      ];
      for (const [n, text] of texts.entries()) {
        const written = storedVersion(namespace, `d${n}`, { data: { text } });
        expect(await store().commit([{ previous: undefined, next: written }])).toEqual([]);
        expect(await store().latest(written)).toEqual(written);
        expect(await store().version(written, 1)).toEqual(written);
        expect(await store().heads([written])).toEqual([headOf(written)]);
      }
      expect(await store().latest({ namespace, context_id: 'ghost' })).toBeUndefined();
      const keys = ['d1', 'ghost', 'd0'].map((context_id) => ({ namespace, context_id }));
      expect((await store().latestOf(keys)).map((each) => each?.context_id)).toEqual(['d1', undefined, 'd0']);
    });

    it('moves a head only from the version that was seen, for one of many at once', async () => {
      const first = storedVersion(unique('n'), 'd');
      await store().commit([{ previous: undefined, next: first }]);
      expect(await store().commit([{ previous: undefined, next: first }])).toEqual([
        { namespace: first.namespace, context_id: 'd' },
      ]);
      const answers = await Promise.all([1, 2, 3].map((n) => store().commit([next(first, { data: { n } })])));
      expect(answers.filter((overtaken) => overtaken.length === 0)).toHaveLength(1);
      expect((await store().latest(first))?.version).toBe(2);
    });

    it('knows which task has read and written which version, however often it is told', async () => {
      const namespace = unique('n');
      const first = storedVersion(namespace, 'a/b', { origin: { task_id: 'w:n:1' } });
      await store().commit([{ previous: undefined, next: first }]);
      await store().commit([next(first, { origin: { task_id: 'w:n:2' } })]);
      const reads = [1, 2].map((number) => ({ context_id: 'a/b', version: number }));
      for (let told = 0; told < 2; told += 1)
        await store().recordReads(namespace, 'w:n:3', [...reads, ...reads], Date.parse(at));
      await store().recordReads(namespace, 'w:n:4', reads.slice(1), Date.parse(at));
      expect(await store().readersOf(first, 1, 10)).toEqual(['w:n:3']);
      expect(await store().readersOf(first, 2, 10)).toEqual(['w:n:3', 'w:n:4']);
      expect(await store().readersOf(first, 2, 1)).toEqual(['w:n:3']);
      expect(await store().touchedBy(namespace, 'w:n:3', 'read', 10)).toEqual(reads);
      expect(await store().touchedBy(namespace, 'w:n:2', 'wrote', 10)).toEqual(reads.slice(1));
      expect(await store().touchedBy(namespace, 'w:n:3', 'wrote', 10)).toEqual([]);
    });

    it('writes all documents of a commit or none, and looks at others', async () => {
      const namespace = unique('n');
      const [a, b, c] = ['a', 'b', 'c'].map((id) => storedVersion(namespace, id)) as [
        StoredVersion,
        StoredVersion,
        StoredVersion,
      ];
      await store().commit([a, b].map((each) => ({ previous: undefined, next: each })));
      const check = { key: { namespace, context_id: 'b' }, version: 2 };
      expect(await store().commit([next(a), { previous: undefined, next: c }], [check])).toEqual([check.key]);
      expect((await store().heads([a, c])).map((head) => head?.version)).toEqual([1, undefined]);
      expect(await store().commit([next(a), { previous: undefined, next: c }], [{ ...check, version: 1 }])).toEqual([]);
      expect((await store().heads([a, c])).map((head) => head?.version)).toEqual([2, 1]);
    });

    it('does an operation that names no version once', async () => {
      const first = storedVersion(unique('n'), 'd');
      await store().commit([{ previous: undefined, next: first }]);
      const appended = next(first, { operation_id: 'append' });
      expect(await store().commit([{ ...appended, once: true }])).toEqual([]);
      expect(await store().operation(first, 'append')).toBe(2);
      expect(await store().commit([{ ...next(appended.next), once: true }])).toHaveLength(1);
      expect(await store().operation(first, 'never')).toBeUndefined();
    });

    it('finds documents by place, type and tag, page by page, until they are deleted', async () => {
      const namespace = unique('n');
      const ids = ['p/a', 'p/a-b', 'p/a/x', 'q'];
      const rows = ids.map((id) => storedVersion(namespace, id));
      for (const row of rows) await store().commit([{ previous: undefined, next: row }]);
      const find = async (by: { tag: string } | { type: string } | undefined, under?: string) =>
        (await store().find({ namespace, by, under }, 10)).items;
      expect(await find(undefined)).toEqual(ids);
      expect(await find({ tag: 't' }, 'q')).toEqual(['q']);
      expect(await find({ type: 'knowledge' }, 'p/a')).toEqual(expect.arrayContaining(['p/a', 'p/a/x']));
      const page = await store().find({ namespace, by: undefined, under: undefined }, 3);
      expect(page.items).toHaveLength(3);
      expect((await store().find({ namespace, by: undefined, under: undefined }, 3, page.cursor)).items).toEqual(['q']);
      await store().commit([next(rows[3]!, { deleted: true, kind: 'delete' })]);
      expect(await find({ tag: 't' }, 'q')).toEqual([]);
    });

    it('knows edges from both ends, by type', async () => {
      const namespace = unique('n');
      const from = storedVersion(namespace, 'a', {
        relations: [
          { type: 'needs', to: 'b' },
          { type: 'like', to: 'b/c' },
        ],
      });
      await store().commit([{ previous: undefined, next: from }]);
      expect(await store().edges(from, 'out', 'needs', 10)).toEqual([{ from: 'a', type: 'needs', to: 'b' }]);
      expect(await store().edges({ namespace, context_id: 'b/c' }, 'in', undefined, 10)).toEqual([
        { from: 'a', type: 'like', to: 'b/c' },
      ]);
      await store().commit([next(from, { relations: [] })]);
      expect(await store().edges(from, 'out', undefined, 10)).toEqual([]);
    });

    it('lists versions newest first and changes since a cursor', async () => {
      const first = storedVersion(unique('n'), 'd');
      const second = next(first, { updated_at: '2099-11-23T10:00:01.000Z' });
      await store().commit([{ previous: undefined, next: first }]);
      await store().commit([second]);
      const page = await store().versions(first, 1);
      expect(page.items.map((each) => each.version)).toEqual([2]);
      expect((await store().versions(first, 1, page.cursor)).items).toEqual([historyEntry(first)]);
      const until = Date.parse('2099-11-23T10:00:00.500Z');
      const early = await store().changes(first.namespace, { until }, 8);
      expect(early.items.map((each) => each.version)).toEqual([1]);
      const late = await store().changes(first.namespace, { until: until + 1_000 }, 8, early.cursor);
      expect(late.items.map((each) => [each.version, each.kind])).toEqual([[2, 'put']]);
      expect((await store().changes(first.namespace, { until: until + 9_000 }, 8, late.cursor)).items).toEqual([]);
      const time = { since: first.updated_at, until: until + 1_000 };
      expect((await store().changes(first.namespace, time, 8)).items).toEqual(late.items);
    });

    it('sets a policy once from each revision, and keeps conflicts and audit', async () => {
      const namespace = unique('n');
      const row = { namespace, revision: 1, updated_by: 'a', policy: { roles: {}, rules: [], audit_reads_one_in: 0 } };
      expect(await store().namespace(namespace)).toBeUndefined();
      expect(await store().setNamespace(row)).toBe(true);
      expect(await store().setNamespace(row)).toBe(false);
      expect(await store().setNamespace({ ...row, revision: 2 })).toBe(true);
      expect(await store().namespace(namespace)).toEqual({ ...row, revision: 2 });
      const conflict = {
        ...{ namespace, context_id: 'd', conflict_id: 'c', at, by: 'a' },
        ...{ base_version: 1, version: 2, data: 1, conflicts: [] },
      };
      await store().keepConflict(conflict);
      await store().keepConflict({ ...conflict, data: 2 });
      expect((await store().conflicts(conflict, 10)).items).toEqual([conflict]);
      const entry = { at, principal: 'p', action: 'get', outcome: 'refused' as const, correlation_id: 's' };
      await store().audit(namespace, 'id', entry);
      const day = { day: '2099-11-23', from: at, to: at };
      expect((await store().audited(namespace, day, 10)).items).toEqual([entry]);
      const later = { ...day, from: '2099-11-23T10:00:00.001Z', to: '2099-11-24' };
      expect((await store().audited(namespace, later, 10)).items).toEqual([]);
    });

    it('lists the history of a document without its data, and removes all but tombstones and what others say of it', async () => {
      const namespace = unique('n');
      const large = Array.from({ length: 60_000 }, (_, n) => (n * 7_919 * 104_729).toString(36)).join(' ');
      const first = storedVersion(namespace, 'd', { data: { large }, relations: [{ type: 'like', to: 'other' }] });
      const below = storedVersion(namespace, 'd/below', { data: { large }, relations: [{ type: 'like', to: 'd' }] });
      const second = next(first, { operation_id: 'op2' });
      for (const each of [first, below]) await store().commit([{ previous: undefined, next: each }]);
      await store().commit([{ ...second, once: true }]);
      expect((await store().entries(first)).map((entry) => [entry.version, entry.kind, entry.hash])).toEqual([
        [1, 'create', 'h'],
        [2, 'put', 'h'],
      ]);
      const tombstone = next(second.next, {
        ...{ kind: 'erase', deleted: true, relations: [], tags: [], data: null },
        ...{ erasure: { versions: 2, root: 'r' }, due: { at, action: 'erase' } },
      });
      await store().commit([tombstone]);
      expect(await store().removeContent(first)).toBe(true);
      expect(await store().removeContent(first)).toBe(false);
      expect((await store().entries(first)).map(({ kind }) => kind)).toEqual(['erase']);
      expect(await store().operation(first, 'op2')).toBeUndefined();
      expect(await store().version(below, 1)).toEqual(below);
      expect(await store().edges(first, 'in', undefined, 10)).toHaveLength(1);
    });

    it('knows what is due, and notes what was done on the version that was seen', async () => {
      const namespace = unique('n');
      const dueAt = (time: string) => ({ due: { at: time, action: 'erase' as const } });
      const [a, b] = ['a', 'b'].map((id, n) => storedVersion(namespace, id, dueAt(`2099-11-2${5 - n}T10:00:00.000Z`)));
      for (const each of [a!, b!, storedVersion(namespace, 'c')])
        await store().commit([{ previous: undefined, next: each }]);
      expect(await store().due(namespace, 10)).toEqual([
        { context_id: 'b', at: '2099-11-24T10:00:00.000Z' },
        { context_id: 'a', at: '2099-11-25T10:00:00.000Z' },
      ]);
      const { due: _due, ...rest } = headOf(b!);
      const noted = { ...rest, erasure: { versions: 1, root: 'r', done_at: at } };
      expect(await store().note(headOf(b!), noted)).toBe(true);
      expect(await store().heads([b!])).toEqual([noted]);
      expect(headOf((await store().latest(b!))!)).toEqual(noted);
      expect((await store().due(namespace, 10)).map(({ context_id }) => context_id)).toEqual(['a']);
      expect(await store().note(headOf(b!), noted)).toBe(false);
    });

    it('moves versions to the archive and back, and prunes them, with their objects', async () => {
      const large = (seed: number) =>
        Array.from({ length: 60_000 }, (_, n) => (n * seed * 104_729).toString(36)).join(' ');
      const archiving = { at, action: 'archive' as const };
      const first = storedVersion(unique('n'), 'd', { data: { large: large(7_919) } });
      const second = next(first, { data: { large: large(7_907) }, due: archiving });
      await store().commit([{ previous: undefined, next: first }]);
      await store().commit([second]);
      const before = headOf(second.next);
      await store().pack(before, 'one');
      const archived = { ...before, archive: { since: at, id: 'one' } };
      expect(await store().note(before, archived)).toBe(true);
      expect(await store().note(before, archived)).toBe(false);
      await store().removeArchived(archived);
      expect(await store().version(first, 1)).toBeUndefined();
      expect((await store().latest(first))?.data).toBeUndefined();
      expect((await store().entries(first)).map((entry) => entry.version)).toEqual([1, 2]);
      const { due: _due, ...settled } = archived;
      expect(await store().note(archived, settled)).toBe(true);
      await store().thaw(settled);
      await store().removeArchived(settled);
      expect(await store().version(first, 1)).toEqual(first);
      expect(await store().version(first, 2)).toEqual(second.next);
      const { archive: _archive, ...back } = settled;
      const pruning = { ...back, due: { at, action: 'prune' as const } };
      expect(await store().note(settled, pruning)).toBe(true);
      for (const seen of [settled, { ...pruning, version: 1 }]) await store().prune(seen, 2);
      expect(await store().version(first, 1)).toEqual(first);
      await store().prune(pruning, 2);
      expect(await store().version(first, 1)).toBeUndefined();
      expect((await store().version(first, 2))?.data).toEqual(second.next.data);
    });

    it('finds the documents of a subject, deleted ones too, and certifies what was forgotten in one chain', async () => {
      const first = storedVersion(unique('n'), 'd', { subject: 's' });
      const { namespace } = first;
      const find = async () => (await store().find({ namespace, by: { subject: 's' }, under: undefined }, 10)).items;
      await store().commit([{ previous: undefined, next: first }]);
      const deleted = next(first, { deleted: true, kind: 'delete' });
      await store().commit([deleted]);
      expect(await find()).toEqual(['d']);
      const { subject: _subject, ...tombstone } = next(deleted.next, { kind: 'erase' }).next;
      await store().commit([{ previous: headOf(deleted.next), next: tombstone }]);
      expect(await find()).toEqual([]);
      const row = { namespace, subject: 's', reason: 'r', requested_by: 'a', requested_at: at, context_ids: ['d'] };
      expect(await store().beginForgetting(row)).toBe(true);
      expect(await store().beginForgetting({ ...row, context_ids: [] })).toBe(false);
      expect(await store().forgetting(namespace, 's')).toEqual(row);
      const { context_ids: _ids, ...request } = row;
      const certificate = {
        ...request,
        number: 1,
        issued_at: at,
        documents: [],
        held: [],
        naming: [],
        remains: [],
        previous: '',
        hash: 'h',
      };
      expect(await store().certify({ ...certificate, requested_at: 'another' })).toBe(false);
      expect(await store().certify(certificate)).toBe(true);
      expect(await store().forgetting(namespace, 's')).toBeUndefined();
      await store().beginForgetting(row);
      expect(await store().certify(certificate)).toBe(false);
      expect(await store().certify({ ...certificate, number: 2 })).toBe(true);
      expect((await store().certificates(namespace, 1)).items).toMatchObject([{ number: 2 }]);
    });
  });

  namespaceRowsSuite(store);
}
