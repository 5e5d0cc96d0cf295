import { describe, expect, it } from '@jest/globals';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import {
  BatchExecuteStatementCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { billedChunkBytes, createMeter, type MeteredService } from '../../../src/platform/aws/meter.ts';

/** A client that answers what the test says and remembers what it was asked. */
function fake(answer: unknown) {
  const asked: { input: Record<string, unknown> }[] = [];
  const client = {
    send: async (command: object) => {
      asked.push(command as { input: Record<string, unknown> });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { asked, client };
}

function wrapped(service: MeteredService, answer: unknown, options = {}) {
  const meter = createMeter(options);
  const { asked, client } = fake(answer);
  return { meter, asked, client: meter.wrap(client, service) };
}

describe('a meter', () => {
  it('counts calls by service and operation, under the names of the service', async () => {
    const { meter, client } = wrapped('dynamodb', {});
    await client.send(new GetCommand({ TableName: 't', Key: {} }));
    await client.send(new GetCommand({ TableName: 't', Key: {} }));
    await client.send(new QueryCommand({ TableName: 't' }));
    expect(meter.snapshot().calls).toEqual({ 'dynamodb:GetItem': 2, 'dynamodb:Query': 1 });
  });

  it('asks DynamoDB for the units and keeps reads and writes apart', async () => {
    const { meter, client, asked } = wrapped('dynamodb', { ConsumedCapacity: { TableName: 't', CapacityUnits: 1.5 } });
    await client.send(new QueryCommand({ TableName: 't' }));
    await client.send(new PutCommand({ TableName: 't', Item: {} }));
    expect(asked[0]).toBeInstanceOf(QueryCommand);
    expect(asked[0]?.input['ReturnConsumedCapacity']).toBe('TOTAL');
    expect(meter.snapshot()).toMatchObject({ readUnits: 1.5, writeUnits: 1.5 });
  });

  it('tells a batch of statements that write from one that reads', async () => {
    const { meter, client } = wrapped('dynamodb', { ConsumedCapacity: [{ CapacityUnits: 3 }, { CapacityUnits: 1 }] });
    await client.send(new BatchExecuteStatementCommand({ Statements: [{ Statement: 'UPDATE "t" SET a=1' }] }));
    expect(meter.snapshot()).toMatchObject({ readUnits: 0, writeUnits: 4 });
    await client.send(new BatchExecuteStatementCommand({ Statements: [{ Statement: 'select * from "t"' }] }));
    expect(meter.snapshot()).toMatchObject({ readUnits: 4, writeUnits: 4 });
  });

  it('counts a refused conditional write as a call that cost a unit, and passes the error on', async () => {
    const refusal = new ConditionalCheckFailedException({ message: 'no', $metadata: {} });
    const { meter, client } = wrapped('dynamodb', refusal);
    await expect(client.send(new PutCommand({ TableName: 't', Item: {} }))).rejects.toBe(refusal);
    expect(meter.snapshot()).toMatchObject({ calls: { 'dynamodb:PutItem': 1 }, writeUnits: 1 });
  });

  it.each([
    [0, 1],
    [billedChunkBytes, 1],
    [billedChunkBytes + 1, 2],
  ])('bills a message of %d bytes as %d requests', async (bytes, requests) => {
    const { meter, client } = wrapped('sqs', {});
    await client.send(new SendMessageCommand({ QueueUrl: 'https://sqs/q', MessageBody: 'x'.repeat(bytes) }));
    expect(meter.snapshot().sqsStandardRequests).toBe(requests);
  });

  it('bills a batch by all its messages together, in bytes of UTF-8, and a FIFO queue at its own price', async () => {
    const { meter, client } = wrapped('sqs', {});
    const half = 'é'.repeat(billedChunkBytes / 4);
    const Entries = ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: half }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: 'https://sqs/q.fifo', Entries }));
    expect(meter.snapshot()).toMatchObject({ sqsFifoRequests: 2, sqsStandardRequests: 0 });
  });

  it('bills a receive by what it brought', async () => {
    const { meter, client } = wrapped('sqs', { Messages: [{ Body: 'x'.repeat(billedChunkBytes * 2) }, { Body: 'y' }] });
    await client.send(new ReceiveMessageCommand({ QueueUrl: 'https://sqs/q' }));
    expect(meter.snapshot().sqsStandardRequests).toBe(3);
  });

  it('counts each event, and a large one once for each started 64 KB', async () => {
    const { meter, client } = wrapped('events', {});
    const small = { Source: 's', DetailType: 'd', Detail: '{}' };
    await client.send(new PutEventsCommand({ Entries: [small, { ...small, Detail: 'x'.repeat(billedChunkBytes) }] }));
    expect(meter.snapshot().events).toBe(3);
  });

  it('counts puts and gets of S3, and the transitions that an execution is known to make', async () => {
    const { meter, client } = wrapped('s3', {}, { transitionsPerExecution: 4 });
    await client.send(new PutObjectCommand({ Bucket: 'b', Key: 'k' }));
    await client.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }));
    const states = meter.wrap(fake({}).client, 'states');
    await states.send(new StartExecutionCommand({ stateMachineArn: 'arn' }));
    expect(meter.snapshot()).toMatchObject({ s3Puts: 1, s3Gets: 1, transitions: 4 });
  });

  it('begins anew after a reset, and a snapshot stays what it was', async () => {
    const { meter, client } = wrapped('dynamodb', {});
    await client.send(new GetCommand({ TableName: 't', Key: {} }));
    const before = meter.snapshot();
    meter.reset();
    expect(before.calls).toEqual({ 'dynamodb:GetItem': 1 });
    expect(meter.snapshot().calls).toEqual({});
  });
});

describe('a meter on a real client', () => {
  /** A real client whose requests end here. */
  const settings = (body: string) => ({
    region: 'us-east-1',
    endpoint: 'http://localhost:1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      handle: async () => ({
        response: {
          statusCode: 200,
          headers: { 'content-type': 'application/x-amz-json-1.0' },
          body: new TextEncoder().encode(body),
        },
      }),
    },
  });

  it('sees the calls of a document client with their units', async () => {
    const meter = createMeter();
    const client = DynamoDBDocumentClient.from(
      new DynamoDBClient(settings('{"ConsumedCapacity":{"TableName":"t","CapacityUnits":2}}')),
    );
    await meter.wrap(client, 'dynamodb').send(new PutCommand({ TableName: 't', Item: { pk: 'a' } }));
    expect(meter.snapshot()).toMatchObject({ calls: { 'dynamodb:PutItem': 1 }, writeUnits: 2 });
  });

  it('sees the events of an EventBridge client', async () => {
    const meter = createMeter();
    const client = meter.wrap(new EventBridgeClient(settings('{"Entries":[]}') as never), 'events');
    await client.send(new PutEventsCommand({ Entries: [{ Source: 's', DetailType: 'd', Detail: '{}' }] }));
    expect(meter.snapshot()).toMatchObject({ calls: { 'events:PutEvents': 1 }, events: 1 });
  });
});
