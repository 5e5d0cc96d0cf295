import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { bundleDirectory } from '../bundle.ts';
import {
  eventSourceBatchSize,
  functionTimeouts,
  queueNames,
  queueSpecs,
  type FunctionName,
} from '../../src/platform/topology.ts';
import { functionSpecs, type FunctionSpec } from '../functions.ts';
import type { StateStack } from '../state-stack.ts';
import { type ContextCache, reachCache } from './context-cache.ts';
import type { Queues } from './queues.ts';

export interface CadreFunctionProps {
  readonly name: FunctionName;
  readonly state: StateStack;
  readonly queues: Queues;
  readonly stateMachineArn: string;
  /** Keeps bodies of documents for all functions that read them. @default each keeps its own in memory */
  readonly contextCache?: ContextCache | undefined;
  /** Variables beyond those that tell where the deployment's parts are. @default none */
  readonly environment?: Readonly<Record<string, string>>;
}

/** One function of the list, with its log, its own role and exactly the permissions of its row, fed by the queues that name it. */
export class CadreFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: CadreFunctionProps) {
    super(scope, id);
    const spec: FunctionSpec = functionSpecs[props.name];
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/cadre/${props.name}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.role = role;
    logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, 'Function', {
      functionName: `cadre-${props.name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      // Templates are tested without bundles: what is in them is not what those tests are about.
      code: Stack.of(this).bundlingRequired
        ? Code.fromAsset(bundleDirectory(props.name))
        : Code.fromInline('export const handler = () => undefined;'),
      memorySize: spec.memoryMb,
      timeout: Duration.seconds(functionTimeouts[props.name]),
      role,
      logGroup,
      // Start and end of each invocation are not worth their price: our own line says more.
      loggingFormat: LoggingFormat.JSON,
      systemLogLevelV2: SystemLogLevel.WARN,
      environment: { ...deploymentEnvironment(props), ...props.environment },
    });
    this.#grant(role, spec, props);
    this.#subscribe(props);
    if (spec.usesDocuments && props.contextCache !== undefined) reachCache(this.function, role, props.contextCache);
  }

  #subscribe({ name, queues }: CadreFunctionProps): void {
    for (const queue of queueNames) {
      if (queueSpecs[queue].consumer !== name) continue;
      const maxConcurrency = queueSpecs[queue].concurrencyMax;
      this.function.addEventSource(
        new SqsEventSource(queues.byName[queue].queue, {
          batchSize: eventSourceBatchSize,
          reportBatchItemFailures: true,
          maxConcurrency,
        }),
      );
    }
  }

  #grantDocuments(allow: (actions: string[], ...resources: string[]) => void, state: StateStack): void {
    const documents = [
      'GetItem',
      'BatchGetItem',
      'Query',
      'PutItem',
      'UpdateItem',
      'DeleteItem',
      'ConditionCheckItem',
      'BatchWriteItem',
    ];
    const { tableArn } = state.contextTable;
    allow(
      documents.map((action) => `dynamodb:${action}`),
      tableArn,
    );
    allow(['dynamodb:Query'], `${tableArn}/index/gsi1`);
    if (state.embeddingModel !== undefined) {
      const model = {
        service: 'bedrock',
        account: '',
        resource: 'foundation-model',
        resourceName: state.embeddingModel,
      };
      allow(['bedrock:InvokeModel'], Stack.of(this).formatArn(model));
    }
  }

  /** Your key, by way of what it encrypts only: a function cannot decrypt anything else with it. */
  #grantKey(role: Role, key: IKey): void {
    const region = Stack.of(this).region;
    const services = ['dynamodb', 's3', 'sqs'].map((service) => `${service}.${region}.amazonaws.com`);
    role.addToPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
        resources: [key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': services } },
      }),
    );
  }

  #grant(role: Role, spec: FunctionSpec, props: CadreFunctionProps): void {
    const { state, queues, stateMachineArn } = props;
    const allow = (actions: string[], ...resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    const inboxes = Stack.of(this).formatArn({ service: 'sqs', resource: 'cadre-inbox-*' });
    const table = [
      'GetItem',
      'BatchGetItem',
      'Query',
      'PutItem',
      'UpdateItem',
      'ConditionCheckItem',
      'PartiQLInsert',
      'PartiQLUpdate',
    ];
    if (spec.deletesRows) table.push('DeleteItem');
    if (spec.scansRows) table.push('Scan');
    allow(
      table.map((action) => `dynamodb:${action}`),
      state.table.tableArn,
      `${state.table.tableArn}/index/gsi1`,
    );
    if (state.key !== undefined) this.#grantKey(role, state.key);
    if (spec.usesDocuments) this.#grantDocuments(allow, state);
    if (spec.compactsIndex) allow(['s3:DeleteObject'], state.bucket.arnForObjects('index/*'));
    if (spec.removesDocuments) {
      allow(['s3:DeleteObject'], ...documentObjects.map((name) => state.bucket.arnForObjects(name)));
      allow(['s3:ListBucket'], state.bucket.bucketArn);
    }
    allow(['s3:GetObject', 's3:PutObject'], state.bucket.arnForObjects('*'));
    allow(['events:PutEvents'], state.bus.eventBusArn);
    const targets = (spec.sendsTo ?? []).map((name) => queues.byName[name].queue.queueArn);
    if (targets.length > 0) allow(['sqs:SendMessage'], ...targets);
    if (spec.sendsToInboxes) allow(['sqs:SendMessage'], inboxes);
    if (spec.readsInboxes) allow(['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility'], inboxes);
    if (spec.completesExecutions) allow(['states:SendTaskSuccess', 'states:SendTaskFailure'], stateMachineArn);
    if (spec.startsExecutions) {
      allow(['states:StartExecution'], stateMachineArn);
      allow(['states:DescribeExecution'], `${stateMachineArn.replace(':stateMachine:', ':execution:')}:*`);
    }
    if (props.name === 'api') {
      allow(['sqs:CreateQueue', 'sqs:DeleteQueue', 'sqs:GetQueueAttributes'], inboxes);
      allow(['sqs:GetQueueAttributes'], ...queueNames.map((name) => queues.byName[name].queue.queueArn));
    }
    acknowledgeWildcards(role, spec);
  }
}

/** Where the parts are, as src/platform/aws/runtime.ts reads it. */
function deploymentEnvironment({ state, queues, stateMachineArn }: CadreFunctionProps): Record<string, string> {
  const urls = queueNames.map((name): readonly [string, string] => [
    `QUEUE_URL_${name.toUpperCase().replaceAll('-', '_')}`,
    queues.byName[name].queue.queueUrl,
  ]);
  return {
    TABLE_NAME: state.table.tableName,
    CONTEXT_TABLE_NAME: state.contextTable.tableName,
    BUCKET_NAME: state.bucket.bucketName,
    BUS_NAME: state.bus.eventBusName,
    STATE_MACHINE_ARN: stateMachineArn,
    ...(state.embeddingModel === undefined ? {} : { EMBEDDING_MODEL: state.embeddingModel }),
    POOL: 'default',
    ...(state.key === undefined ? {} : { KEY_ARN: state.key.keyArn }),
    ...Object.fromEntries<string>(urls),
  };
}

/** What the functions keep of documents in the bucket. */
const documentObjects = ['documents/*', 'archive/*'];
const inboxWildcard = 'arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:cadre-inbox-*';
const executionWildcard = 'arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:cadre-workflow:*';
/** cdk-nag names a bucket of another stack by its export. */
const bucketExport = 'CadreState:ExportsOutputFnGetAttBlobsF0F01DC6Arn220BCD82';
const blobWildcard = `${bucketExport}/*`;

/** The only wildcards there are; a new one fails the check. */
function acknowledgeWildcards(role: Role, spec: FunctionSpec): void {
  acknowledge(
    role,
    'The names of stored values are made of their content at run time.',
    `IAM5[Resource::${blobWildcard}]`,
  );
  if (spec.compactsIndex) {
    acknowledge(
      role,
      'Segments of the index are named by what they are made of, and removed when they are merged.',
      `IAM5[Resource::${bucketExport}/index/*]`,
    );
  }
  if (spec.removesDocuments) {
    acknowledge(
      role,
      'Objects of documents are named by their content, and removed with it.',
      ...documentObjects.map((name) => `IAM5[Resource::${bucketExport}/${name}]`),
    );
  }
  if (spec.sendsToInboxes || spec.readsInboxes) {
    acknowledge(
      role,
      'Each agent has an inbox of its own, created when it registers.',
      `IAM5[Resource::${inboxWildcard}]`,
    );
  }
  if (spec.startsExecutions) {
    acknowledge(
      role,
      'Executions of the one state machine, named at run time.',
      `IAM5[Resource::${executionWildcard}]`,
    );
  }
}
