import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { DefinitionBody, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { CadreFunction, type CadreFunctionProps } from './cadre-function.ts';

/** The machine has a fixed name, because the functions that it calls must know it before it exists. */
export const stateMachineName = 'cadre-workflow';
const definition = join(import.meta.dirname, '..', '..', 'statemachines', 'workflow.asl.json');

/** The life of workflows: one execution each, and the functions at its ends. */
export class Workflow extends Construct {
  readonly functions: readonly CadreFunction[];
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: Omit<CadreFunctionProps, 'name'>) {
    super(scope, id);
    const accept = new CadreFunction(this, 'accept-workflows', { ...props, name: 'accept-workflows' });
    const begin = new CadreFunction(this, 'begin-workflow', { ...props, name: 'begin-workflow' });
    const finish = new CadreFunction(this, 'finish-workflow', { ...props, name: 'finish-workflow' });
    this.functions = [accept, begin, finish];
    this.stateMachine = new StateMachine(this, 'Machine', {
      stateMachineName,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromString(readFileSync(definition, 'utf8')),
      definitionSubstitutions: {
        BeginWorkflowArn: begin.function.functionArn,
        FinishWorkflowArn: finish.function.functionArn,
      },
    });
    // Not grantInvoke: it would include all versions of the functions by a wildcard.
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [begin.function.functionArn, finish.function.functionArn],
      }),
    );
    acknowledge(
      this.stateMachine,
      'The audit trail of a workflow is its event log in the table, and Step Functions keeps the history of each execution; a copy in CloudWatch would be paid for and read by nobody.',
      'SF1',
    );
    acknowledge(
      this.stateMachine,
      'The trace context travels as traceparent in every message; X-Ray sampling would see one span in a hundred of it.',
      'SF2',
    );
  }
}
