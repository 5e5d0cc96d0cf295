import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe } from '@jest/globals';
import { createAdapters, machineSources } from '../../../src/platform/aws/runtime.ts';
import { s3Objects } from '../../../src/platform/aws/objects.ts';
import { createTwinCloud } from '../../../src/platform/twin/twin-cloud.ts';
import { cadreTable } from '../../unit/distributor/stage.ts';
import { agentStoreSuite } from './agent-store.suite.ts';
import { approvalStoreSuite } from './approval-store.suite.ts';
import { type Backend, partitionsOf } from './backend.ts';
import { definitionStoreSuite } from './definition-store.suite.ts';
import { executionsSuite, type Machine, waitingMachine } from './executions.suite.ts';
import { messagingSuite } from './messaging.suite.ts';
import { publishedStoreSuite } from './published-store.suite.ts';
import { scheduleStoreSuite } from './schedule-store.suite.ts';
import { taskStoreSuite } from './task-store.suite.ts';
import { timerStoreSuite } from './timer-store.suite.ts';
import { workflowStoreSuite } from './workflow-store.suite.ts';
import { bareDeployment } from '../../support/bare-deployment.ts';

describe('on the twin', () => {
  let backend: Backend;
  let machine: Machine;
  beforeEach(() => {
    const cloud = createTwinCloud({ tables: [cadreTable], buckets: ['bucket'] });
    const { url } = cloud.sqs.createQueue('heartbeats');
    const queues = { heartbeats: url };
    const deployment = { ...bareDeployment, queues };
    const clients = { ...cloud.clients, objects: s3Objects(cloud.clients.s3) };
    const adapters = createAdapters(clients, deployment, machineSources, { warn: () => undefined });
    backend = {
      adapters,
      bodies: async (queue) => cloud.sqs.find(queue)?.bodies() ?? [],
      partition: partitionsOf({ client: clients.dynamodb, table: deployment.table }),
    };
    const tokens = cloud.sqs.createQueue('tokens');
    const QueueUrl = tokens.url;
    machine = {
      sfn: cloud.clients.sfn,
      stateMachineArn: cloud.stepFunctions.createStateMachine('contract', waitingMachine, { QueueUrl }),
      sent: async () => {
        await cloud.clock.advance(1);
        const bodies = tokens.bodies();
        await cloud.clients.sqs.send(new PurgeQueueCommand({ QueueUrl }));
        return bodies;
      },
    };
  });
  taskStoreSuite(() => backend);
  timerStoreSuite(() => backend);
  approvalStoreSuite(() => backend);
  definitionStoreSuite(() => backend);
  publishedStoreSuite(() => backend);
  scheduleStoreSuite(() => backend);
  agentStoreSuite(() => backend);
  messagingSuite(() => backend);
  workflowStoreSuite(() => backend);
  executionsSuite(() => machine);
});
