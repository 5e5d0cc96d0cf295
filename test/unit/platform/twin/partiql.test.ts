import { describe, expect, it } from '@jest/globals';
import { BatchExecuteStatementCommand, ExecuteStatementCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { createTwinCloud } from '../../../../src/platform/twin/twin-cloud.ts';

const TableName = 'cadre';

async function open() {
  const twin = createTwinCloud({ seed: 1 });
  const item = { pk: 'P', sk: 'S', status: 'Queued', n: 1, map: { a: 1 }, set: new Set(['x']) };
  await twin.clients.dynamodb.send(new PutCommand({ TableName, Item: item }));
  const batch = async (...statements: [string, ...unknown[]][]) => {
    const { Responses = [] } = await twin.clients.dynamodb.send(
      new BatchExecuteStatementCommand({
        Statements: statements.map(([Statement, ...Parameters]) => ({
          Statement,
          Parameters,
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        })),
      }),
    );
    return Responses;
  };
  return { twin, batch, peek: () => twin.dynamodb.peek('P', 'S') };
}

describe('PartiQL statements', () => {
  it('update, each by itself, with the old row of one that was refused', async () => {
    const { batch, peek } = await open();
    const [done] = await batch([
      `UPDATE "cadre" SET "status"=? SET "n"="n"+? SET map."k#1"=? REMOVE map."a" WHERE "pk"=? AND "sk"=? AND "status"=? AND size("map") < ?`,
      'Processing',
      2,
      { at: 1 },
      'P',
      'S',
      'Queued',
      5,
    ]);
    const refused = await batch(
      [`UPDATE "cadre" SET "status"=? WHERE "pk"=? AND "sk"=? AND "status"=?`, 'Failed', 'P', 'S', 'Queued'],
      [`UPDATE "cadre" SET "status"=? WHERE "pk"=? AND "sk"=?`, 'Failed', 'P', 'absent'],
    );
    expect(done).toEqual({ TableName });
    expect(refused[0]?.Error).toMatchObject({ Code: 'ConditionalCheckFailed', Item: { status: 'Processing', n: 3 } });
    expect(refused[1]?.Error).toMatchObject({ Code: 'ConditionalCheckFailed' });
    expect(peek()).toEqual({
      pk: 'P',
      sk: 'S',
      status: 'Processing',
      n: 3,
      map: { 'k#1': { at: 1 } },
      set: new Set(['x']),
    });
  });

  it('insert a tuple, refuse a key that exists and a whole item in one parameter', async () => {
    const { twin, batch } = await open();
    const responses = await batch(
      [`INSERT INTO "cadre" VALUE {'pk': ?, 'sk': '2', 'n': 3, 'list': ?}`, 'P', [1]],
      [`INSERT INTO "cadre" VALUE {'pk': ?, 'sk': ?}`, 'P', 'S'],
      [`INSERT INTO "cadre" VALUE ?`, { pk: 'P', sk: '1' }],
    );
    expect(responses.map((response) => response.Error?.Code)).toEqual([undefined, 'DuplicateItem', 'ValidationError']);
    expect(twin.dynamodb.peek('P', '2')).toEqual({ pk: 'P', sk: '2', n: 3, list: [1] });
  });

  it('refuse a batch that names an item twice, and leave it as it was', async () => {
    const { batch, peek } = await open();
    const update = (n: number): [string, ...unknown[]] => [
      `UPDATE "cadre" SET "n"=? WHERE "pk"=? AND "sk"=?`,
      n,
      'P',
      'S',
    ];
    await expect(batch(update(2), update(3))).rejects.toThrow('Provided list of item keys contains duplicates');
    expect(peek()?.['n']).toBe(1);
  });

  it('know missing attributes, sets and deletes', async () => {
    const { batch, peek } = await open();
    const [first] = await batch([
      `UPDATE "cadre" SET "set"=set_add("set", ?) WHERE "pk"=? AND "sk"=? AND "gone" IS MISSING AND contains("set", ?)`,
      new Set(['y']),
      'P',
      'S',
      'x',
    ]);
    const [second] = await batch([
      `UPDATE "cadre" SET "set"=set_delete("set", ?) WHERE "pk"=? AND "sk"=? AND "n" IS NOT MISSING`,
      new Set(['x']),
      'P',
      'S',
    ]);
    const [third] = await batch([`DELETE FROM "cadre" WHERE "pk"=? AND "sk"=? AND "status"<>?`, 'P', 'S', 'Queued']);
    expect([first?.Error, second?.Error]).toEqual([undefined, undefined]);
    expect(third?.Error?.Code).toBe('ConditionalCheckFailed');
    expect(peek()?.['set']).toEqual(new Set(['y']));
    expect((await batch([`DELETE FROM "cadre" WHERE "pk"=? AND "sk"=?`, 'P', 'S']))[0]?.Error).toBeUndefined();
    expect(peek()).toBeUndefined();
  });

  it('answer a mistake in one statement there, and take 25 but not 26', async () => {
    const { batch } = await open();
    const insert = (n: number): [string, ...unknown[]] => [
      `INSERT INTO "cadre" VALUE {'pk': ?, 'sk': ?}`,
      'P',
      String(n),
    ];
    const many = (count: number) => Array.from({ length: count }, (_, n) => insert(n));
    expect((await batch([`UPDATE "cadre" SET a=? WHERE pk=?`, 1, 'P']))[0]?.Error).toMatchObject({
      Code: 'ValidationError',
    });
    expect((await batch([`INSERT INTO "cadre" VALUE {'pk': ?}`]))[0]?.Error).toMatchObject({ Code: 'ValidationError' });
    expect(await batch(...many(25))).toHaveLength(25);
    await expect(batch(...many(26))).rejects.toThrow('less than or equal to 25');
  });

  it('throw when executed alone, and return rows where asked', async () => {
    const { twin } = await open();
    const execute = (Statement: string, ...Parameters: unknown[]) =>
      twin.clients.dynamodb.send(new ExecuteStatementCommand({ Statement, Parameters }));
    await expect(execute(`INSERT INTO "cadre" VALUE {'pk': ?, 'sk': ?}`, 'P', 'S')).rejects.toMatchObject({
      name: 'DuplicateItemException',
    });
    await expect(execute(`UPDATE "cadre" SET n=? WHERE pk=? AND sk=? AND n=?`, 1, 'P', 'S', 9)).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
    });
    const updated = await execute(`UPDATE "cadre" SET n=? WHERE pk=? AND sk=? RETURNING MODIFIED NEW *`, 7, 'P', 'S');
    expect(updated.Items).toEqual([{ n: 7 }]);
  });
});
