import { afterAll, describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo } from 'node:net';
import type { StoredVersion } from '../../../src/context/core/version.ts';
import { createDocumentStore } from '../../../src/platform/aws/context/store.ts';
import { createAdapters, machineSources } from '../../../src/platform/aws/runtime.ts';
import { s3Objects } from '../../../src/platform/aws/objects.ts';
import { cachedDocuments, type VersionCache } from '../../../src/platform/cache/cached-documents.ts';
import {
  sharedVersions,
  type SharedVersions,
  type SharedVersionsDeps,
} from '../../../src/platform/cache/shared-versions.ts';
import { versionMemory } from '../../../src/platform/cache/version-memory.ts';
import { createTwinCloud } from '../../../src/platform/twin/twin-cloud.ts';
import { bareDeployment } from '../../support/bare-deployment.ts';
import { describeOnRedis } from '../../support/redis-server.ts';
import { contextTable } from '../../unit/context/stage.ts';
import { unique } from './backend.ts';
import { documentStoreSuite, storedVersion } from './document-store.suite.ts';
import { versionCacheSuite } from './version-cache.suite.ts';

const { clients } = createTwinCloud({ tables: [contextTable], buckets: ['bucket'] });
const table = { client: clients.dynamodb, table: contextTable.name };
const bodies = { objects: s3Objects(clients.s3), bucket: 'bucket' };
const behind = (cache: VersionCache) =>
  cachedDocuments(createDocumentStore({ db: table, bodies, now: Date.now }), cache);

describe('in the memory of a process', () => {
  const cache = versionMemory(() => 1);
  versionCacheSuite(() => cache);
  documentStoreSuite(() => behind(cache));

  it('forgets after ten minutes', async () => {
    let now = 1;
    const memory = versionMemory(() => now);
    const version = storedVersion(unique('n'), 'd');
    await memory.set(version);
    now += 9 * 60_000;
    expect(await memory.get(version)).toEqual(version);
    now += 2 * 60_000;
    expect(await memory.get(version)).toBeUndefined();
  });
});

describe('documents behind a cache', () => {
  const cache = versionMemory(() => 1);
  const large = (over: Partial<StoredVersion> = {}) =>
    storedVersion(unique('n'), 'd', { data: { text: 'x'.repeat(5_000) }, ...over });

  it('are not erased while the cache has anything of them: a reader from before may have put it back', async () => {
    const [store, version] = [behind(cache), large()];
    await store.commit([{ previous: undefined, next: version }]);
    expect(await store.removeContent(version)).toBe(true);
    await cache.set(version);
    expect(await store.removeContent(version)).toBe(true);
    expect(await store.removeContent(version)).toBe(false);
  });

  it('are not taken from a cache that has seen another history of the table', async () => {
    const [store, version] = [behind(cache), large()];
    await store.commit([{ previous: undefined, next: version }]);
    for (const other of [{ hash: 'other' }, { updated_at: '2026-11-23T11:00:00.000Z' }]) {
      await cache.set({ ...version, ...other, data: 'of a table that was restored from a backup' });
      expect(await store.latest(version)).toEqual(version);
    }
  });

  it('are kept only where a look at the head costs less than the body', async () => {
    const [store, version] = [behind(cache), storedVersion(unique('n'), 'd')];
    await store.commit([{ previous: undefined, next: version }]);
    await store.latest(version);
    expect(await cache.get(version)).toBeUndefined();
  });
});

/** Limits that a busy machine keeps. */
const patient = { answerMsMax: 60_000, connectMsMax: 60_000 };

