import { describe, expect, it } from '@jest/globals';
import { PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { createTwinCloud } from '../../../../src/platform/twin/twin-cloud.ts';

const TableName = 'cadre';
const Key = { pk: 'P', sk: 'S' };

function open() {
  const twin = createTwinCloud({ seed: 1 });
  return { twin, db: twin.clients.dynamodb };
}

describe('transactions', () => {
  const put = (sk: string, ConditionExpression?: string) => ({
    Put: {
      TableName,
      Item: { pk: 'P', sk },
      ...(ConditionExpression ? { ConditionExpression, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const } : {}),
    },
  });

  it('commit as a whole or give a reason for each position', async () => {
    const { twin, db } = open();
    const commits: number[] = [];
    twin.dynamodb.onCommit((commit) => commits.push(commit.changes.length));
    await db.send(new TransactWriteCommand({ TransactItems: [put('1'), put('2')] }));
    const error = await db
      .send(
        new TransactWriteCommand({
          TransactItems: [
            put('3'),
            put('1', 'attribute_not_exists(pk)'),
            { ConditionCheck: { TableName, Key: { pk: 'P', sk: '2' }, ConditionExpression: 'attribute_exists(pk)' } },
          ],
        }),
      )
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Item: { pk: { S: 'P' }, sk: { S: '1' } } },
        { Code: 'None' },
      ],
    });
    expect(twin.dynamodb.items()).toHaveLength(2);
    expect(commits).toEqual([2]);
  });

  it('happen once for a token, and refuse the token for anything else', async () => {
    const { twin, db } = open();
    const add = (amount: number) =>
      db.send(
        new TransactWriteCommand({
          ClientRequestToken: 'token',
          TransactItems: [
            { Update: { TableName, Key, UpdateExpression: 'ADD n :a', ExpressionAttributeValues: { ':a': amount } } },
          ],
        }),
      );
    await add(1);
    await add(1);
    expect(twin.dynamodb.peek('P', 'S')).toMatchObject({ n: 1 });
    await expect(add(2)).rejects.toMatchObject({ name: 'IdempotentParameterMismatchException' });
    await twin.clock.advance(11 * 60 * 1000);
    await add(2);
    expect(twin.dynamodb.peek('P', 'S')).toMatchObject({ n: 3 });
  });

  it('take 100 items and refuse 101, and refuse two operations on one item', async () => {
    const { db } = open();
    const items = (count: number) => Array.from({ length: count }, (_, n) => put(String(n)));
    const answer = await db.send(
      new TransactWriteCommand({ TransactItems: items(100), ReturnConsumedCapacity: 'TOTAL' }),
    );
    expect(answer.ConsumedCapacity?.[0]?.CapacityUnits).toBe(200);
    await expect(db.send(new TransactWriteCommand({ TransactItems: items(101) }))).rejects.toThrow(
      'less than or equal to 100',
    );
    await expect(db.send(new TransactWriteCommand({ TransactItems: [put('1'), put('1')] }))).rejects.toThrow(
      'one item',
    );
  });

  it('are cancelled by an arranged conflict, and an answer lost after the commit leaves the commit', async () => {
    const { twin, db } = open();
    twin.faults.arrange('transactionConflict', (detail) => detail.includes('TransactWrite'));
    twin.faults.arrange('lostAnswer', (detail) => detail === 'dynamodb:PutCommand');
    await expect(db.send(new TransactWriteCommand({ TransactItems: [put('1')] }))).rejects.toMatchObject({
      CancellationReasons: [{ Code: 'TransactionConflict' }],
    });
    await expect(db.send(new PutCommand({ TableName, Item: Key }))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(twin.dynamodb.items()).toEqual([Key]);
    expect(twin.faults.log.map(({ point }) => point)).toEqual(['transactionConflict', 'lostAnswer']);
  });
});
