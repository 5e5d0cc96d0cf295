import { describe, expect, it } from '@jest/globals';
import type { StoredVersion } from '../../../src/context/core/version.ts';
import type { VersionCache } from '../../../src/platform/cache/cached-documents.ts';
import { unique } from './backend.ts';
import { storedVersion } from './document-store.suite.ts';

/** What every VersionCache promises while it can be reached. */
export function versionCacheSuite(cache: () => VersionCache): void {
  const large = (namespace: string, over: Partial<StoredVersion> = {}) =>
    storedVersion(namespace, 'a/b', { data: { text: 'words – 言葉 '.repeat(5_000) }, ...over });

  describe('a cache of versions', () => {
    it('gives the version that was put in last, as it was', async () => {
      const version = large(unique('n'));
      expect(await cache().get(version)).toBeUndefined();
      await cache().set(version);
      expect(await cache().get(version)).toEqual(version);
      await cache().set({ ...version, version: 2, data: { text: 'other' } });
      expect(await cache().get(version)).toMatchObject({ version: 2, data: { text: 'other' } });
    });

    it('keeps documents of the same name in other namespaces apart', async () => {
      const [one, other] = [large(unique('n')), large(unique('n'))];
      await cache().set(one);
      expect(await cache().get(other)).toBeUndefined();
    });

    it('gives copies', async () => {
      const version = large(unique('n'));
      await cache().set(version);
      (await cache().get(version))!.tags.push('mine');
      expect(await cache().get(version)).toEqual(version);
    });

    it('removes what it has of a document, and says whether there was anything', async () => {
      const version = large(unique('n'));
      await cache().set(version);
      expect(await cache().remove(version)).toBe(true);
      expect(await cache().remove(version)).toBe(false);
      expect(await cache().get(version)).toBeUndefined();
    });
  });
}
