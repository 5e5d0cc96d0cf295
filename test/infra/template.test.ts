import { describe, expect, it } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { createCadreApp } from '../../infra/cadre-app.ts';
import {
  deployedQueueName,
  functionNames,
  functionTimeouts,
  queueNames,
  queueSpecs,
} from '../../src/platform/topology.ts';
import { idleBill } from '../../bench/support/idle-bill.ts';
import { indexedAttributes } from '../../src/platform/aws/keys.ts';

const withoutBundles = { 'aws:cdk:bundling-stacks': [] };
const { app, state, runtime } = createCadreApp({ appProps: { context: withoutBundles } });
const stateTemplate = Template.fromStack(state);
const template = Template.fromStack(runtime);

interface Properties {
  readonly [name: string]: unknown;
  readonly FunctionName?: string;
  readonly Environment?: { readonly Variables: Record<string, unknown> };
  readonly PolicyDocument?: { readonly Statement: readonly { Action: string | string[]; Resource: unknown }[] };
}
type Resources = Record<string, { Properties: Properties }>;
const resources = (type: string): Resources => template.findResources(type) as Resources;

describe('the synthesised templates', () => {
  it('have no finding of cdk-nag without an acknowledgement', () => {
    expect(() => app.synth()).not.toThrow();
  });

  it('keep what must survive, encrypted and recoverable', () => {
    stateTemplate.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expires_at', Enabled: true },
        GlobalSecondaryIndexes: [
          Match.objectLike({
            IndexName: 'gsi1',
            Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...indexedAttributes] },
          }),
        ],
      }),
    });
    stateTemplate.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain' });
    expect(indexedAttributes.length).toBeLessThanOrEqual(20);
  });

  it('give every queue a dead-letter queue and encryption', () => {
    const queues = Object.values(resources('AWS::SQS::Queue')).map(({ Properties }) => Properties);
    expect(queues).toHaveLength(queueNames.length * 2);
    for (const queue of queues) {
      expect(queue['SqsManagedSseEnabled']).toBe(true);
      const isDeadLetterQueue = /-dlq/.test(String(queue['QueueName']));
      expect(queue['RedrivePolicy'] === undefined).toBe(isDeadLetterQueue);
    }
  });

  it('let each message group of a FIFO queue have the throughput of a queue', () => {
    const queues = Object.values(resources('AWS::SQS::Queue')).map(({ Properties }) => Properties);
    const fifo = queues.filter((queue) => queue['FifoQueue'] === true);
    expect(fifo).toHaveLength(4);
    for (const queue of fifo)
      expect(queue).toMatchObject({ FifoThroughputLimit: 'perMessageGroupId', DeduplicationScope: 'messageGroup' });
  });

  it.each(queueNames)('feed %s to its function in batches whose failures come back alone', (name) => {
    const { consumer, concurrencyMax } = queueSpecs[name];
    const queueName = deployedQueueName(name);
    const [queueId, queue] = Object.entries(resources('AWS::SQS::Queue')).find(
      ([, { Properties }]) => Properties['QueueName'] === queueName,
    )!;
    expect(queue.Properties['VisibilityTimeout']).toBeGreaterThan(functionTimeouts[consumer]);
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [queueId, 'Arn'] },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: concurrencyMax },
    });
  });

  it('run every function on the same small platform, with a log that ends', () => {
    const functions = Object.values(resources('AWS::Lambda::Function')).map(({ Properties }) => Properties);
    expect(functions.map((each) => each.FunctionName).sort()).toEqual(
      functionNames.map((name) => `cadre-${name}`).sort(),
    );
    for (const each of functions) {
      // Lambda's own lines about invocations that went well are the dearer half of a log.
      expect(each).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' },
      });
      expect(Object.keys(each.Environment!.Variables)).toEqual(
        expect.arrayContaining([
          'TABLE_NAME',
          'BUCKET_NAME',
          'BUS_NAME',
          'STATE_MACHINE_ARN',
          'QUEUE_URL_TASKS_CRITICAL',
          'QUEUE_URL_DISPATCH',
        ]),
      );
      expect(each.Environment!.Variables['CADRE_TRUST_LOCAL']).toBeUndefined();
    }
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: Match.anyValue() });
  });

  it('allow no action by a wildcard and no statement on everything', () => {
    const statements = Object.values(resources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument!.Statement,
    );
    expect(statements.length).toBeGreaterThan(functionNames.length);
    for (const { Action, Resource } of statements) {
      expect([Action].flat().filter((action) => action.includes('*'))).toEqual([]);
      expect(Resource).not.toBe('*');
    }
  });

  it('let only the API create and delete inboxes', () => {
    const holders = Object.entries(resources('AWS::IAM::Policy')).filter(([, policy]) =>
      JSON.stringify(policy).includes('sqs:CreateQueue'),
    );
    expect(holders.map(([id]) => /^Apiapi/.test(id))).toEqual([true]);
  });

  it('route each priority in an envelope and bare, and what has none to where it is refused', () => {
    for (const priority of ['critical', 'high', 'medium', 'low']) {
      template.hasResourceProperties('AWS::Events::Rule', {
        EventPattern: {
          'detail-type': ['TaskSubmitted'],
          detail: { $or: [{ data: { priority: [priority] } }, { priority: [priority] }] },
        },
      });
    }
    const unknown = [{ 'anything-but': ['critical', 'high', 'medium', 'low'] }, { exists: false }];
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { detail: { data: { priority: unknown }, priority: unknown } },
    });
    template.hasResourceProperties('AWS::Events::Rule', { EventPattern: { 'detail-type': ['WorkflowSubmitted'] } });
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 minute)' });
  });

  it('let nobody into the API without a signature', () => {
    template.allResourcesProperties('AWS::ApiGatewayV2::Route', { AuthorizationType: 'AWS_IAM' });
  });

  it('cost at most $5 a month when nothing happens, alarms included', () => {
    const { total, usd } = idleBill([template.toJSON(), stateTemplate.toJSON()]);
    expect(Object.keys(resources('AWS::CloudWatch::Alarm'))).toHaveLength(5);
    expect(total).toBeLessThanOrEqual(5);
    expect(usd['polling']).toBeGreaterThan(0);
  });
});

