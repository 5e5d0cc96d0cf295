import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { indexerRule } from '../../src/platform/topology.ts';
import { CadreFunction, type CadreFunctionProps } from './cadre-function.ts';

/** The indexer of documents, invoked by the bus. No alarm watches it: what it fails to index the next question brings in. */
export class ContextIndex extends Construct {
  constructor(scope: Construct, id: string, props: Omit<CadreFunctionProps, 'name'>) {
    super(scope, id);
    const indexer = new CadreFunction(this, indexerRule.consumer, { ...props, name: indexerRule.consumer });
    new Rule(this, indexerRule.name, {
      eventBus: props.state.bus,
      eventPattern: { detailType: [indexerRule.detailType] },
      targets: [new LambdaFunction(indexer.function)],
    });
  }
}
