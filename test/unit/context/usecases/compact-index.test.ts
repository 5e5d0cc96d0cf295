import { describe, expect, it } from '@jest/globals';
import { flushedEntries } from '../../../../src/context/core/search/compaction.ts';
import type { IndexDeps } from '../../../../src/context/index-ports.ts';
import { compactIndex } from '../../../../src/context/usecases/search/compact-index.ts';
import { indexEntries } from '../../../../src/context/usecases/search/index-entries.ts';
import { searchIndex } from '../../../../src/context/usecases/search/search-index.ts';
import { indexStage } from './index-stage.ts';

const namespace = 'default';

async function write(deps: IndexDeps, from: number, count: number, version = 1) {
  const changes = Array.from({ length: count }, (_, at) => ({
    id: `doc/${from + at}`,
    version,
    updated_at: 1000 * version,
    text: `lease number n${from + at} of version v${version}`,
    labels: ['type:knowledge'],
  }));
  return (await indexEntries(deps, namespace, changes)).state;
}

async function compactAll(deps: IndexDeps): Promise<void> {
  while ((await compactIndex(deps, namespace)).more);
}

async function found(deps: IndexDeps, text: string, limit = 2_000): Promise<string[]> {
  const { text: ranking } = await searchIndex(deps, await deps.index.load(namespace), {
    text,
    mode: 'text',
    filter: { labels: [] },
    limit,
  });
  return (ranking?.candidates ?? []).map(({ id }) => id).sort();
}

describe('the index of a namespace', () => {
  it('finds a document at once, and still after it has moved into a segment and through merges', async () => {
    const { deps, drive, keys } = indexStage();
    await drive(
      (async () => {
        await write(deps, 0, 1);
        expect(await found(deps, 'n0')).toEqual(['doc/0']);
        for (let flush = 0; flush < 5; flush += 1) {
          await write(deps, 1 + flush * flushedEntries, flushedEntries);
          await compactAll(deps);
        }
        expect(await found(deps, 'n0')).toEqual(['doc/0']);
        expect(await found(deps, 'lease')).toHaveLength(5 * flushedEntries + 1);
        const { manifest, recent } = await deps.index.load(namespace);
        expect(manifest.segments).toHaveLength(2);
        expect(recent).toHaveLength(0);
      })(),
    );
    // The merged ones may still be read.
    expect(keys()).toHaveLength(6);
  });

  it('removes the objects of merged segments when nobody can be reading them any more', async () => {
    const { cloud, deps, drive, keys } = indexStage();
    for (let flush = 0; flush < 4; flush += 1) {
      await drive(write(deps, flush * flushedEntries, flushedEntries).then(() => compactAll(deps)));
    }
    expect(keys()).toHaveLength(5);
    await drive(cloud.clock.sleep(200_000));
    await drive(compactIndex(deps, namespace));
    expect(keys()).toHaveLength(1);
    expect(await drive(found(deps, 'lease'))).toHaveLength(4 * flushedEntries);
  });

  it('tells the waiting entries, so that a compaction is asked for in time', async () => {
    const { deps, drive } = indexStage();
    expect(await drive(write(deps, 0, 10))).toMatchObject({ waiting: 10 });
    expect(await drive(write(deps, 10, flushedEntries))).toMatchObject({ waiting: flushedEntries + 10 });
    await drive(compactAll(deps));
    expect(await drive(write(deps, 1_000, 1))).toMatchObject({ waiting: 1 });
  });

  it('keeps the newest version of a document, and none of a deleted one', async () => {
    const { deps, drive } = indexStage();
    await drive(
      (async () => {
        await write(deps, 0, flushedEntries);
        await compactAll(deps);
        await write(deps, 0, flushedEntries, 2);
        await indexEntries(deps, namespace, [{ id: 'doc/1', version: 3, updated_at: 0, deleted: true }]);
        await compactAll(deps);
        for (const version of [3, 4]) {
          await write(deps, 1_000 * version, flushedEntries, version);
          await compactAll(deps);
        }
        expect(await found(deps, 'v1')).toEqual([]);
        expect(await found(deps, 'v2')).toHaveLength(flushedEntries - 1);
      })(),
    );
  });

  it('loses nothing when two compact at once', async () => {
    const { deps, drive } = indexStage();
    await drive(
      (async () => {
        await write(deps, 0, flushedEntries);
        await Promise.all([compactIndex(deps, namespace), compactIndex(deps, namespace)]);
        await compactAll(deps);
        expect(await found(deps, 'lease')).toHaveLength(flushedEntries);
        expect((await deps.index.load(namespace)).manifest.segments).toHaveLength(1);
      })(),
    );
  });

  it('finds a document once when a crash left it both in a segment and among the recent ones', async () => {
    const { deps, drive } = indexStage();
    const crashing = { ...deps, index: { ...deps.index, remove: () => Promise.reject(new Error('crash')) } };
    await drive(
      (async () => {
        await write(deps, 0, flushedEntries);
        await expect(compactIndex(crashing, namespace)).rejects.toThrow('crash');
        expect(await found(deps, 'lease')).toHaveLength(flushedEntries);
        await compactAll(deps);
        expect(await found(deps, 'lease')).toHaveLength(flushedEntries);
        expect((await deps.index.load(namespace)).recent).toHaveLength(0);
      })(),
    );
  });
});
