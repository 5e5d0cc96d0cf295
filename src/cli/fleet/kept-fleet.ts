import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { localDirectory } from '../local/places.ts';

const stopMsMax = 6_000;
const lookMs = 100;

const record = z.object({ pids: z.array(z.int().positive()) });

function recordFile(): string {
  return join(localDirectory(), 'fleet.json');
}

/** Remembers agents that go on when this process ends. */
export function rememberFleet(pids: readonly number[]): void {
  writeFileSync(recordFile(), JSON.stringify({ pids: [...knownPids(), ...pids] }));
}

/** Ends the agents that were left running; answers how many there were. */
export async function stopKeptFleet(): Promise<number> {
  const alive = knownPids().filter(isAgent);
  for (const pid of alive) signal(pid, 'SIGTERM');
  for (let waited = 0; waited < stopMsMax && alive.some(isAgent); waited += lookMs) await sleep(lookMs);
  for (const pid of alive.filter(isAgent)) signal(pid, 'SIGKILL');
  rmSync(recordFile(), { force: true });
  return alive.length;
}

function knownPids(): readonly number[] {
  try {
    return record.parse(JSON.parse(readFileSync(recordFile(), 'utf8'))).pids;
  } catch {
    return [];
  }
}

/** Whether the process is still one of our agents: a number may have been given to another program since. */
function isAgent(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('agent-process.ts');
  } catch {
    // No /proc here: the record is all there is to go by.
    return process.platform !== 'linux';
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended in the meantime, which is what was wanted.
  }
}
