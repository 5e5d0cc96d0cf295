import { join } from 'node:path';
import { CadreError } from '../contracts/errors.ts';
import { createClient } from '../sdk/client/client.ts';
import { bringUp } from './deployment.ts';
import { startFleet, type Fleet } from './fleet/fleet.ts';
import { rememberFleet, stopKeptFleet } from './fleet/kept-fleet.ts';
import { reviewMembers } from './fleet/review-fleet.ts';
import { cloudStatus, stopCloud } from './local/cloud.ts';
import { interruptible } from './local/interrupt.ts';
import { localDirectory } from './local/places.ts';
import { withProcessLock } from './local/process-lock.ts';
import type { Output } from './output.ts';
import { refuseNoFolder, reviewTree, type ReviewResult } from './review-job.ts';

/** What `npm start` is asked for. */
export interface StartRequest {
  readonly path: string;
  /** Where the reports go. */
  readonly folder: string;
  readonly out: Output;
  readonly keep: boolean;
  readonly endpoint?: string;
  readonly port?: number;
}

/**
 * Local cloud, deployment, fleet and review in one go. Throws CadreError `already-running` at once while another process does the same: two would
 * share agents and cloud, and the first to end would take both from the other.
 */
export async function startEverything(request: StartRequest): Promise<ReviewResult> {
  await refuseNoFolder(request.path);
  return withProcessLock(join(localDirectory(), 'start.lock'), () => start(request), {
    onWait: (pid) => {
      throw new CadreError('already-running', `Process ${pid} is starting or running everything already.`);
    },
  });
}

/**
 * Everything in its order. Afterwards, and after Ctrl-C or a failure, the agents leave and the cloud that was
 * started here stops, unless everything is to be kept; a cloud that was running before is left as it was.
 */
async function start(request: StartRequest): Promise<ReviewResult> {
  const { out, keep, endpoint, port } = request;
  const ranBefore = endpoint !== undefined || (await cloudStatus()).running;
  // It may be left of a start that was killed: whoever wonders is told how to be rid of it.
  if (ranBefore && endpoint === undefined)
    out.progress('The local cloud runs already and stays: `npx cadre down` stops it');
  // Agents of an earlier `--keep` would share the work with the new ones under the same names.
  await stopKeptFleet();
  let done = false;
  try {
    const { cloud, apiUrl, env } = await bringUp({
      onProgress: out.progress,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(port === undefined ? {} : { port }),
    });
    const credentials = {
      accessKeyId: cloud.env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: cloud.env['AWS_SECRET_ACCESS_KEY'] ?? '',
    };
    const client = createClient({ apiUrl, region: cloud.region, credentials, endpoint: cloud.endpoint });
    const result = await interruptible(async (signal) => {
      out.progress(`Starting ${reviewMembers.length} agents`);
      const fleet = await startFleet(reviewMembers, { env, signal, stay: keep });
      let kept = false;
      try {
        const reviewed = await reviewTree(client, request.path, request.folder, { out, signal });
        kept = keep;
        return reviewed;
      } finally {
        if (kept) letGo(fleet);
        else await fleet.stop({ deregister: ranBefore });
      }
    });
    done = true;
    return result;
  } finally {
    if (!ranBefore && !(keep && done)) await stopCloud();
  }
}

function letGo(fleet: Fleet): void {
  rememberFleet(fleet.pids);
  fleet.release();
}
