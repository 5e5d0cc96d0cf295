import { describe, expect, it } from '@jest/globals';
import type { RegisteredRow } from '../../../src/contracts/workflow/rows.ts';
import { workflowDefinition } from '../../../src/contracts/workflow/workflow.ts';
import { type BackendOf, unique } from './backend.ts';

const version = (hash: string) => ({ hash, at: '2026-01-01T00:00:00.000Z', by: 'ann' });
const definition = (task_type: string) => workflowDefinition.parse({ name: 'x', nodes: [{ name: 'a', task_type }] });

function rowIn(pool: string, name: string, hashes: readonly string[]): RegisteredRow {
  return { pool, name, revision: hashes.length, versions: hashes.map(version) };
}

/** What every DefinitionStore promises. */
export function definitionStoreSuite(backend: BackendOf): void {
  const store = () => backend().adapters.definitions;

  describe('a store of definitions', () => {
    it('gives back what was registered, each version with its own body', async () => {
      const pool = unique('p');
      expect(await store().get(pool, 'x')).toBeUndefined();
      expect(await store().save(rowIn(pool, 'x', ['h1']), { version: 1, definition: definition('one') })).toBe(true);
      const second = rowIn(pool, 'x', ['h1', 'h2']);
      expect(await store().save(second, { version: 2, definition: definition('two') })).toBe(true);
      expect(await store().get(pool, 'x')).toEqual(second);
      expect(await store().body(pool, 'x', 1)).toEqual(definition('one'));
      expect(await store().body(pool, 'x', 2)).toEqual(definition('two'));
      expect(await store().body(pool, 'x', 3)).toBeUndefined();
    });

    it('lets one of two who register at once win, and writes nothing of the other', async () => {
      const pool = unique('p');
      const won = await Promise.all(
        ['h1', 'h2'].map((hash) =>
          store().save(rowIn(pool, 'x', [hash]), { version: 1, definition: definition(hash) }),
        ),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      const row = await store().get(pool, 'x');
      expect(await store().body(pool, 'x', 1)).toEqual(definition(row?.versions[0]?.hash ?? ''));
    });

    it('never writes over a version, not even with the right revision', async () => {
      const pool = unique('p');
      await store().save(rowIn(pool, 'x', ['h1']), { version: 1, definition: definition('one') });
      const lying = { ...rowIn(pool, 'x', ['h2']), revision: 2 };
      expect(await store().save(lying, { version: 1, definition: definition('two') })).toBe(false);
      expect(await store().get(pool, 'x')).toMatchObject({ revision: 1 });
      expect(await store().body(pool, 'x', 1)).toEqual(definition('one'));
    });

    it('changes a row alone only on its revision', async () => {
      const pool = unique('p');
      const row = rowIn(pool, 'x', ['h1']);
      await store().save(row, { version: 1, definition: definition('one') });
      const [known = version('h1')] = row.versions;
      const versions = [{ ...known, deprecated: { at: known.at, by: 'bea', reason: 'old' } }];
      expect(await store().save({ ...row, revision: 2, versions })).toBe(true);
      expect(await store().save({ ...row, revision: 2 })).toBe(false);
      expect(await store().get(pool, 'x')).toEqual({ ...row, revision: 2, versions });
    });

    it('lists a pool page by page in the order of the names', async () => {
      const pool = unique('p');
      for (const name of ['c', 'a', 'b'])
        await store().save(rowIn(pool, name, ['h']), { version: 1, definition: definition(name) });
      const first = await store().list(pool, 2);
      const second = await store().list(pool, 2, first.cursor);
      expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['a', 'b', 'c']);
      await expect(store().list(unique('p'), 2, first.cursor)).rejects.toMatchObject({ code: 'invalid-input' });
    });
  });
}
