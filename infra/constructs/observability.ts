import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { queueNames } from '../../src/platform/topology.ts';
import type { CadreFunction } from './cadre-function.ts';
import type { Queues } from './queues.ts';

const period = Duration.minutes(1);

/** What can be watched: the metrics alone, for dashboards and alarms of one's own. */
export function metricsOf(queues: Queues, functions: readonly CadreFunction[]) {
  const sum = (metrics: Record<string, IMetric>): MathExpression =>
    new MathExpression({ expression: Object.keys(metrics).join(' + '), usingMetrics: metrics, period });
  const deadLetters = queueNames.map((name, index) => [
    `q${index}`,
    queues.byName[name].deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
  ]);
  const errors = functions.map((each, index) => [`f${index}`, each.function.metricErrors({ period })]);
  const ageOf = (name: 'tasks-critical' | 'results'): IMetric =>
    queues.byName[name].queue.metricApproximateAgeOfOldestMessage({ period, statistic: 'Maximum' });
  return {
    deadLetters: sum(Object.fromEntries(deadLetters) as Record<string, IMetric>),
    errors: sum(Object.fromEntries(errors) as Record<string, IMetric>),
    oldestCritical: ageOf('tasks-critical'),
    oldestResult: ageOf('results'),
    throttles: functions.find((each) => each.node.id === 'dispatch-tasks')?.function.metricThrottles({ period }),
  };
}

/** A handful of alarms that always mean something. Each metric in an alarm costs $0.10 a month, which is most of the idle bill. */
export class Observability extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: { readonly queues: Queues; readonly functions: readonly CadreFunction[] },
  ) {
    super(scope, id);
    const metrics = metricsOf(props.queues, props.functions);
    const alarm = (id: string, metric: IMetric, threshold: number, minutes: number, alarmDescription: string): Alarm =>
      new Alarm(this, id, {
        alarmName: `cadre-${id}`,
        alarmDescription,
        metric,
        threshold,
        evaluationPeriods: minutes,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    alarm(
      'dead-letters',
      metrics.deadLetters,
      0,
      1,
      'A message could not be processed: `cadre dead-letters` shows why, `redrive` repeats it.',
    );
    alarm(
      'errors',
      metrics.errors,
      5,
      3,
      'Functions fail repeatedly: `cadre logs` shows the cause; the work is repeated meanwhile.',
    );
    alarm('oldest-critical', metrics.oldestCritical, 30, 2, 'Critical tasks wait to be accepted for more than 30 s.');
    alarm(
      'oldest-result',
      metrics.oldestResult,
      60,
      2,
      'Results wait to be applied for more than a minute: their workflows stand still.',
    );
    if (metrics.throttles !== undefined) {
      alarm(
        'throttles',
        metrics.throttles,
        0,
        3,
        "Lambda refuses to run dispatch-tasks: raise the account's concurrency.",
      );
    }
  }
}
