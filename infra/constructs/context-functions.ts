import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { contextRules } from '../../src/platform/topology.ts';
import { CadreFunction, type CadreFunctionProps } from './cadre-function.ts';

/** What tends the documents, invoked by the bus. No alarm watches it: what it fails to do the next change, question or timer makes good. */
export class ContextFunctions extends Construct {
  constructor(scope: Construct, id: string, props: Omit<CadreFunctionProps, 'name'>) {
    super(scope, id);
    for (const { name, detailType, consumer } of contextRules) {
      const target = new CadreFunction(this, consumer, { ...props, name: consumer });
      new Rule(this, name, {
        eventBus: props.state.bus,
        eventPattern: { detailType: [detailType] },
        targets: [new LambdaFunction(target.function)],
      });
    }
  }
}
