import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rounded } from '../figure.ts';
import { watchdogLookMs } from '../../src/contracts/limits.ts';
import { priceOf } from '../prices.ts';
import { latencyMs } from '../../src/simulator/aws-model.ts';
import { functionOverheadMs } from './latencies.ts';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}
/** The part of a template that costs something while nothing happens. */
export interface Template {
  readonly Resources?: Readonly<Record<string, Resource>>;
}

/** A month as AWS counts it. */
const monthHours = 730;
/** Lambda keeps five connections to an idle queue, each a long poll of 20 seconds (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). */
const pollers = 5;
const pollSeconds = 20;
/** What a watchdog's pulse reads of an idle deployment: the pool, due timers, the head of a route, the workflows' marks. */
const pulseReadUnits = 6;
const watchdogMemoryGb = 1;
/** A few rows and objects that an idle deployment keeps. */
const storedGb = 0.01;
const logBytesPerRun = 800;

/** The templates of a cloud assembly. */
export function readTemplates(assembly: string): readonly Template[] {
  return readdirSync(assembly)
    .filter((name) => name.endsWith('.template.json'))
    .map((name) => JSON.parse(readFileSync(join(assembly, name), 'utf8')) as Template);
}

/** Metrics that an alarm reads: one, or those of its expression that are no expressions themselves. */
function metricsOf({ Properties = {} }: Resource): number {
  const metrics = Properties['Metrics'] as readonly { readonly MetricStat?: object }[] | undefined;
  return metrics === undefined ? 1 : metrics.filter(({ MetricStat }) => MetricStat !== undefined).length;
}

function runsPerMonth({ Properties = {} }: Resource): number {
  const schedule = Properties['ScheduleExpression'];
  const match = typeof schedule === 'string' ? /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) : null;
  if (match === null) return 0;
  const minutes = Number(match[1]) * { minute: 1, hour: 60, day: 1_440 }[match[2] as 'minute' | 'hour' | 'day'];
  return (monthHours * 60) / minutes;
}

/** What a deployment costs a month while nothing happens, by its templates. */
export function idleBill(templates: readonly Template[]) {
  const resources = templates.flatMap(({ Resources = {} }) => Object.values(Resources));
  const of = (type: string): Resource[] => resources.filter(({ Type }) => Type === type);
  const alarmMetrics = of('AWS::CloudWatch::Alarm').reduce((sum, alarm) => sum + metricsOf(alarm), 0);
  const mappings = of('AWS::Lambda::EventSourceMapping');
  const isFifo = (mapping: Resource): boolean =>
    JSON.stringify(mapping.Properties?.['EventSourceArn'] ?? '').match(/dispatch|results/i) !== null;
  const pollsOf = (list: readonly Resource[]): number => list.length * pollers * ((monthHours * 3600) / pollSeconds);
  const fifo = mappings.filter(isFifo);
  const polls = { standard: pollsOf(mappings) - pollsOf(fifo), fifo: pollsOf(fifo) };
  const scheduled = of('AWS::Events::Rule').reduce((sum, rule) => sum + runsPerMonth(rule), 0);
  const runs = (scheduled * 60_000) / watchdogLookMs;
  const runGbSeconds = ((functionOverheadMs + 4 * latencyMs.dynamodb) / 1000) * watchdogMemoryGb;
  const usd = {
    alarms: priceOf('alarm', alarmMetrics),
    dashboards: priceOf('dashboard', of('AWS::CloudWatch::Dashboard').length),
    polling: priceOf('sqsStandard', polls.standard) + priceOf('sqsFifo', polls.fifo),
    // Each run: one message to the queue and one batch's receive and delete, an invocation, its reads and its log.
    watchdog:
      priceOf('sqsStandard', 3 * runs) +
      priceOf('lambdaRequest', runs) +
      priceOf('lambdaArmGbSecond', runs * runGbSeconds) +
      priceOf('readUnit', runs * pulseReadUnits) +
      priceOf('logIngestion', (runs * logBytesPerRun) / 1024 ** 3),
    storage:
      priceOf('tableStorage', storedGb) + priceOf('pointInTimeRecovery', storedGb) + priceOf('s3Storage', storedGb),
    keys: priceOf('kmsKey', of('AWS::KMS::Key').length),
  };
  return {
    total: rounded(Object.values(usd).reduce((sum, each) => sum + each, 0)),
    usd: Object.fromEntries(Object.entries(usd).map(([name, each]) => [name, rounded(each, 3)])),
    counted: {
      alarm_metrics: alarmMetrics,
      event_source_mappings: mappings.length,
      fifo_mappings: fifo.length,
      scheduled_runs: scheduled,
      pulses: runs,
    },
    assumptions: `${pollers} pollers a mapping, each a ${pollSeconds} s long poll; a month of ${monthHours} h; ${storedGb} GB stored; no agents connected (each adds a long poll of its own)`,
  };
}
