import { createAdapters, machineSources } from '../../../src/platform/aws/runtime.ts';
import { deployTwin } from '../../../src/sdk/test-cloud/twin-deployment.ts';
import { describeOnDynamodbLocal } from '../../support/dynamodb-local.ts';
import { agentStoreSuite } from './agent-store.suite.ts';
import { approvalStoreSuite } from './approval-store.suite.ts';
import { s3Objects } from '../../../src/platform/aws/objects.ts';
import { type Backend, partitionsOf } from './backend.ts';
import { messagingSuite } from './messaging.suite.ts';
import { definitionStoreSuite } from './definition-store.suite.ts';
import { publishedStoreSuite } from './published-store.suite.ts';
import { scheduleStoreSuite } from './schedule-store.suite.ts';
import { taskStoreSuite } from './task-store.suite.ts';
import { timerStoreSuite } from './timer-store.suite.ts';
import { workflowStoreSuite } from './workflow-store.suite.ts';

await describeOnDynamodbLocal('on DynamoDB Local, with queues and objects of the twin', ({ client, table }) => {
  const { cloud, deployment } = deployTwin();
  const clients = { ...cloud.clients, dynamodb: client, objects: s3Objects(cloud.clients.s3) };
  const adapters = createAdapters(clients, { ...deployment, table }, machineSources, { warn: () => undefined });
  const backend: Backend = {
    adapters,
    bodies: async (queue) => cloud.sqs.find(queue)?.bodies() ?? [],
    partition: partitionsOf({ client, table }),
  };
  taskStoreSuite(() => backend);
  timerStoreSuite(() => backend);
  approvalStoreSuite(() => backend);
  definitionStoreSuite(() => backend);
  publishedStoreSuite(() => backend);
  scheduleStoreSuite(() => backend);
  agentStoreSuite(() => backend);
  messagingSuite(() => backend);
  workflowStoreSuite(() => backend);
});
