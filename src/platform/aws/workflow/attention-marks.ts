import { DeleteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Advance, AttentionMark, WorkflowStore } from '../../../workflow/ports.ts';
import { type Database, isApplied, queryItems } from '../database.ts';
import type { Item } from '../item.ts';

type Action = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

/**
 * Marks are spread over so many partitions. A workflow writes about four units of them and a partition takes 1,000 a second, so two
 * carry more starts than Step Functions allows (300 a second). More: a read more in every pulse, also when nothing runs.
 */
const shardCount = 2;

/** The key of a workflow's attention mark; the shard comes from the id. */
export function attentionKey(workflow_id: string): { readonly pk: string; readonly sk: string } {
  let hash = 0;
  for (const character of workflow_id) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return { pk: `ATTENTION#${hash % shardCount}`, sk: workflow_id };
}

/**
 * The attention mark of an advance. `first` and `last` are the oldest and newest advance that left it: whoever has paid for his own only may not
 * take away another's, see clearAttention.
 */
export function attentionAction(table: string, { head, event, attention }: Advance): Action[] {
  if (attention === undefined) return [];
  const Key = attentionKey(head.workflow_id);
  if (!attention) return [{ Delete: { TableName: table, Key } }];
  return [
    {
      Update: {
        TableName: table,
        Key,
        UpdateExpression: 'SET #first = if_not_exists(#first, :seq), #last = :seq, #at = :at',
        ExpressionAttributeNames: { '#first': 'first', '#last': 'last', '#at': 'at' },
        ExpressionAttributeValues: { ':seq': head.seq, ':at': event.at },
      },
    },
  ];
}

async function attention(db: Database, limit: number): Promise<AttentionMark[]> {
  const shards = await Promise.all(
    Array.from({ length: shardCount }, (_, shard) =>
      queryItems(
        db,
        {
          KeyConditionExpression: 'pk = :shard',
          ExpressionAttributeValues: { ':shard': `ATTENTION#${shard}` },
          ConsistentRead: true,
        },
        limit,
      ),
    ),
  );
  return shards.flat().map((item: Item) => ({ workflow_id: item['sk'] as string, at: item['at'] as string }));
}

/** The marks of workflows that owe somebody a step. */
export function attentionMarks(db: Database): Pick<WorkflowStore, 'attention' | 'clearAttention'> {
  return {
    attention: (limit) => attention(db, limit),
    clearAttention: async (workflow_id, { from, to }) => {
      await isApplied(
        db.client.send(
          new DeleteCommand({
            TableName: db.table,
            Key: attentionKey(workflow_id),
            // only my marks: one that an older or newer advance left is a step that somebody still owes.
            ConditionExpression: '#first >= :from AND #last <= :to',
            ExpressionAttributeNames: { '#first': 'first', '#last': 'last' },
            ExpressionAttributeValues: { ':from': from, ':to': to },
          }),
        ),
      );
    },
  };
}
