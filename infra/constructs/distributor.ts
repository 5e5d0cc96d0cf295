import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { ruleSpecs, watchdog } from '../../src/platform/topology.ts';
import { CadreFunction, type CadreFunctionProps } from './cadre-function.ts';

/** Tasks from the bus to agents and back: four queues by priority, dispatch, results, heartbeats and the pulse with its watchdog. */
export class Distributor extends Construct {
  readonly functions: readonly CadreFunction[];

  constructor(
    scope: Construct,
    id: string,
    props: Omit<CadreFunctionProps, 'name'> & {
      /** Speaks for agents that have nothing but HTTP: its role alone is believed. */
      readonly serveAgents: CadreFunction;
    },
  ) {
    super(scope, id);
    const { serveAgents, ...shared } = props;
    const believed = { RELAY_ROLE_ID: serveAgents.role.roleId };
    this.functions = [
      ...(['accept-tasks', 'dispatch-tasks', 'record-heartbeats', 'pulse'] as const).map(
        (name) => new CadreFunction(this, name, { ...shared, name }),
      ),
      new CadreFunction(this, 'apply-results', { ...shared, name: 'apply-results', environment: believed }),
    ];
    const { byName } = props.queues;
    for (const { name, queue, detailType, detail } of ruleSpecs) {
      new Rule(this, name, {
        eventBus: props.state.bus,
        eventPattern: { detailType: [detailType], ...(detail === undefined ? {} : { detail }) },
        targets: [new SqsQueue(byName[queue].queue, { deadLetterQueue: byName[queue].deadLetters })],
      });
    }
    const { queue, deadLetters } = byName[watchdog.queue];
    new Rule(this, 'watchdog', {
      schedule: Schedule.rate(Duration.minutes(watchdog.everyMinutes)),
      targets: [
        new SqsQueue(queue, { message: RuleTargetInput.fromObject(watchdog.message), deadLetterQueue: deadLetters }),
      ],
    });
  }
}
