/** Published prices of us-east-1, November 2026, without any free tier (https://aws.amazon.com/pricing/). US dollars. */
const prices = {
  alarmMetricMonth: 0.1,
  standardMillion: 0.4,
  fifoMillion: 0.5,
  lambdaMillion: 0.2,
  lambdaGbSecond: 0.0000133334,
  readMillion: 0.125,
};
const secondsPerMonth = 730 * 3600;
/** Lambda keeps this many long polls of 20 s open on a queue that is empty (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html). */
const pollersPerMapping = 5;
const longPollSeconds = 20;
/** What one watchdog tick of an idle deployment does: one short invocation that reads a few rows of one pool. */
const tick = { sqsRequests: 3, gbSeconds: 0.05, readUnits: 20 };

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** What a deployment costs in a month in which nothing happens, by what causes it, from its synthesised templates. */
export function idleUsdPerMonth(templates: readonly { readonly Resources?: Readonly<Record<string, Resource>> }[]) {
  const resources = templates.flatMap((template) => Object.values(template.Resources ?? {}));
  const ofType = (type: string): Resource[] => resources.filter((each) => each.Type === type);
  const mappings = ofType('AWS::Lambda::EventSourceMapping');
  const fifo = mappings.filter((each) =>
    /dispatch|results/.test(JSON.stringify(each.Properties?.['EventSourceArn'])),
  ).length;
  const pollsPerMapping = (pollersPerMapping * secondsPerMonth) / longPollSeconds;
  const polling =
    (((mappings.length - fifo) * prices.standardMillion + fifo * prices.fifoMillion) * pollsPerMapping) / 1e6;
  const alarmMetrics = ofType('AWS::CloudWatch::Alarm').reduce((sum, each) => sum + metricsIn(each), 0);
  const minutes = secondsPerMonth / 60;
  const ticks =
    ofType('AWS::Events::Rule').filter((each) => each.Properties?.['ScheduleExpression'] === 'rate(1 minute)').length *
    minutes;
  const perTick =
    (tick.sqsRequests * prices.standardMillion + prices.lambdaMillion + tick.readUnits * prices.readMillion) / 1e6 +
    tick.gbSeconds * prices.lambdaGbSecond;
  const parts = { polling, alarms: alarmMetrics * prices.alarmMetricMonth, watchdog: ticks * perTick };
  return { ...parts, total: parts.polling + parts.alarms + parts.watchdog };
}

/** An alarm is billed by the metrics it looks at; the expression over them is free. */
function metricsIn(alarm: Resource): number {
  const metrics = alarm.Properties?.['Metrics'];
  return Array.isArray(metrics) ? metrics.filter((each: object) => 'MetricStat' in each).length : 1;
}
