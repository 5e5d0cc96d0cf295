import type { SQSEvent } from 'aws-lambda';
import { dispatchHint, type DispatchHint } from '../../src/contracts/messages.ts';
import { parseJson } from '../../src/contracts/parse.ts';
import { dispatchTasks } from '../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import type { QuietLevels } from '../../src/distributor/usecases/dispatch/read-heads.ts';
import type { DistributorDeps } from '../../src/distributor/ports.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { queueHandler } from '../../src/platform/aws/queue-handler.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';

/** Hints of one pool are one dispatch, however many there are. */
async function dispatch(deps: DistributorDeps, hints: readonly DispatchHint[], quiet: QuietLevels) {
  let assigned = 0;
  for (const [pool, list] of Map.groupBy(hints, (hint) => hint.pool)) {
    const routes = [...new Set(list.flatMap((hint) => hint.routes))];
    assigned += (await dispatchTasks(deps, { pool, routes }, quiet)).assigned;
  }
  return { summary: { assigned } };
}

export function createHandler(deps: DistributorDeps, log: Log) {
  const quiet: QuietLevels = new Map();
  return queueHandler<DispatchHint>({
    source: 'dispatch',
    deps,
    log,
    read: (record) => parseJson(dispatchHint, record.body),
    handle: (hints) => dispatch(deps, hints, quiet),
  });
}

const log = functionLog('dispatch-tasks');
let handle: ReturnType<typeof createHandler> | undefined;
/** One for the life of the process: it remembers from one dispatch to the next. */
export const handler = (event: SQSEvent) => (handle ??= createHandler(awsRuntime(log), log))(event);
