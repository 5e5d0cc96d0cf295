import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { awsClients, createAdapters, machineSources } from '../../../src/platform/aws/runtime.ts';
import { describeDeployed } from '../../support/local-cloud.ts';
import { agentStoreSuite } from './agent-store.suite.ts';
import type { Backend } from './backend.ts';
import { messagingSuite } from './messaging.suite.ts';
import { taskStoreSuite } from './task-store.suite.ts';
import { timerStoreSuite } from './timer-store.suite.ts';

await describeDeployed('on the local cloud', ({ env, outputs }) => {
  Object.assign(process.env, env);
  const clients = awsClients();
  const deployment = {
    table: outputs.tableName,
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
  const backend: Backend = { adapters, bodies };
  taskStoreSuite(() => backend);
  timerStoreSuite(() => backend);
  agentStoreSuite(() => backend);
  messagingSuite(() => backend);
});
