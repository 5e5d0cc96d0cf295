import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import {
  BatchExecuteStatementCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { createRandom } from '../../../src/platform/twin/random.ts';
import type { Random } from '../../../src/platform/twin/random.ts';
import { createTwinCloud } from '../../../src/platform/twin/twin-cloud.ts';

const endpoint = process.env['AWS_ENDPOINT_URL'];
const table = `cadre-expressions-${process.pid}`;
const rounds = 300;
const Key = { pk: 'P', sk: 'S' };

/**
 * An item, a condition and an update drawn from the same few attributes, so that they meet often. Left out is what the emulator
 * is known to get wrong: begins_with on another type than text, and operands of the wrong type in SET.
 */
function draw(random: Random) {
  const attributes = ['a', 'b', 'c', 'd.e', 'd.f'];
  const scalars = [0, 1, 2, 'x', 'xy', true, null];
  const path = (): string => random.pick(attributes);
  const item: Record<string, unknown> = { ...Key, d: {} };
  for (const name of ['a', 'b', 'c'])
    if (random.chance(0.7)) item[name] = random.pick([...scalars, new Set(['x', 'y']), [1, 'x']]);
  if (random.chance(0.7)) item['d'] = { e: random.pick(scalars) };
  const term = (): string =>
    random.pick([
      () => `${path()} ${random.pick(['=', '<>'])} :v`,
      () => `${path()} ${random.pick(['<', '<=', '>', '>='])} :n`,
      () => `attribute_exists(${path()})`,
      () => `attribute_not_exists(${path()})`,
      () => `attribute_type(${path()}, :t)`,
      () => `begins_with(pk, :s)`,
      () => `contains(${path()}, :s)`,
      () => `size(${path()}) > :n`,
      () => `${path()} BETWEEN :n AND :m`,
      () => `${path()} IN (:v, :n)`,
      () => `NOT (${path()} = :v)`,
    ])();
  const condition = random.chance(0.5) ? term() : `${term()} ${random.pick(['AND', 'OR'])} ${term()}`;
  const update = random.pick([
    () => `SET ${path()} = :v`,
    () => `SET b = if_not_exists(${path()}, :v)`,
    () => `SET c = if_not_exists(fresh, :n) + :n`,
    () => `SET d.g = :v REMOVE a`,
    () => `ADD a :n`,
    () => `ADD a :set`,
    () => `DELETE a :set`,
    () => `REMOVE ${path()}`,
    () => `SET c = list_append(if_not_exists(fresh, :list), :list)`,
  ])();
  const all: Record<string, unknown> = {
    ':v': random.pick(scalars),
    ':n': 1,
    ':m': 2,
    ':s': 'x',
    ':t': random.pick(['S', 'N', 'SS', 'L', 'M', 'NULL', 'BOOL']),
    ':set': new Set(['y']),
    ':list': [7],
  };
  const used = Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(`${condition} ${update}`));
  return { item, condition, update, values: Object.fromEntries(used) };
}

type Drawn = ReturnType<typeof draw>;

/** What a DynamoDB makes of it: the new row or the name of the error, and the row afterwards. */
async function outcome(db: DynamoDBDocumentClient, TableName: string, { item, condition, update, values }: Drawn) {
  await db.send(new PutCommand({ TableName, Item: item }));
  const answer = await db
    .send(
      new UpdateCommand({
        TableName,
        Key,
        ConditionExpression: condition,
        UpdateExpression: update,
        ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
      }),
    )
    .then(
      () => 'done',
      (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
    );
  return { answer, row: (await db.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item };
}

const describeReal = endpoint === undefined ? describe.skip : describe;

describeReal(
  'the expressions of the twin and of the DynamoDB at AWS_ENDPOINT_URL (skipped: AWS_ENDPOINT_URL is not set)',
  () => {
    const raw = new DynamoDBClient({
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const real = DynamoDBDocumentClient.from(raw, { marshallOptions: { removeUndefinedValues: true } });
    const twin = createTwinCloud({
      tables: [{ name: table, pk: 'pk', sk: 'sk', indexes: [] }],
    });

    beforeAll(async () => {
      await raw.send(
        new CreateTableCommand({
          TableName: table,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
        }),
      );
      await waitUntilTableExists({ client: raw, maxWaitTime: 30 }, { TableName: table });
    });

    afterAll(async () => {
      await raw.send(new DeleteTableCommand({ TableName: table }));
      raw.destroy();
    });

    it(`agree on ${rounds} random conditions and updates`, async () => {
      const random = createRandom('expressions');
      const disagreements: object[] = [];
      for (let round = 0; round < rounds; round++) {
        const drawn = draw(random);
        const fake = await outcome(twin.clients.dynamodb, table, drawn);
        const other = await outcome(real, table, drawn);
        if (!isDeepStrictEqual(fake, other)) disagreements.push({ drawn, fake, other });
      }
      expect(disagreements).toEqual([]);
    });

    it.each<[string, unknown[]]>([
      [`UPDATE "${table}" SET "n"=? SET "m"."k"=? WHERE "pk"=? AND "sk"=? AND "n"=?`, [2, 3, 'P', 'S', 1]],
      [`UPDATE "${table}" SET "n"="n"+? REMOVE "m"."a" WHERE "pk"=? AND "sk"=? AND "gone" IS MISSING`, [1, 'P', 'S']],
      [`UPDATE "${table}" SET "n"=? WHERE "pk"=? AND "sk"=? AND "n"=?`, [2, 'P', 'S', 9]],
      [`UPDATE "${table}" SET "n"=? WHERE "pk"=? AND "sk"=?`, [2, 'P', 'absent']],
      [`UPDATE "${table}" SET "n"=? WHERE "pk"=? AND "sk"=? AND "gone"<>?`, [2, 'P', 'S', 1]],
      [`DELETE FROM "${table}" WHERE "pk"=? AND "sk"=? AND "n"=?`, ['P', 'S', 9]],
      [`INSERT INTO "${table}" VALUE {'pk': ?, 'sk': ?}`, ['P', 'S']],
    ])('agree on %s', async (Statement, Parameters) => {
      const results = [];
      for (const db of [twin.clients.dynamodb, real]) {
        await db.send(new PutCommand({ TableName: table, Item: { ...Key, n: 1, m: { a: 1 } } }));
        const { Responses } = await db.send(
          new BatchExecuteStatementCommand({
            Statements: [{ Statement, Parameters, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }],
          }),
        );
        const { Item } = await db.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
        results.push({ code: Responses?.[0]?.Error?.Code, row: Item });
      }
      expect(results[0]).toEqual(results[1]);
    });
  },
);
