import { describe, expect, it } from '@jest/globals';
import {
  BatchGetCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { createTwinCloud } from '../../../../src/platform/twin/twin-cloud.ts';

const TableName = 'cadre';
const Key = { pk: 'P', sk: 'S' };

function open(faults = {}) {
  const twin = createTwinCloud({
    seed: 1,
    faults,
    tables: [
      {
        name: TableName,
        pk: 'pk',
        sk: 'sk',
        indexes: [{ name: 'gsi1', pk: 'gsi1pk', sk: 'gsi1sk', projection: ['kept'] }],
      },
    ],
  });
  return { twin, db: twin.clients.dynamodb };
}

describe('single items', () => {
  it('share no state with the caller, on the way in or out', async () => {
    const { db } = open();
    const item = { ...Key, map: { list: [1] }, set: new Set(['a']) };
    await db.send(new PutCommand({ TableName, Item: item }));
    item.map.list.push(2);
    const first = await db.send(new GetCommand({ TableName, Key }));
    expect(first.Item).toEqual({ ...Key, map: { list: [1] }, set: new Set(['a']) });
    (first.Item!['map'] as { list: number[] }).list.push(3);
    expect((await db.send(new GetCommand({ TableName, Key }))).Item!['map']).toEqual({ list: [1] });
  });

  it('refuse a failed condition with the old row, marshalled as the real client leaves it', async () => {
    const { db } = open();
    await db.send(new PutCommand({ TableName, Item: { ...Key, n: 1 } }));
    const error = await db
      .send(
        new PutCommand({
          TableName,
          Item: { ...Key, n: 2 },
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      )
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: { pk: { S: 'P' }, sk: { S: 'S' }, n: { N: '1' } },
    });
  });

  it('are made by an update, and give back what ReturnValues asks for', async () => {
    const { db } = open();
    const update = (ReturnValues: 'ALL_NEW' | 'ALL_OLD' | 'UPDATED_NEW' | 'UPDATED_OLD') =>
      db.send(
        new UpdateCommand({
          TableName,
          Key,
          UpdateExpression: 'ADD n :one',
          ExpressionAttributeValues: { ':one': 1 },
          ReturnValues,
        }),
      );
    expect((await update('ALL_OLD')).Attributes).toBeUndefined();
    expect((await update('ALL_OLD')).Attributes).toEqual({ ...Key, n: 1 });
    expect((await update('UPDATED_NEW')).Attributes).toEqual({ n: 3 });
    expect((await update('UPDATED_OLD')).Attributes).toEqual({ n: 3 });
    expect((await update('ALL_NEW')).Attributes).toEqual({ ...Key, n: 5 });
  });

  it('may have 400 KB and no byte more', async () => {
    const { db } = open();
    const overhead = 'pkP'.length + 'skS'.length + 'body'.length;
    const put = (bytes: number) => db.send(new PutCommand({ TableName, Item: { ...Key, body: 'x'.repeat(bytes) } }));
    await put(400 * 1024 - overhead - 1);
    await put(400 * 1024 - overhead);
    await expect(put(400 * 1024 - overhead + 1)).rejects.toThrow('maximum allowed size');
    await expect(
      db.send(new PutCommand({ TableName, Item: { ...Key, body: 'é'.repeat(200 * 1024) } })),
    ).rejects.toThrow('maximum allowed size');
  });

  it('refuse bad keys, changed keys, undefined list entries and numbers that are none', async () => {
    const { db } = open();
    await expect(db.send(new PutCommand({ TableName, Item: { pk: 'P' } }))).rejects.toThrow('Missing the key sk');
    await expect(db.send(new PutCommand({ TableName, Item: { ...Key, gsi1pk: '', gsi1sk: 'x' } }))).rejects.toThrow(
      'gsi1pk',
    );
    await expect(db.send(new GetCommand({ TableName, Key: { pk: 'P' } }))).rejects.toThrow('does not match the schema');
    await expect(db.send(new PutCommand({ TableName, Item: { ...Key, n: NaN } }))).rejects.toThrow('NaN');
    await expect(db.send(new GetCommand({ TableName: 'none', Key }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const change = new UpdateCommand({
      TableName,
      Key,
      UpdateExpression: 'SET sk = :v',
      ExpressionAttributeValues: { ':v': 'T' },
    });
    await expect(db.send(change)).rejects.toThrow('part of the key');
  });

  it('report the units of a write with the index entries it moves', async () => {
    const { db } = open();
    const put = async (item: object) =>
      (await db.send(new PutCommand({ TableName, Item: { ...Key, ...item }, ReturnConsumedCapacity: 'TOTAL' })))
        .ConsumedCapacity?.CapacityUnits;
    expect(await put({ body: 'x'.repeat(1500) })).toBe(2);
    expect(await put({ gsi1pk: 'a', gsi1sk: '1' })).toBe(3);
    expect(await put({ gsi1pk: 'a', gsi1sk: '1', other: 1 })).toBe(1);
    expect(await put({ gsi1pk: 'a', gsi1sk: '2' })).toBe(3);
    expect(await put({ gsi1pk: 'a', gsi1sk: '2', kept: 1 })).toBe(2);
    const deleted = await db.send(new DeleteCommand({ TableName, Key, ReturnConsumedCapacity: 'TOTAL' }));
    expect(deleted.ConsumedCapacity?.CapacityUnits).toBe(2);
  });
});

describe('queries', () => {
  async function filled() {
    const opened = open();
    for (let n = 0; n < 30; n++) {
      const sk = `S#${String(n).padStart(2, '0')}`;
      const indexed = n % 3 === 0 ? { gsi1pk: 'I', gsi1sk: 'same' } : {};
      await opened.db.send(new PutCommand({ TableName, Item: { pk: 'P', sk, n, kept: n, dropped: n, ...indexed } }));
    }
    return opened;
  }
  const sks = (items: Record<string, unknown>[] | undefined) => (items ?? []).map((item) => item['sk']);

  it.each([
    ['pk = :p AND begins_with(sk, :a)', { ':a': 'S#1' }, 10],
    ['pk = :p AND sk BETWEEN :a AND :b', { ':a': 'S#05', ':b': 'S#07' }, 3],
    ['pk = :p AND sk < :a', { ':a': 'S#02' }, 2],
    ['pk = :p AND sk > :a', { ':a': 'S#27' }, 2],
    ['pk = :p AND sk = :a', { ':a': 'S#27' }, 1],
    ['pk = :p AND sk <= :a', { ':a': 'S#02' }, 3],
  ])('%s', async (KeyConditionExpression, values, count) => {
    const { db } = await filled();
    for (const ScanIndexForward of [true, false]) {
      const input = { TableName, KeyConditionExpression, ExpressionAttributeValues: { ':p': 'P', ...values } };
      const { Items } = await db.send(new QueryCommand({ ...input, ScanIndexForward }));
      const sorted = sks(Items).toSorted();
      expect(sks(Items)).toEqual(ScanIndexForward ? sorted : sorted.reverse());
      expect(Items).toHaveLength(count);
    }
  });

  it('go on page by page, forwards and backwards, on the table and on entries of an index that tie', async () => {
    const { db } = await filled();
    for (const [IndexName, key] of [
      [undefined, 'pk'],
      ['gsi1', 'gsi1pk'],
    ]) {
      for (const ScanIndexForward of [true, false]) {
        const seen: unknown[] = [];
        let ExclusiveStartKey: Record<string, unknown> | undefined;
        do {
          const page: {
            Items?: Record<string, unknown>[] | undefined;
            LastEvaluatedKey?: Record<string, unknown> | undefined;
          } = await db.send(
            new QueryCommand({
              TableName,
              ...(IndexName === undefined ? {} : { IndexName }),
              KeyConditionExpression: `${key} = :p`,
              ExpressionAttributeValues: { ':p': IndexName === undefined ? 'P' : 'I' },
              ScanIndexForward,
              Limit: 4,
              ...(ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey }),
            }),
          );
          seen.push(...sks(page.Items));
          ExclusiveStartKey = page.LastEvaluatedKey;
        } while (ExclusiveStartKey !== undefined);
        expect(seen).toHaveLength(IndexName === undefined ? 30 : 10);
        expect(new Set(seen).size).toBe(seen.length);
      }
    }
  });

  it('count the limit before the filter and project what an index has', async () => {
    const { db } = await filled();
    const page = await db.send(
      new QueryCommand({
        TableName,
        IndexName: 'gsi1',
        KeyConditionExpression: 'gsi1pk = :p',
        FilterExpression: 'kept > :n',
        ExpressionAttributeValues: { ':p': 'I', ':n': 3 },
        Limit: 3,
      }),
    );
    expect(page).toMatchObject({ Count: 1, ScannedCount: 3 });
    expect(page.Items).toEqual([{ pk: 'P', sk: 'S#06', gsi1pk: 'I', gsi1sk: 'same', kept: 6 }]);
    await expect(
      db.send(
        new QueryCommand({
          TableName,
          IndexName: 'gsi1',
          KeyConditionExpression: 'gsi1pk = :p',
          ExpressionAttributeValues: { ':p': 'I' },
          ConsistentRead: true,
        }),
      ),
    ).rejects.toThrow('Consistent reads are not supported');
  });

  it('end a page at a megabyte', async () => {
    const { db } = open();
    for (let n = 0; n < 4; n++)
      await db.send(new PutCommand({ TableName, Item: { pk: 'P', sk: `${n}`, body: 'x'.repeat(390_000) } }));
    const input = { TableName, KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': 'P' } };
    const page = await db.send(new QueryCommand(input));
    expect(page.Count).toBe(3);
    expect(page.LastEvaluatedKey).toEqual({ pk: 'P', sk: '2' });
  });

  it('scan with pages and a filter', async () => {
    const { db } = await filled();
    const first = await db.send(new ScanCommand({ TableName, Limit: 20 }));
    const rest = await db.send(
      new ScanCommand({
        TableName,
        ExclusiveStartKey: first.LastEvaluatedKey,
        FilterExpression: 'n > :n',
        ExpressionAttributeValues: { ':n': 25 },
      }),
    );
    expect(first.Count).toBe(20);
    expect(rest).toMatchObject({ Count: 4, ScannedCount: 10 });
  });

  it('see an index as it was when it is stale, and then as it is', async () => {
    const { twin, db } = open({ latencyMsMax: 0, staleIndexMsMax: 1 });
    twin.faults.arrange('staleIndex', () => true);
    await db.send(new PutCommand({ TableName, Item: { ...Key, gsi1pk: 'I', gsi1sk: '1' } }));
    const query = new QueryCommand({
      TableName,
      IndexName: 'gsi1',
      KeyConditionExpression: 'gsi1pk = :p',
      ExpressionAttributeValues: { ':p': 'I' },
    });
    expect((await twin.clock.drive(db.send(query))).Items).toEqual([]);
    expect((await twin.clock.drive(db.send(query))).Items).toHaveLength(1);
  });

  it('get at most 100 keys at once, each once', async () => {
    const { db } = await filled();
    const keys = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ pk: 'P', sk: `S#${String(n).padStart(2, '0')}` }));
    const get = (Keys: object[]) =>
      db.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: Keys as never } } }));
    expect((await get(keys(100))).Responses?.[TableName]).toHaveLength(30);
    await expect(get(keys(101))).rejects.toThrow('Too many items');
    await expect(get([...keys(1), ...keys(1)])).rejects.toThrow('duplicates');
  });
});
