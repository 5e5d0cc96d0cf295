import { CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as FunctionTarget } from 'aws-cdk-lib/aws-events-targets';
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
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { approvalEvents } from '../../src/contracts/events.ts';
import { type OptionalFunctionName, optionalFunctionTimeouts } from '../../src/platform/topology.ts';
import { acknowledge } from '../acknowledge.ts';
import { bundleDirectory } from '../bundle.ts';
import { queueEncryption } from './queues.ts';

export interface ApprovalWebhookProps {
  readonly bus: EventBus;
  /** Your key, for what nobody took. @default one of AWS */
  readonly key: IKey | undefined;
  /** An https URL; on a local cloud also one of http. */
  readonly url: string;
  /** Deployed to an emulator. */
  readonly local: boolean;
  /** The name of a SecureString in the Parameter Store, with the secret that signs. */
  readonly secretName: string;
}

const name: OptionalFunctionName = 'send-webhooks';

/**
 * What happens to approvals, posted to a URL of yours and signed. The bus invokes the function, and what nobody takes lies in a queue that nobody polls: nothing is paid for while nobody decides. It
 * reads one secret, and nothing else of the deployment.
 */
export class ApprovalWebhook extends Construct {
  constructor(scope: Construct, id: string, { bus, key, url, local, secretName }: ApprovalWebhookProps) {
    super(scope, id);
    // The function itself looks at the address, whenever it connects.
    if (new URL(url).protocol !== 'https:' && !local)
      throw new Error(`approvalWebhook has to be an https URL, not ${url}`);
    const deadLetters = new Queue(this, 'DeadLetters', {
      queueName: 'cadre-webhooks-dlq',
      ...queueEncryption(key),
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(deadLetters, 'It is one: Lambda and the rule put into it what nobody took.', 'SQS3');
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/cadre/${name}`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    const resourceName = secretName.replace(/^\//, '');
    const secretArn = Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter', resourceName });
    role.addToPolicy(new PolicyStatement({ actions: ['ssm:GetParameter'], resources: [secretArn] }));
    const sender = new LambdaFunction(this, 'Function', {
      functionName: `cadre-${name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Stack.of(this).bundlingRequired
        ? Code.fromAsset(bundleDirectory(name))
        : Code.fromInline('export const handler = () => undefined;'),
      memorySize: 256,
      timeout: Duration.seconds(optionalFunctionTimeouts[name]),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      systemLogLevelV2: SystemLogLevel.WARN,
      environment: { WEBHOOK_URL: url, WEBHOOK_SECRET: secretName },
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(deadLetters),
    });
    if (key !== undefined) {
      const actions = ['kms:ReEncrypt*', 'kms:GenerateDataKey*'].map((action) => `IAM5[Action::${action}]`);
      acknowledge(role, 'What the CDK lets a sender do with the key of a queue, on that key alone.', ...actions);
    }
    new Rule(this, 'approval-news', {
      eventBus: bus,
      eventPattern: { detailType: [...approvalEvents] },
      targets: [new FunctionTarget(sender, { deadLetterQueue: deadLetters })],
    });
    new CfnOutput(this, 'DeadLettersUrl', { value: deadLetters.queueUrl });
  }
}
