import type { SQSEvent } from 'aws-lambda';
import { type PulseTick, pulseTick } from '../../src/contracts/messages.ts';
import { parseJson } from '../../src/contracts/parse.ts';
import { runPulse } from '../../src/distributor/usecases/pulse/run-pulse.ts';
import type { DistributorDeps } from '../../src/distributor/ports.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { metricLine } from '../../src/platform/aws/metric-line.ts';
import { queueHandler } from '../../src/platform/aws/queue-handler.ts';
import { awsRuntime } from '../../src/platform/aws/runtime.ts';

/** Ticks of one pool that arrive together are one pulse; with the watchdog's among them it looks ahead. */
async function pulse(deps: DistributorDeps, log: Log, ticks: readonly PulseTick[]) {
  const pools = [...Map.groupBy(ticks, ({ pool }) => pool)];
  const pulses = await Promise.all(
    pools.map(async ([pool, list]) => {
      const done = await runPulse(deps, list.find(({ watchdog }) => watchdog) ?? (list[0] as PulseTick));
      const { available, desired } = done.scale;
      const line = metricLine(deps.sources.now(), { pool }, { AvailableAgents: available, DesiredAgents: desired });
      log.info('agents', line);
      return done;
    }),
  );
  return { summary: { ...pulses[0] } };
}

/** Fed by ticks that were put on their way while there was work, and three times a minute by the watchdog. */
export function createHandler(deps: DistributorDeps, log: Log) {
  return queueHandler<PulseTick>({
    source: 'pulse',
    deps,
    log,
    read: (record) => parseJson(pulseTick, record.body),
    handle: (ticks) => pulse(deps, log, ticks),
  });
}

const log = functionLog('pulse');
export const handler = (event: SQSEvent) => createHandler(awsRuntime(log), log)(event);
