/**
 * A log line that CloudWatch turns into metrics by itself, with no call (embedded metric format,
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html). `at` is epoch ms.
 */
export function metricLine(
  at: number,
  dimensions: Readonly<Record<string, string>>,
  metrics: Readonly<Record<string, number>>,
): Record<string, unknown> {
  const Metrics = Object.keys(metrics).map((Name) => ({ Name, Unit: 'Count' }));
  const directive = { Namespace: 'Cadre', Dimensions: [Object.keys(dimensions)], Metrics };
  return { _aws: { Timestamp: at, CloudWatchMetrics: [directive] }, ...dimensions, ...metrics };
}
