import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { expect, it } from '@jest/globals';
import { describeDeployed } from '../support/local-cloud.ts';

const attemptsMax = 100;

await describeDeployed('tasks published on the bus', ({ cloud, outputs }) => {
  const client = {
    endpoint: cloud.endpoint,
    region: cloud.region,
    credentials: { accessKeyId: cloud.account, secretAccessKey: 'local' },
  };
  const table = new DynamoDBClient(client);
  const bus = new EventBridgeClient(client);

  const publish = (detail: object) =>
    bus.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: outputs.busName,
            Source: 'somebody.else',
            DetailType: 'TaskSubmitted',
            Detail: JSON.stringify(detail),
          },
        ],
      }),
    );

  const rowOf = async (task_id: string) => {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const key = { pk: { S: `TASK#${task_id}` }, sk: { S: 'TASK' } };
      const { Item } = await table.send(
        new GetItemCommand({ TableName: outputs.tableName, Key: key, ConsistentRead: true }),
      );
      if (Item !== undefined) return Item;
      await sleep(100);
    }
    return undefined;
  };

  const task = (task_id: string, priority: string) => ({
    task_id,
    task_type: 'review',
    priority,
    required_capabilities: ['none-has-it'],
    payload: {},
  });

  it.each(['critical', 'high', 'medium', 'low'])('are queued from a bare task of %s priority', async (priority) => {
    await publish(task(`bare-${priority}`, priority));
    expect(await rowOf(`bare-${priority}`)).toMatchObject({ status: { S: 'Queued' }, priority: { S: priority } });
  });

  it('are queued from a CloudEvent', async () => {
    await publish({
      specversion: '1.0',
      id: 'e1',
      source: '/somebody',
      type: 'TaskSubmitted',
      data: task('cloud-event', 'high'),
    });
    expect(await rowOf('cloud-event')).toMatchObject({ status: { S: 'Queued' } });
  });

  it('become a dead letter with its reason when their priority is unknown', async () => {
    await publish(task('urgent-one', 'urgent'));
    expect(await deadLetterAbout('urgent-one')).toContain('Invalid option');
  });

  /** The dead letter whose body names this; other suites leave letters of their own. */
  async function deadLetterAbout(id: string): Promise<string> {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const { Items = [] } = await table.send(
        new ScanCommand({
          TableName: outputs.tableName,
          FilterExpression: 'sk = :dead',
          ExpressionAttributeValues: { ':dead': { S: 'DEAD' } },
        }),
      );
      const letter = Items.map((item) => JSON.stringify(item)).find((text) => text.includes(id));
      if (letter !== undefined) return letter;
      await sleep(100);
    }
    return '';
  }
});
