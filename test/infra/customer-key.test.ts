import { expect, it } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { createCadreApp } from '../../infra/cadre-app.ts';

const withoutBundles = { 'aws:cdk:bundling-stacks': [] };
const keyArn = 'arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef';

it('a key of the customer encrypts tables, bucket and queues, and functions use it by way of these only', () => {
  const plain = createCadreApp({ appProps: { context: withoutBundles } });
  const templates = [plain.runtime, plain.state].map((stack) => Template.fromStack(stack).toJSON());
  expect(JSON.stringify(templates)).not.toContain('kms:');
  const keyed = createCadreApp({ appProps: { context: { ...withoutBundles, keyArn } } });
  const [own, kept] = [Template.fromStack(keyed.runtime), Template.fromStack(keyed.state)];
  own.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: keyArn, KmsDataKeyReusePeriodSeconds: 3_600 });
  kept.allResourcesProperties('AWS::DynamoDB::Table', {
    SSESpecification: { SSEEnabled: true, KMSMasterKeyId: keyArn },
  });
  kept.hasResourceProperties('AWS::S3::Bucket', {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn },
        },
      ],
    },
  });
  const policies = Object.values(own.findResources('AWS::IAM::Policy')) as {
    Properties: { PolicyDocument: { Statement: { Action: unknown; Resource: unknown; Condition?: unknown }[] } };
  }[];
  for (const { Properties } of policies) {
    const { Statement } = Properties.PolicyDocument;
    const about = Statement.filter(({ Action }) => JSON.stringify(Action).includes('kms:'));
    const isFunction = JSON.stringify(Statement).includes('dynamodb:GetItem');
    const limited = about.filter(({ Condition }) => JSON.stringify(Condition ?? {}).includes('kms:ViaService'));
    expect(limited).toHaveLength(isFunction ? 1 : 0);
    // What a queue's event source needs, which the CDK grants by itself.
    const others = about.filter((each) => !limited.includes(each));
    expect(others.every(({ Action }) => Action === 'kms:Decrypt')).toBe(true);
    expect(about.every(({ Resource }) => Resource === keyArn)).toBe(true);
  }
  expect(() => keyed.app.synth()).not.toThrow();
});

it('a key of the customer encrypts what nobody took of the webhooks, and their function may use it for that', () => {
  const context = { ...withoutBundles, keyArn, approvalWebhook: 'https://hooks.example/cadre' };
  const { app, runtime } = createCadreApp({ appProps: { context } });
  const template = Template.fromStack(runtime);
  template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: keyArn });
  const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
  const own = policies.filter(([id]) => id.startsWith('ApprovalWebhookRole'));
  expect(own).toHaveLength(1);
  expect(JSON.stringify(own)).toContain('kms:GenerateDataKey');
  expect(() => app.synth()).not.toThrow();
});
