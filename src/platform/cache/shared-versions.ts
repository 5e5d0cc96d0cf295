import { createClient } from '@redis/client';
import type { StoredVersion } from '../../context/core/version.ts';
import type { VersionCache } from './cached-documents.ts';
import { versionName } from './version-memory.ts';

/** So long a version is kept after it was put in. Longer: what nobody asks for any more takes memory that is paid by the hour. */
const keptSeconds = 24 * 3_600;
/** Time for an answer, and for a connection. More: a cache that hangs holds every read up for so long; the table answers in less. */
const limits = { answerMsMax: 100, connectMsMax: 500 };
/** After a failure it is left alone for so long. Less: an outage costs more reads the time above. */
const pauseMs = 1_000;

/** A cache behind Redis or Valkey, and the end of its connection. */
export interface SharedVersions extends VersionCache {
  close(): void;
}

/** The time, who is told of failures, and the password. */
export interface SharedVersionsDeps {
  readonly now: () => number;
  readonly warn: (message: string, detail: Record<string, unknown>) => void;
  /** What a server that wants one is told with each connection. @default nothing */
  readonly password?: () => Promise<string>;
  /** @default 100 */
  readonly answerMsMax?: number;
  /** @default 500 */
  readonly connectMsMax?: number;
}

/** The server, and its user apart: from a URL the client would take it without a password. Redis calls the user that nobody names `default`. */
function partsOf(url: string): { readonly server: string; readonly username: string } {
  const server = new URL(url);
  const username = decodeURIComponent(server.username) || 'default';
  server.username = '';
  return { server: server.href, username };
}

/** Credentials that are looked up with each connection. */
const looking = (username: string, password: () => Promise<string>) => ({
  type: 'async-credentials-provider' as const,
  credentials: async () => ({ username, password: await password() }),
});

/**
 * Versions in a Redis or Valkey server that several processes share (`redis://host:6379`, with TLS `rediss://`, with a user `rediss://user@host:6379`).
 * `prefix` keeps deployments apart. It connects with the first look, and again with the first one after a pause. What fails or takes too long counts as not kept, and is told once a pause.
 */
export function sharedVersions(url: string, prefix: string, deps: SharedVersionsDeps): SharedVersions {
  const { now, warn, password, answerMsMax, connectMsMax } = { ...limits, ...deps };
  const { server, username } = partsOf(url);
  const client = createClient({
    url: server,
    ...(password === undefined ? {} : { credentialsProvider: looking(username, password) }),
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    // It connects when it is asked: a function that is frozen could not in the background.
    socket: { connectTimeout: connectMsMax, reconnectStrategy: false },
  });
  let pausedUntil = 0;
  const failed = (error: unknown): void => {
    if (now() < pausedUntil) return;
    pausedUntil = now() + pauseMs;
    warn('the shared cache of documents does not answer', { error: String(error) });
  };
  // Without a listener an error of the connection would end the process.
  client.on('error', failed);
  const close = (): void => {
    if (client.isOpen) client.destroy();
  };
  // The client's own limits end when the socket is connected, and when a command is sent; a server that says nothing is dropped with its connection.
  const within = async <T>(ms: number, work: () => Promise<T>): Promise<T> => {
    const limit = setTimeout(close, ms);
    try {
      return await work();
    } finally {
      clearTimeout(limit);
    }
  };
  let connecting: Promise<unknown> | undefined;
  const asking = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!client.isReady) {
      connecting ??= within(connectMsMax, () => client.connect()).finally(() => (connecting = undefined));
      await connecting;
    }
    return within(answerMsMax, work);
  };
  const trying = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    if (now() < pausedUntil) return undefined;
    try {
      return await asking(work);
    } catch (error) {
      failed(error);
      return undefined;
    }
  };
  const keyOf = (key: Parameters<typeof versionName>[0]): string => `${prefix} ${versionName(key)}`;
  return {
    get: async (key) => {
      const read = async () => {
        const text = await client.get(keyOf(key));
        return typeof text === 'string' ? (JSON.parse(text) as StoredVersion) : undefined;
      };
      return trying(read);
    },
    set: async (version) => {
      await trying(() => client.set(keyOf(version), JSON.stringify(version), { EX: keptSeconds }));
    },
    remove: async (key) => (await asking(() => client.del(keyOf(key)))) > 0,
    close,
  };
}
