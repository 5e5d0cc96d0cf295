import { describe } from '@jest/globals';
import { createDocumentStore } from '../../../src/platform/aws/context/store.ts';
import { s3Objects } from '../../../src/platform/aws/objects.ts';
import { createTwinCloud } from '../../../src/platform/twin/twin-cloud.ts';
import { contextTable } from '../../unit/context/stage.ts';
import { describeOnDynamodbLocal } from '../../support/dynamodb-local.ts';
import { documentStoreSuite } from './document-store.suite.ts';

const { clients } = createTwinCloud({ tables: [contextTable], buckets: ['bucket'] });
const bodies = { objects: s3Objects(clients.s3), bucket: 'bucket' };

describe('on the twin', () => {
  const store = createDocumentStore({
    db: { client: clients.dynamodb, table: contextTable.name },
    bodies,
    now: Date.now,
  });
  documentStoreSuite(() => store);
});

await describeOnDynamodbLocal('on DynamoDB Local, with objects of the twin', ({ client, contextTable: table }) => {
  const store = createDocumentStore({ db: { client, table }, bodies, now: Date.now });
  documentStoreSuite(() => store);
});
