import { afterAll, describe, expect, it } from '@jest/globals';
import tls from 'node:tls';
import {
  sharedVersions,
  type SharedVersions,
  type SharedVersionsDeps,
} from '../../../src/platform/cache/shared-versions.ts';
import { describeOnRedis, type RedisServer, skipSuite } from '../../support/redis-server.ts';
import { selfSigned, type SelfSigned } from '../../support/self-signed.ts';
import { unique } from './backend.ts';
import { storedVersion } from './document-store.suite.ts';
import { versionCacheSuite } from './version-cache.suite.ts';

const title = 'a cache that is reached by TLS';
const password = 'correct horse';
const known = tls.getCACertificates('default');

/** What this process trusts, from now on: as it is set for a function whose cache has a certificate of its own. */
const trust = (...more: readonly string[]) => {
  tls.setDefaultCACertificates([...known, ...more]);
};

function suite({ url }: RedisServer, { pem, remove }: SelfSigned): void {
  const caches: SharedVersions[] = [];
  const connect = (server: string, deps: Partial<SharedVersionsDeps> = {}): SharedVersions => {
    const patient = { answerMsMax: 60_000, connectMsMax: 60_000, password: async () => password };
    const cache = sharedVersions(server, unique('p'), { now: () => 1, warn: () => undefined, ...patient, ...deps });
    caches.push(cache);
    return cache;
  };
  afterAll(async () => {
    for (const cache of caches) cache.close();
    trust();
    await remove();
  });

  describe('whose certificate is trusted', () => {
    const cache = connect(url);
    trust(pem);
    versionCacheSuite(() => cache);
  });

  it.each([
    ['that nobody has signed', () => trust(), (server: string) => server, /self-signed/],
    ['of another host', () => trust(pem), (server: string) => server.replace('127.0.0.1', 'localhost'), /altnames/],
    ['that it does not ask for', () => trust(pem), (server: string) => server.replace('rediss:', 'redis:'), /clos/],
  ])('counts as empty with a certificate %s, and the log has the reason', async (_, prepare, serverOf, reason) => {
    prepare();
    const told: string[] = [];
    const warn = (...text: unknown[]) => void told.push(JSON.stringify(text));
    const cache = connect(serverOf(url), { warn });
    const version = storedVersion(unique('n'), 'd');
    await cache.set(version);
    trust(pem);
    expect(await cache.get(version)).toBeUndefined();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(reason);
    expect(told[0]).not.toContain(password);
  });
}

const certificate = await selfSigned();
if (certificate === undefined) skipSuite(title, 'openssl is not installed');
else
  await describeOnRedis(title, (server) => suite(server, certificate), {
    certificate,
    settings: ['--requirepass', password],
  });
