import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { type EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { DefinitionBody, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { defaultPool } from '../../src/contracts/ids.ts';
import { acknowledge } from '../acknowledge.ts';

/** What the agents of a pool run as. */
export type ScalingTarget =
  | { readonly kind: 'ecs-service'; readonly cluster: string; readonly service: string }
  | { readonly kind: 'lambda'; readonly functionName: string };

export interface AgentScalingProps {
  readonly bus: EventBus;
  readonly table: Table;
  readonly target: ScalingTarget;
  /** Fewest agents. @default 0, and for a function 1, since concurrency that is not used costs nothing */
  readonly min?: number;
  /** Most agents. @default 10 */
  readonly max?: number;
}

const definitions = join(import.meta.dirname, '..', '..', 'statemachines');

/**
 * Lets an ECS service (its desired count) or a Lambda function (its reserved concurrency) follow what the pool says it needs, down to nothing and back. No code runs and
 * nothing is paid for while that does not change: the rule starts an Express machine of two calls.
 */
export class AgentScaling extends Construct {
  constructor(scope: Construct, id: string, { bus, table, target, min, max = 10 }: AgentScalingProps) {
    super(scope, id);
    const isEcs = target.kind === 'ecs-service';
    const machine = new StateMachine(this, 'Machine', {
      stateMachineType: StateMachineType.EXPRESS,
      definitionBody: DefinitionBody.fromString(
        readFileSync(join(definitions, isEcs ? 'scale-ecs-service.asl.json' : 'scale-lambda.asl.json'), 'utf8'),
      ),
      definitionSubstitutions: {
        ...{ Table: table.tableName, Pool: defaultPool, Min: String(min ?? (isEcs ? 0 : 1)), Max: String(max) },
        ...(isEcs ? { Cluster: target.cluster, Service: target.service } : { FunctionName: target.functionName }),
      },
    });
    machine.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:GetItem'],
        resources: [table.tableArn],
        // The rows of the pool, and of them no attribute but the one that is asked for.
        conditions: {
          'ForAllValues:StringEquals': {
            'dynamodb:LeadingKeys': [`POOL#${defaultPool}`],
            'dynamodb:Attributes': ['pk', 'sk', 'desired_agents'],
          },
        },
      }),
    );
    const { stack, arn } = this.#targetOf(target);
    machine.addToRolePolicy(
      new PolicyStatement({
        actions: [isEcs ? 'ecs:UpdateService' : 'lambda:PutFunctionConcurrency'],
        resources: [stack.formatArn(arn)],
      }),
    );
    new Rule(this, 'scale-desired', {
      eventBus: bus,
      eventPattern: { detailType: ['ScaleDesired'], detail: { data: { pool: [defaultPool] } } },
      targets: [new SfnStateMachine(machine)],
    });
    acknowledge(
      machine,
      'Its only effect is a number that the service itself shows; a log would be paid for and read by nobody.',
      'SF1',
    );
    acknowledge(machine, 'Two calls without a caller: a trace of them would tell nothing.', 'SF2');
  }

  #targetOf(target: ScalingTarget) {
    const stack = Stack.of(this);
    if (target.kind === 'ecs-service') {
      return {
        stack,
        arn: { service: 'ecs', resource: 'service', resourceName: `${target.cluster}/${target.service}` },
      };
    }
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
    return { stack, arn: { service: 'lambda', resource: 'function', resourceName: target.functionName, arnFormat } };
  }
}
