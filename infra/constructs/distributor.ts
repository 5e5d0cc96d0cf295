import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule, type EventPattern } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { CadreFunction, type CadreFunctionProps } from './cadre-function.ts';

const priorities = ['critical', 'high', 'medium', 'low'] as const;

/**
 * Events of one priority: in our envelope and in CloudEvents the task is `detail.data`, a bare task is `detail` itself.
 */
export function priorityPattern(priority: string): EventPattern {
  return {
    detailType: ['TaskSubmitted'],
    detail: { $or: [{ data: { priority: [priority] } }, { priority: [priority] }] },
  };
}

/** Everything else called TaskSubmitted: accept-tasks refuses it with a reason, which silence would not. */
export function unknownPriorityPattern(): EventPattern {
  const unknown = [{ 'anything-but': [...priorities] }, { exists: false }];
  return { detailType: ['TaskSubmitted'], detail: { data: { priority: unknown }, priority: unknown } };
}

/** Tasks from the bus to agents and back: four queues by priority, dispatch, results, heartbeats and the pulse with its watchdog. */
export class Distributor extends Construct {
  readonly functions: readonly CadreFunction[];

  constructor(scope: Construct, id: string, props: Omit<CadreFunctionProps, 'name'>) {
    super(scope, id);
    this.functions = (['accept-tasks', 'dispatch-tasks', 'apply-results', 'record-heartbeats', 'pulse'] as const).map(
      (name) => new CadreFunction(this, name, { ...props, name }),
    );
    const { byName } = props.queues;
    const route = (id: string, eventPattern: EventPattern, queue: keyof typeof byName): Rule =>
      new Rule(this, id, {
        eventBus: props.state.bus,
        eventPattern,
        targets: [new SqsQueue(byName[queue].queue, { deadLetterQueue: byName[queue].deadLetters })],
      });
    for (const priority of priorities) route(`submitted-${priority}`, priorityPattern(priority), `tasks-${priority}`);
    route('submitted-unknown', unknownPriorityPattern(), 'tasks-low');
    // The pulse arms itself while there is work; this starts it again when even its messages were lost.
    new Rule(this, 'watchdog', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [
        new SqsQueue(byName.pulse.queue, {
          message: RuleTargetInput.fromObject({ pool: 'default' }),
          deadLetterQueue: byName.pulse.deadLetters,
        }),
      ],
    });
  }
}
