import type { SearchDeps } from '../../src/context/index-ports.ts';
import { tellWatchers, type WatchDeps } from '../../src/context/usecases/tell-watchers.ts';
import { indexDocuments } from '../../src/context/usecases/search/index-documents.ts';
import { contextHint } from '../../src/contracts/messages.ts';
import { parse } from '../../src/contracts/parse.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';

/**
 * Invoked by the bus for each `ContextChanged`: only a hint of where to look, since what is told and indexed is the document as it is now. A throw lets
 * Lambda try twice more.
 */
export function createHandler(deps: SearchDeps & WatchDeps, log: Log) {
  return async (event: unknown): Promise<void> => {
    const { detail } = parse(contextHint, event);
    const { namespace, context_id } = detail.data;
    const told = await tellWatchers(deps, { namespace, context_id });
    log.info('done', { namespace, told, ...(await indexDocuments(deps, namespace, [context_id])) });
  };
}

const log = functionLog('index-contexts');
export const handler = (event: unknown) => createHandler(awsRuntime(log), log)(event);
