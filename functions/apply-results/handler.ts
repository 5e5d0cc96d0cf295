import type { SQSEvent } from 'aws-lambda';
import { relayedBatch } from '../../src/contracts/messages.ts';
import { parseJson } from '../../src/contracts/parse.ts';
import { applyResults, type ReceivedResults } from '../../src/distributor/usecases/tasks/apply-results.ts';
import type { DistributorDeps } from '../../src/distributor/ports.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { principalOf, queueHandler } from '../../src/platform/aws/queue-handler.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';
import type { Deployment } from '../../src/platform/aws/deployment.ts';

async function apply(deps: DistributorDeps, batches: readonly ReceivedResults[]) {
  const fates = await applyResults(deps, batches);
  const late = fates.filter((fate) => fate === 'late').length;
  return { summary: { results: fates.length, late } };
}

export function createHandler(deps: DistributorDeps & Pick<Deployment, 'relayRoleId'>, log: Log) {
  return queueHandler<ReceivedResults>({
    source: 'results',
    deps,
    log,
    read: (record) => {
      const { principal, ...batch } = parseJson(relayedBatch, record.body);
      return { ...batch, principal: principalOf(record, principal, deps.relayRoleId) };
    },
    handle: (batches) => apply(deps, batches),
  });
}

const log = functionLog('apply-results');
export const handler = (event: SQSEvent) => createHandler(awsRuntime(log), log)(event);
