import { isDeepStrictEqual } from 'node:util';
import { expect, it } from '@jest/globals';
import {
  BatchExecuteStatementCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { createRandom } from '../../../src/platform/twin/random.ts';
import type { Random } from '../../../src/platform/twin/random.ts';
import { createTwinCloud } from '../../../src/platform/twin/twin-cloud.ts';
import { describeOnDynamodbLocal } from '../../support/dynamodb-local.ts';

const rounds = 1_000;
const Key = { pk: 'P', sk: 'S' };

/** An item, a condition and an update drawn from the same few attributes, so that they meet often. */
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
      () => `begins_with(${path()}, :s)`,
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

await describeOnDynamodbLocal('the expressions of the twin and of DynamoDB Local', ({ client: real, table }) => {
  const twin = createTwinCloud({ tables: [{ name: table, pk: 'pk', sk: 'sk', indexes: [] }] });

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
    [`INSERT INTO "${table}" VALUE ?`, [{ pk: 'P', sk: 'T' }]],
    [`UPDATE "${table}" REMOVE "gone" REMOVE "n" WHERE "pk"=? AND "sk"=?`, ['P', 'S']],
    [`UPDATE "${table}" SET "n"=? WHERE "pk"=?`, [2, 'P']],
    [`UPDATE "${table}" SET "x"."y"=? WHERE "pk"=? AND "sk"=?`, [2, 'P', 'S']],
    [`UPDATE "${table}" SET "sk"=? WHERE "pk"=? AND "sk"=?`, ['T', 'P', 'S']],
    [
      `UPDATE "${table}" SET "l"=? SET "m"=? SET "b"=? WHERE "pk"=? AND "sk"=? AND "m"=?`,
      [[], {}, false, 'P', 'S', { a: 1 }],
    ],
    [`DELETE FROM "${table}" WHERE "pk"=? AND "sk"=?`, ['P', 'absent']],
    [`UPDATE "${table}" SET "n"=? WHERE "pk"=? AND "sk"=? AND ("n"=? OR "n"<?)`, [2, 'P', 'S', 7, 3]],
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
      const { Code: code, Item: before } = Responses?.[0]?.Error ?? {};
      results.push({ code, before, row: Item });
    }
    expect(results[0]).toEqual(results[1]);
  });

  it('agree that a batch names no item twice', async () => {
    const update = { Statement: `UPDATE "${table}" SET "n"=? WHERE "pk"=? AND "sk"=?`, Parameters: [1, 'P', 'S'] };
    for (const db of [twin.clients.dynamodb, real]) {
      await expect(db.send(new BatchExecuteStatementCommand({ Statements: [update, update] }))).rejects.toMatchObject({
        name: 'ValidationException',
        message: 'Provided list of item keys contains duplicates',
      });
    }
  });
});