await describeOnRedis('in a server that processes share', ({ url, signal }) => {
  const caches: SharedVersions[] = [];
  const connect = (prefix: string, deps: Partial<SharedVersionsDeps> = patient): SharedVersions => {
    const cache = sharedVersions(url, prefix, { now: () => Date.now(), warn: () => undefined, ...deps });
    caches.push(cache);
    return cache;
  };
  afterAll(() => {
    for (const cache of caches) cache.close();
  });
  const shared = connect(unique('deployment'));
  versionCacheSuite(() => shared);
  documentStoreSuite(() => behind(shared));

  it('gives other processes what one has put in, and other deployments nothing', async () => {
    const version = storedVersion(unique('n'), 'd');
    await connect('mine').set(version);
    expect(await connect('mine').get(version)).toEqual(version);
    expect(await connect('theirs').get(version)).toBeUndefined();
  });

  it('counts as empty while it does not answer, told once a pause, and is asked again after it', async () => {
    const clock = { now: 1_000_000 };
    const told: string[] = [];
    const hasty = connect('slow', { now: () => clock.now, warn: (text) => told.push(text) });
    const version = storedVersion(unique('n'), 'd');
    await connect('slow').set(version);
    signal('SIGSTOP');
    try {
      expect([await hasty.get(version), await hasty.get(version)]).toEqual([undefined, undefined]);
      expect(told).toHaveLength(1);
      await expect(hasty.remove(version)).rejects.toThrow();
    } finally {
      signal('SIGCONT');
    }
    expect(await hasty.get(version)).toBeUndefined();
    const afterPause = () => {
      clock.now += 2_000;
      return hasty.get(version);
    };
    let found = await afterPause();
    // A busy machine may take longer than this cache waits.
    while (found === undefined) found = await afterPause();
    expect(found).toEqual(version);
  });
});

const password = 'correct horse';
const guarded = { settings: ['--requirepass', password] };
await describeOnRedis(
  'in a server that wants a password',
  ({ url }) => {
    const caches: SharedVersions[] = [];
    const connect = (server: string, deps: Partial<SharedVersionsDeps>): SharedVersions => {
      const cache = sharedVersions(server, 'p', { now: () => 1, warn: () => undefined, ...patient, ...deps });
      caches.push(cache);
      return cache;
    };
    afterAll(() => {
      for (const cache of caches) cache.close();
    });

    it.each(['', 'default@'])('keeps versions for whoever tells it, as %j', async (user) => {
      const version = storedVersion(unique('n'), 'd');
      const cache = connect(url.replace('//', `//${user}`), { password: async () => password });
      await cache.set(version);
      expect(await cache.get(version)).toEqual(version);
    });

    it('counts as empty for everybody else, whose log has the reason and not the password', async () => {
      const version = storedVersion(unique('n'), 'd');
      await connect(url, { password: async () => password }).set(version);
      const others: readonly (readonly [Partial<SharedVersionsDeps>, string])[] = [
        [{}, 'NOAUTH'],
        [{ password: async () => 'guessed' }, 'WRONGPASS'],
        [{ password: () => Promise.reject(new Error('the store of secrets is away')) }, 'is away'],
      ];
      for (const [deps, reason] of others) {
        const told: string[] = [];
        const warn = (...text: unknown[]) => void told.push(JSON.stringify(text));
        expect(await connect(url, { ...deps, warn }).get(version)).toBeUndefined();
        expect(told).toHaveLength(1);
        expect(told[0]).toContain(reason);
        expect(told[0]).not.toContain('guessed');
      }
    });
  },
  guarded,
);

describe('a cache that nobody can reach', () => {
  it('counts as empty and fails only who must be sure that something is gone', async () => {
    // It accepts and never says a word.
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const told: string[] = [];
    const deps = { now: () => 1, warn: (text: string) => told.push(text), connectMsMax: 50 };
    const store = behind(sharedVersions(`redis://127.0.0.1:${String(port)}`, 'p', deps));
    const version = storedVersion(unique('n'), 'd', { data: { text: 'x'.repeat(5_000) } });
    expect(await store.commit([{ previous: undefined, next: version }])).toEqual([]);
    expect(await store.latest(version)).toEqual(version);
    expect(told).toHaveLength(1);
    await expect(store.removeContent(version)).rejects.toThrow();
    silent.close();
  });

  it('is the one of the URL that a deployment names', async () => {
    const all = { ...clients, objects: s3Objects(clients.s3) };
    const removing = (contextCacheUrl: { contextCacheUrl?: string }) => {
      const deployment = { ...bareDeployment, ...contextCacheUrl };
      const { documents } = createAdapters(all, deployment, machineSources, { warn: () => undefined });
      return documents.removeContent(storedVersion(unique('n'), 'd'));
    };
    // Nobody listens on port 1.
    await expect(removing({ contextCacheUrl: 'redis://127.0.0.1:1' })).rejects.toThrow('ECONNREFUSED');
    expect(await removing({})).toBe(false);
  });
});
