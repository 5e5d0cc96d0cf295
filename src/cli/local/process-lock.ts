import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CadreError } from '../../contracts/errors.ts';

/** Pause between two looks at a lock that another process holds. */
const lockPollMs = 150;
/** A lock held this long is somebody's hanging start; waiting on would hide that. */
const lockWaitMsMax = 300_000;
/** Time an owner needs at most between creating the file and writing its id. */
const ownerlessMsMax = 2_000;

/**
 * Runs the work while no other process runs work under the same lock file. The file holds its owner's process id: a lock whose owner
 * is dead is taken over. `onWait` is called once when another process is at work.
 */
export async function withProcessLock<T>(
  file: string,
  work: () => Promise<T>,
  options: { signal?: AbortSignal; onWait?: (pid: number) => void } = {},
): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const giveUpAt = performance.now() + lockWaitMsMax;
  let told = false;
  while (!(await tryLock(file))) {
    options.signal?.throwIfAborted();
    const owner = await readOwner(file);
    if (owner !== undefined && (owner === 0 || !isAlive(owner))) {
      await takeAway(file, owner);
      continue;
    }
    if (owner !== undefined && !told) {
      told = true;
      options.onWait?.(owner);
    }
    if (performance.now() > giveUpAt) {
      throw new CadreError(
        'unavailable',
        `Process ${owner ?? '?'} has held ${file} for minutes: stop it, or remove the file if it is not Cadre.`,
      );
    }
    await sleep(lockPollMs);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Whether a process exists (one of another user counts). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function tryLock(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * The process that holds the lock; 0 for a lock whose owner ended before it wrote its id. Nothing while an owner is between the two,
 * or when the lock has just been released.
 */
async function readOwner(file: string): Promise<number | undefined> {
  try {
    const text = (await readFile(file, 'utf8')).trim();
    if (/^[1-9]\d*$/.test(text)) return Number(text);
    return Date.now() - (await stat(file)).mtimeMs > ownerlessMsMax ? 0 : undefined;
  } catch {
    return undefined;
  }
}

/** Renaming first lets exactly one of several waiters remove a dead owner's lock; the others find nothing to rename. */
async function takeAway(file: string, owner: number): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  if ((await readOwner(aside)) === owner) await rm(aside, { force: true });
  // Somebody took the lock between the look and the rename: give it back.
  else await rename(aside, file);
}
