import { describe, expect, it } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { createCadreApp } from '../../infra/cadre-app.ts';
import {
  deployedQueueName,
  functionNames,
  queueNames,
  queueSpecs,
  type FunctionName,
  type QueueName,
} from '../../src/platform/topology.ts';

const { runtime } = createCadreApp({ appProps: { context: { 'aws:cdk:bundling-stacks': [] } } });
const { Resources: resources } = Template.fromStack(runtime).toJSON() as {
  readonly Resources: Readonly<Record<string, Resource>>;
};

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}
interface Resource {
  readonly Type: string;
  readonly Properties: {
    readonly FunctionName?: string;
    readonly QueueName?: string;
    readonly Role?: { readonly 'Fn::GetAtt': readonly [string, string] };
    readonly Roles?: readonly { readonly Ref: string }[];
    readonly PolicyDocument?: { readonly Statement: readonly Statement[] };
  };
}

const all = Object.entries(resources);
const queueIds = new Map(
  queueNames.map((name) => [
    name,
    all.find(([, { Properties }]) => Properties.QueueName === deployedQueueName(name))?.[0] ?? '',
  ]),
);

/** What the role of a function may do, as `action target`; a queue by its name, an inbox as `inboxes`, else `table`, `executions`, … */
function allowedTo(name: FunctionName): ReadonlySet<string> {
  const deployed = all.find(([, { Properties }]) => Properties.FunctionName === `cadre-${name}`)![1];
  const role = deployed.Properties.Role!['Fn::GetAtt'][0];
  const statements = all
    .filter(
      ([, { Type, Properties }]) => Type === 'AWS::IAM::Policy' && Properties.Roles?.some(({ Ref }) => Ref === role),
    )
    .flatMap(([, { Properties }]) => Properties.PolicyDocument!.Statement);
  return new Set(
    statements
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action, Resource }) =>
        [Action].flat().flatMap((action) => [Resource].flat().map((target) => `${action} ${targetOf(target)}`)),
      ),
  );
}

function targetOf(resource: unknown): string {
  const text = JSON.stringify(resource);
  const queue = queueNames.find((name) => text.includes(`"${queueIds.get(name)!}"`));
  if (queue !== undefined) return queue;
  if (text.includes('cadre-inbox-*')) return 'inboxes';
  if (text.includes('GetAttContexts')) return text.includes('/index/gsi1') ? 'documents-index' : 'documents';
  if (text.includes('/index/gsi1')) return 'index';
  if (text.includes('GetAttTable')) return 'table';
  if (text.includes('GetAttBlobs')) {
    if (text.includes('/documents/*')) return 'document-objects';
    if (text.includes('/archive/*')) return 'archive';
    return text.includes('/index/*') ? 'index-segments' : 'bucket';
  }
  if (text.includes('GetAttBus')) return 'bus';
  if (text.includes(':execution:')) return 'executions';
  if (text.includes(':stateMachine:')) return 'machine';
  return text;
}

/** What any function may come to do: read and write rows, keep a large value, bury what it cannot use, announce. */
const always = [
  ...[
    'GetItem',
    'BatchGetItem',
    'Query',
    'PutItem',
    'UpdateItem',
    'ConditionCheckItem',
    'PartiQLInsert',
    'PartiQLUpdate',
  ].map((action) => `dynamodb:${action} table`),
  'dynamodb:Query index',
  's3:GetObject bucket',
  's3:PutObject bucket',
  'events:PutEvents bus',
];
const documents = [
  ...[
    'GetItem',
    'BatchGetItem',
    'Query',
    'PutItem',
    'UpdateItem',
    'DeleteItem',
    'ConditionCheckItem',
    'BatchWriteItem',
  ].map((action) => `dynamodb:${action} documents`),
  'dynamodb:Query documents-index',
];
const sends = (...targets: (QueueName | 'inboxes')[]) => targets.map((target) => `sqs:SendMessage ${target}`);
const deletes = 'dynamodb:DeleteItem table';
const starts = ['states:StartExecution machine', 'states:DescribeExecution executions'];
const completes = ['states:SendTaskSuccess machine', 'states:SendTaskFailure machine'];

