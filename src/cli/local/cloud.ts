import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { CadreError } from '../../contracts/errors.ts';
import { findFreePort, isHealthy, startEmulator, stopEmulator } from './emulator.ts';
import { interruptible } from './interrupt.ts';
import { localDirectory } from './places.ts';
import { isAlive, withProcessLock } from './process-lock.ts';
import { ensureEmulator } from './python.ts';

const region = 'us-east-1';
/** The emulator takes a 12-digit access key as the account. */
const account = '000000000000';
/** Between the choice of a free port and its use another program may take it. */
const portChoicesMax = 5;

const cloudRecord = z.object({
  endpoint: z.string(),
  pid: z.int().positive(),
  started_at: z.string(),
  region: z.string(),
  account: z.string(),
});
type CloudRecord = z.infer<typeof cloudRecord>;

/** A cloud at an endpoint; `env` is what a program needs to talk to it and to nothing else. */
export interface Cloud {
  readonly endpoint: string;
  readonly region: string;
  readonly account: string;
  readonly env: Record<string, string>;
}

/** `reason` says why a cloud that was started is not there any more. */
export type CloudStatus =
  | { readonly running: true; readonly cloud: Cloud; readonly pid: number; readonly started_at: string }
  | { readonly running: false; readonly reason?: string };

export interface StartOptions {
  readonly onProgress?: (line: string) => void;
  /** @default a free port */
  readonly port?: number;
}

/** The cloud behind an endpoint, local or LocalStack, with credentials that are worth nothing anywhere else. */
export function cloudAt(endpoint: string): Cloud {
  return {
    endpoint,
    region,
    account,
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: account,
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  };
}

/**
 * Starts the local cloud, or gives the one that runs already. Ctrl-C leaves no process and no lock behind (CadreError `interrupted`).
 * Throws CadreError `python-missing`, `port-taken` or `unavailable`.
 */
export async function startCloud(options: StartOptions = {}): Promise<Cloud> {
  const onProgress = options.onProgress ?? (() => undefined);
  const directory = localDirectory();
  return interruptible((signal) =>
    withProcessLock(
      join(directory, 'cloud.lock'),
      async () => {
        const status = await cloudStatus();
        if (status.running) return status.cloud;
        await forget(directory);
        const python = await ensureEmulator({ onProgress, signal });
        onProgress('Starting the emulator');
        const cloud = await launch(directory, python, options.port, signal);
        if (signal.aborted) await forget(directory);
        return cloud;
      },
      {
        signal,
        onWait: (pid) => onProgress(`Waiting for process ${pid}, which is starting or stopping the local cloud`),
      },
    ),
  );
}

/** Stops the local cloud; everything in it is gone. Gives false when none was running. */
export async function stopCloud(): Promise<boolean> {
  const directory = localDirectory();
  return withProcessLock(join(directory, 'cloud.lock'), async () => {
    const record = await readRecord(directory);
    await forget(directory);
    return record !== undefined;
  });
}

/** Whether the local cloud runs: the recorded process lives and answers. */
export async function cloudStatus(): Promise<CloudStatus> {
  const record = await readRecord(localDirectory());
  if (record === undefined) return { running: false };
  if (!isAlive(record.pid)) return { running: false, reason: `its process ${record.pid} has ended` };
  if (!(await isHealthy(record.endpoint))) return { running: false, reason: `${record.endpoint} does not answer` };
  return { running: true, cloud: cloudAt(record.endpoint), pid: record.pid, started_at: record.started_at };
}

async function launch(
  directory: string,
  python: string,
  port: number | undefined,
  signal: AbortSignal,
): Promise<Cloud> {
  for (let choice = 1; ; choice += 1) {
    const chosen = await findFreePort(port);
    const cloud = cloudAt(`http://127.0.0.1:${chosen}`);
    try {
      const pid = await startEmulator({ python, port: chosen, directory, region, signal });
      await writeRecord(directory, {
        endpoint: cloud.endpoint,
        pid,
        started_at: new Date().toISOString(),
        region,
        account,
      });
      return cloud;
    } catch (error) {
      const again =
        port === undefined && error instanceof CadreError && error.code === 'port-taken' && choice < portChoicesMax;
      if (!again) throw error;
    }
  }
}

/** Ends what the record names and removes what only made sense with it: the outputs of a deployment that is gone mislead clients. */
async function forget(directory: string): Promise<void> {
  const record = await readRecord(directory);
  if (record !== undefined) await stopEmulator(record.pid, directory);
  await rm(join(directory, 'cloud.json'), { force: true });
  await rm(join(directory, 'outputs.json'), { force: true });
}

async function readRecord(directory: string): Promise<CloudRecord | undefined> {
  try {
    return cloudRecord.parse(JSON.parse(await readFile(join(directory, 'cloud.json'), 'utf8')));
  } catch {
    // Absent, or not written by us: as good as absent.
    return undefined;
  }
}

/** Written aside and renamed, so that no reader ever sees half of it. */
async function writeRecord(directory: string, record: CloudRecord): Promise<void> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'cloud.json');
  await writeFile(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
}
