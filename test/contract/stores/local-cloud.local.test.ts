import { CreateStateMachineCommand } from '@aws-sdk/client-sfn';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { beforeAll } from '@jest/globals';
import { awsClients, createAdapters, machineSources } from '../../../src/platform/aws/runtime.ts';
import { describeDeployed } from '../../support/local-cloud.ts';
import { agentStoreSuite } from './agent-store.suite.ts';
import { approvalStoreSuite } from './approval-store.suite.ts';
import { type Backend, partitionsOf } from './backend.ts';
import { definitionStoreSuite } from './definition-store.suite.ts';
import { executionsSuite, type Machine, waitingMachine } from './executions.suite.ts';
import { documentStoreSuite } from './document-store.suite.ts';
import { messagingSuite } from './messaging.suite.ts';
import { publishedStoreSuite } from './published-store.suite.ts';
import { scheduleStoreSuite } from './schedule-store.suite.ts';
import { taskStoreSuite } from './task-store.suite.ts';
import { timerStoreSuite } from './timer-store.suite.ts';
import { workflowStoreSuite } from './workflow-store.suite.ts';

await describeDeployed('on the local cloud', ({ env, outputs }) => {
  Object.assign(process.env, env);
  const clients = awsClients();
  const deployment = {
    table: outputs.tableName,
    contextTable: outputs.contextTableName,
    bucket: outputs.bucketName,
    bus: outputs.busName,
    stateMachineArn: outputs.stateMachineArn,
    queues: outputs.queueUrls,
  };
  /** Everything in a queue, taken out page by page. */
  const bodies = async (QueueUrl: string): Promise<string[]> => {
    const { Messages = [] } = await clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
    );
    if (Messages.length === 0) return [];
    for (const { ReceiptHandle } of Messages)
      await clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    return [...Messages.map(({ Body = '' }) => Body), ...(await bodies(QueueUrl))];
  };
  const adapters = createAdapters(clients, deployment, machineSources, { warn: () => undefined });
  const backend: Backend = {
    adapters,
    bodies,
    partition: partitionsOf({ client: clients.dynamodb, table: deployment.table }),
  };
  documentStoreSuite(() => adapters.documents);
  taskStoreSuite(() => backend);
  timerStoreSuite(() => backend);
  approvalStoreSuite(() => backend);
  definitionStoreSuite(() => backend);
  publishedStoreSuite(() => backend);
  scheduleStoreSuite(() => backend);
  agentStoreSuite(() => backend);
  messagingSuite(() => backend);
  workflowStoreSuite(() => backend);

  let machine: Machine;
  beforeAll(async () => {
    const { QueueUrl = '' } = await clients.sqs.send(new CreateQueueCommand({ QueueName: 'contract-tokens' }));
    const { stateMachineArn = '' } = await clients.sfn.send(
      new CreateStateMachineCommand({
        name: 'contract',
        definition: JSON.stringify(waitingMachine).replaceAll('${QueueUrl}', QueueUrl),
        roleArn: outputs.stateMachineArn.replace(/:states:[^:]*:(\d+):.*/, ':iam::$1:role/contract'),
      }),
    );
    machine = { sfn: clients.sfn, stateMachineArn, sent: () => bodies(QueueUrl) };
  });
  executionsSuite(() => machine);
});
