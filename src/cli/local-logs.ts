import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { interruptible } from './local/interrupt.ts';
import { localDirectory } from './local/places.ts';

/** The end of a log that is read at most. */
const tailBytesMax = 256 * 1024;
const lookMs = 300;

/** A log of the local cloud. */
export interface LocalLog {
  readonly name: string;
  readonly path: string;
}

/** All logs of the local cloud and of its agents. */
export async function listLogs(): Promise<readonly LocalLog[]> {
  const folders = [localDirectory(), join(localDirectory(), 'logs')];
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder).catch(() => []);
      return names
        .filter((name) => name.endsWith('.log'))
        .map((name) => ({ name: basename(name, '.log'), path: join(folder, name) }));
    }),
  );
  return found.flat().sort((a, b) => a.name.localeCompare(b.name));
}

/** The last lines of a log, and where its end is. */
export async function tailLog(path: string, lines: number): Promise<{ readonly text: string; readonly size: number }> {
  const { size } = await stat(path);
  const text = await readFrom(path, Math.max(0, size - tailBytesMax));
  return { text: text.trimEnd().split('\n').slice(-lines).join('\n'), size };
}

/** Hands on what is written to a log from `from` on, until Ctrl-C. */
export async function followLog(path: string, from: number, onText: (text: string) => void): Promise<void> {
  let at = from;
  await interruptible(async (signal) => {
    while (!signal.aborted) {
      const { size } = await stat(path);
      // Shorter than before: it was started anew.
      if (size < at) at = 0;
      if (size > at) {
        onText(await readFrom(path, at));
        at = size;
      }
      await sleep(lookMs, undefined, { signal }).catch(() => undefined);
    }
  });
}

async function readFrom(path: string, start: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.max(0, size - start));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
