import type { SearchDeps } from '../../src/context/index-ports.ts';
import { sweepNamespace } from '../../src/context/usecases/lifecycle/sweep-namespace.ts';
import { sweepHint } from '../../src/contracts/messages.ts';
import { parse } from '../../src/contracts/parse.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';

/** Invoked by the bus for each `ContextsDue`. A throw lets Lambda try twice more, and the namespace's timer comes again after that. */
export function createHandler(deps: SearchDeps, log: Log) {
  return async (event: unknown): Promise<void> => {
    const { namespace } = parse(sweepHint, event).detail.data;
    log.info('done', { namespace, ...(await sweepNamespace(deps, namespace)) });
  };
}

const log = functionLog('sweep-contexts');
export const handler = (event: unknown) => createHandler(awsRuntime(log), log)(event);
