import type { SQSEvent } from 'aws-lambda';
import { type DispatchHint, dispatchMessage } from '../../src/contracts/messages.ts';
import { parseJson } from '../../src/contracts/parse.ts';
import type { Shard } from '../../src/distributor/core/dispatch/shards.ts';
import { dispatchTasks } from '../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import { handOutShard } from '../../src/distributor/usecases/dispatch/hand-out-shard.ts';
import type { QuietLevels } from '../../src/distributor/usecases/dispatch/read-heads.ts';
import type { DistributorDeps } from '../../src/distributor/ports.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { queueHandler } from '../../src/platform/aws/queue-handler.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';
import { eventSourceBatchSize } from '../../src/platform/topology.ts';

type Message = DispatchHint | Shard;

/** Hints of one pool are one dispatch, however many there are; shares of rounds are handed out beside it. */
async function dispatch(deps: DistributorDeps, messages: readonly Message[], quiet: QuietLevels) {
  const shards = messages.filter((message) => 'assignments' in message);
  const hints = messages.filter((message) => 'routes' in message);
  // A full batch is as much as came at once: the next hints may be waiting.
  const isBehind = messages.length === eventSourceBatchSize;
  const begun = await Promise.all([
    ...shards.map((shard) => handOutShard(deps, shard)),
    ...[...Map.groupBy(hints, (hint) => hint.pool)].map(async ([pool, list]) => {
      const routes = [...new Set(list.flatMap((hint) => hint.routes))];
      return (await dispatchTasks(deps, { pool, routes, isBehind }, quiet)).assigned;
    }),
  ]);
  return { summary: { assigned: begun.reduce((sum, count) => sum + count, 0) } };
}

export function createHandler(deps: DistributorDeps, log: Log) {
  const quiet: QuietLevels = new Map();
  return queueHandler<Message>({
    source: 'dispatch',
    deps,
    log,
    // What a share of a round says besides is as this function sent it.
    read: ({ body }) => parseJson(dispatchMessage, body) as unknown as Message,
    handle: (messages) => dispatch(deps, messages, quiet),
  });
}

const log = functionLog('dispatch-tasks');
let handle: ReturnType<typeof createHandler> | undefined;
/** One for the life of the process: it remembers from one dispatch to the next. */
export const handler = (event: SQSEvent) => (handle ??= createHandler(awsRuntime(log), log))(event);