/** What its use cases do beyond that, with the step that does it: without one of these it fails on AWS, and only there. */
const needs: Readonly<Record<FunctionName, readonly string[]>> = {
  // A debounced task sets a tick.
  'accept-tasks': sends('dispatch', 'pulse'),
  // The rest of a large round goes back to its queue; a dispatch arms the pulse and assigns. A workflow whose budget pays for nothing more ends here.
  'dispatch-tasks': [...sends('dispatch', 'pulse', 'inboxes'), deletes, ...completes],
  // A retry sets a tick; the last result of a workflow completes its execution and clears its mark of attention; losers are told to stop.
  'apply-results': [...sends('dispatch', 'pulse', 'inboxes'), deletes, ...completes],
  'record-heartbeats': [],
  // It cancels lost attempts, arms itself, and takes the step that somebody owed to a workflow: start, insert, complete.
  pulse: [...sends('dispatch', 'pulse', 'inboxes'), deletes, ...starts, ...completes],
  // A tick looks whether the execution has begun.
  // It begins what it accepts: a first node that waits sets ticks, a wide first step clears its mark of attention.
  // An event that it brings may end a workflow, or stop nodes whose agents are told.
  'accept-workflows': [...sends('dispatch', 'pulse', 'inboxes'), deletes, ...starts, ...completes],
  // A workflow that was cancelled before it began is completed here; a wide first step clears its mark of attention; a first node that waits sets ticks.
  'begin-workflow': [...sends('dispatch', 'pulse'), deletes, ...completes],
  // The end of a schedule's run may let the next one begin at once; tasks that somebody stopped and did not tell are told, which frees slots.
  // A run that has lasted too long is cancelled here, and its end told to its execution like any other.
  'finish-workflow': [...sends('dispatch', 'pulse', 'inboxes'), deletes, ...completes],
  // It reads the documents that changed, tells who watches them, writes entries of the index, and removes merged segments.
  'index-contexts': [...documents, 's3:DeleteObject index-segments', ...sends('inboxes')],
  // It removes what erased documents left, in rows, objects and segments, and lists what nobody names any more.
  'sweep-contexts': [
    ...documents,
    's3:DeleteObject index-segments',
    's3:DeleteObject document-objects',
    's3:DeleteObject archive',
    's3:ListBucket bucket',
  ],
  // It waits at inboxes, gives back what is not for who asked, and passes results on.
  'serve-agents': [...sends('results'), 'sqs:ReceiveMessage inboxes', 'sqs:ChangeMessageVisibility inboxes'],
  // Registration makes an inbox and deregistration removes it and the row; lists scan; a redrive may go to any queue.
  api: [
    ...sends(...queueNames, 'inboxes'),
    ...queueNames.map((name) => `sqs:GetQueueAttributes ${name}`),
    ...['CreateQueue', 'DeleteQueue', 'GetQueueAttributes'].map((action) => `sqs:${action} inboxes`),
    deletes,
    'dynamodb:Scan table',
    ...documents,
    ...starts,
    ...completes,
  ],
};

/** What Lambda does with the function's role to feed it, and the handler to hurry what failed. */
function consumes(name: FunctionName): string[] {
  return queueNames
    .filter((queue) => queueSpecs[queue].consumer === name)
    .flatMap((queue) =>
      ['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes'].map(
        (action) => `sqs:${action} ${queue}`,
      ),
    );
}

describe('least privilege', () => {
  it.each(functionNames)('allows %s every call that its use cases make', (name) => {
    const allowed = allowedTo(name);
    expect([...always, ...needs[name], ...consumes(name)].filter((call) => !allowed.has(call))).toEqual([]);
  });

  it.each(functionNames)('lets %s send to no queue, remove no row and drive no execution beyond that', (name) => {
    const known = new Set([...needs[name], ...consumes(name)]);
    const excess = [...allowedTo(name)].filter(
      (call) =>
        /SendMessage|DeleteItem table|DeleteMessage|ReceiveMessage|Scan table|DeleteObject|states:| documents/.test(
          call,
        ) && !known.has(call),
    );
    expect(excess).toEqual([]);
  });

  it('lets nobody call a model, or with the option those who make vectors that one', () => {
    const callersIn = (text: object) =>
      Object.values((text as { Resources: Readonly<Record<string, Resource>> }).Resources).flatMap(
        ({ Type, Properties }) =>
          Type === 'AWS::IAM::Policy'
            ? Properties.PolicyDocument!.Statement.filter(({ Action }) =>
                [Action].flat().includes('bedrock:InvokeModel'),
              )
            : [],
      );
    const embeddingModel = 'amazon.titan-embed-text-v2:0';
    const context = { 'aws:cdk:bundling-stacks': [], embeddingModel };
    expect(callersIn({ Resources: resources })).toEqual([]);
    const callers = callersIn(Template.fromStack(createCadreApp({ appProps: { context } }).runtime).toJSON());
    expect(callers).toHaveLength(3);
    for (const { Resource: target } of callers)
      expect(JSON.stringify(target)).toMatch(/::foundation-model\/amazon\.titan-embed-text-v2:0"/);
    expect(() => createCadreApp({ appProps: { context: { ...context, embeddingModel: 'cohere.embed-v4' } } })).toThrow(
      'embeddingModel',
    );
  });
});
