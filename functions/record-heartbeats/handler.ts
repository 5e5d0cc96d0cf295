import type { SQSEvent } from 'aws-lambda';
import { heartbeat } from '../../src/contracts/messages.ts';
import { parseJson } from '../../src/contracts/parse.ts';
import { type ReceivedHeartbeat, recordHeartbeats } from '../../src/distributor/usecases/agents/record-heartbeats.ts';
import type { DistributorDeps } from '../../src/distributor/ports.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { queueHandler, senderOf } from '../../src/platform/aws/queue-handler.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';

export function createHandler(deps: DistributorDeps, log: Log) {
  return queueHandler<ReceivedHeartbeat>({
    source: 'heartbeats',
    deps,
    log,
    read: (record) => ({
      beat: parseJson(heartbeat, record.body),
      principal: senderOf(record),
      sent_at: Number(record.attributes.SentTimestamp),
    }),
    handle: async (beats) => ({ summary: { renewed: await recordHeartbeats(deps, beats) } }),
  });
}

const log = functionLog('record-heartbeats');
export const handler = (event: SQSEvent) => createHandler(awsRuntime(log), log)(event);