describe('the app with other options', () => {
  it('takes tokens instead of signatures when an issuer is given', () => {
    const withTokens = createCadreApp({
      local: true,
      appProps: { context: { ...withoutBundles, jwtIssuer: 'https://issuer.example', jwtAudience: 'a,b' } },
    });
    Template.fromStack(withTokens.runtime).hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      JwtConfiguration: { Issuer: 'https://issuer.example', Audience: ['a', 'b'] },
    });
  });

  it('tell a topic of approvals where one is asked for, and find nothing wrong with it', () => {
    template.resourceCountIs('AWS::SNS::Topic', 0);
    const named = createCadreApp({ appProps: { context: { ...withoutBundles, approvalTopic: 'spend' } } });
    const told = Template.fromStack(named.runtime);
    told.hasResourceProperties('AWS::SNS::Topic', { TopicName: 'spend' });
    told.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        'detail-type': ['ApprovalRequested', 'ApprovalReminded', 'ApprovalEscalated', 'ApprovalDecided'],
      },
      Targets: [Match.objectLike({ Arn: { Ref: Match.stringLikeRegexp('^ApprovalTopic') } })],
    });
    expect(() => named.app.synth()).not.toThrow();
  });

  it('posts approvals where it is told to, with the secret alone in its reach, and finds nothing wrong with it', () => {
    template.resourcePropertiesCountIs('AWS::Lambda::Function', { FunctionName: 'cadre-send-webhooks' }, 0);
    const context = { ...withoutBundles, approvalWebhook: 'https://hooks.example/cadre' };
    const posting = createCadreApp({ appProps: { context } });
    const told = Template.fromStack(posting.runtime);
    told.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'cadre-send-webhooks',
      Environment: {
        Variables: { WEBHOOK_URL: 'https://hooks.example/cadre', WEBHOOK_SECRET: '/cadre/webhook-secret' },
      },
    });
    told.hasResourceProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 2 });
    const policies = Object.values(told.findResources('AWS::IAM::Policy') as Resources);
    const own = policies.filter(({ Properties }) => JSON.stringify(Properties).includes('ApprovalWebhookRole'));
    const actions = own.flatMap(({ Properties }) =>
      Properties.PolicyDocument!.Statement.flatMap(({ Action }) => Action),
    );
    expect(actions.toSorted()).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:SendMessage',
      'ssm:GetParameter',
    ]);
    expect(() => posting.app.synth()).not.toThrow();
    for (const approvalWebhook of ['http://hooks.example', 'hooks.example'])
      expect(() => createCadreApp({ appProps: { context: { ...withoutBundles, approvalWebhook } } })).toThrow();
  });

  it('scale a service or a function of agents where one is named, by a role that may do nothing else', () => {
    template.resourceCountIs('AWS::StepFunctions::StateMachine', 1);
    const scaled = (context: Record<string, unknown>) =>
      createCadreApp({ appProps: { context: { ...withoutBundles, ...context } } });
    const ecs = scaled({ scaleEcsService: 'agents/workers', scaleMax: 50 });
    const told = Template.fromStack(ecs.runtime);
    told.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      StateMachineType: 'EXPRESS',
      DefinitionSubstitutions: Match.objectLike({ Cluster: 'agents', Service: 'workers', Min: '0', Max: '50' }),
    });
    told.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { 'detail-type': ['ScaleDesired'], detail: { data: { pool: ['default'] } } },
    });
    const statements = Object.entries(told.findResources('AWS::IAM::Policy') as Resources)
      .filter(([id]) => id.startsWith('AgentScalingMachineRole'))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument?.Statement ?? []);
    expect(statements.map(({ Action }) => Action)).toEqual(['dynamodb:GetItem', 'ecs:UpdateService']);
    expect(JSON.stringify(statements[1]?.Resource)).toContain(':service/agents/workers');
    expect(() => ecs.app.synth()).not.toThrow();
    const lambda = Template.fromStack(scaled({ scaleLambda: 'worker', scaleMin: 2 }).runtime);
    lambda.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      DefinitionSubstitutions: Match.objectLike({ FunctionName: 'worker', Min: '2', Max: '10' }),
    });
    for (const wrong of [
      { scaleEcsService: 'workers' },
      { scaleEcsService: 'a/b', scaleLambda: 'c' },
      { scaleLambda: 'c', scaleMin: 'many' },
      { scaleLambda: 'c', scaleMin: 5, scaleMax: 4 },
    ]) {
      expect(() => scaled(wrong)).toThrow(/scale/);
    }
  });

  it('leaves out what an emulator refuses, and trusts its callers only there', () => {
    const local = Template.fromStack(createCadreApp({ local: true, appProps: { context: withoutBundles } }).runtime);
    local.resourceCountIs('AWS::CloudWatch::Alarm', 0);
    local.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'cadre-api',
      Environment: { Variables: Match.objectLike({ CADRE_TRUST_LOCAL: '1' }) },
    });
  });
});
