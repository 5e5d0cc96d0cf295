import { ArnFormat, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AgentScaling, type AgentScalingProps } from './constructs/agent-scaling.ts';
import { Api, type ApiProps } from './constructs/api.ts';
import type { ContextCache } from './constructs/context-cache.ts';
import { CadreFunction } from './constructs/cadre-function.ts';
import { ContextFunctions } from './constructs/context-functions.ts';
import { ApprovalTopic } from './constructs/approval-topic.ts';
import { ApprovalWebhook, type ApprovalWebhookProps } from './constructs/approval-webhook.ts';
import { Distributor } from './constructs/distributor.ts';
import { Observability } from './constructs/observability.ts';
import { Queues } from './constructs/queues.ts';
import { stateMachineName, Workflow } from './constructs/workflow.ts';
import { queueNames } from '../src/platform/topology.ts';
import type { StateStack } from './state-stack.ts';

export interface RuntimeStackProps extends StackProps {
  readonly state: StateStack;
  readonly jwt?: ApiProps['jwt'];
  /** The name of a topic for what happens to approvals. @default there is none */
  readonly approvalTopic?: string;
  /** Where what happens to approvals is posted. @default nowhere */
  readonly approvalWebhook?: Pick<ApprovalWebhookProps, 'url' | 'secretName'>;
  /** What the agents run as, where their number is to follow what the pool needs. @default nothing is scaled */
  readonly scaling?: Pick<AgentScalingProps, 'target' | 'min' | 'max'>;
  /** A server that keeps bodies of documents. @default each function keeps its own in memory */
  readonly contextCache?: ContextCache | undefined;
  /** Deployed to an emulator: no identity is checked there, and it has no metric maths for alarms. @default false */
  readonly local?: boolean;
}

/** What runs: queues, functions, the state machine and the API. Holds nothing that cannot be deployed anew. */
export class RuntimeStack extends Stack {
  constructor(scope: Construct, id: string, props: RuntimeStackProps) {
    super(scope, id, props);
    const queues = new Queues(this, 'Queues', props.state.key);
    const stateMachineArn = this.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: stateMachineName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const shared = { state: props.state, queues, stateMachineArn, contextCache: props.contextCache };
    const local = props.local ?? false;
    const served = { ...shared, ...(local ? { environment: { CADRE_TRUST_LOCAL: '1' } } : {}) };
    // No alarm watches it: whoever it serves hears of its errors, and tries again.
    const serveAgents = new CadreFunction(this, 'ServeAgents', { ...served, name: 'serve-agents' });
    const distributor = new Distributor(this, 'Distributor', { ...shared, serveAgents });
    const workflow = new Workflow(this, 'Workflow', shared);
    new ContextFunctions(this, 'ContextFunctions', shared);
    const api = new Api(this, 'Api', {
      ...served,
      serveAgents,
      ...(props.jwt === undefined ? {} : { jwt: props.jwt }),
    });
    if (!local) {
      new Observability(this, 'Observability', {
        queues,
        functions: [...distributor.functions, ...workflow.functions, api.function],
      });
    }
    if (props.approvalTopic !== undefined)
      new ApprovalTopic(this, 'ApprovalTopic', { bus: props.state.bus, topicName: props.approvalTopic });
    if (props.approvalWebhook !== undefined) {
      const { bus, key } = props.state;
      new ApprovalWebhook(this, 'ApprovalWebhook', { bus, key, local, ...props.approvalWebhook });
    }
    if (props.scaling !== undefined)
      new AgentScaling(this, 'AgentScaling', { bus: props.state.bus, table: props.state.table, ...props.scaling });
    new CfnOutput(this, 'ApiUrl', { value: api.httpApi.apiEndpoint });
    new CfnOutput(this, 'ApiId', { value: api.httpApi.apiId });
    new CfnOutput(this, 'StateMachineArn', { value: stateMachineArn });
    for (const name of queueNames) {
      const id = name.replace(/(^|-)(\w)/g, (_match, _dash, letter: string) => letter.toUpperCase());
      new CfnOutput(this, `QueueUrl${id}`, { value: queues.byName[name].queue.queueUrl });
    }
  }
}
