import {
  ChangeMessageVisibilityBatchCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { CadreError } from '../../../contracts/errors.ts';
import { dataKeySeconds } from '../../topology.ts';
import type { Inboxes } from '../../../distributor/ports.ts';

/** The prefix that the API's permissions are limited to. */
export const inboxPrefix = 'cadre-inbox-';

/**
 * One queue an agent. An assignment that nobody took within the retention is only a lost hint, its lease has been given to somebody else long before;
 * hence the shortest retention there is, and no dead-letter queue. A message stays invisible for longer than it is kept: once received it never comes back, so
 * that an agent need not delete it, which saves a call for every task.
 */
export function createInboxes(sqs: SQSClient, keyArn?: string): Inboxes {
  const encryption: Record<string, string> =
    keyArn === undefined
      ? { SqsManagedSseEnabled: 'true' }
      : { KmsMasterKeyId: keyArn, KmsDataKeyReusePeriodSeconds: String(dataKeySeconds) };
  return {
    create: async (agent_id) => {
      const { QueueUrl } = await sqs
        .send(
          new CreateQueueCommand({
            QueueName: `${inboxPrefix}${agent_id}`,
            Attributes: { MessageRetentionPeriod: '60', VisibilityTimeout: '120', ...encryption },
          }),
        )
        .catch((error: unknown) => {
          // SQS keeps the name of a deleted queue for 60 seconds: whoever comes back that soon is asked to try again.
          if (error instanceof Error && /QueueDeletedRecently/.test(error.name))
            throw new CadreError('unavailable', `the inbox of ${agent_id} was removed less than a minute ago`);
          throw error;
        });
      if (QueueUrl === undefined) throw new Error('SQS created a queue without telling its URL');
      return QueueUrl;
    },
    receive: async (inbox_url, { max, wait_seconds }) => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: inbox_url, MaxNumberOfMessages: max, WaitTimeSeconds: wait_seconds }),
      );
      return Messages.map(({ Body = '', ReceiptHandle = '' }) => ({ body: Body, receipt: ReceiptHandle }));
    },
    putBack: async (inbox_url, receipts) => {
      const Entries = receipts.map((receipt, index) => ({
        Id: String(index),
        ReceiptHandle: receipt,
        VisibilityTimeout: 0,
      }));
      await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: inbox_url, Entries }));
    },
    remove: async (inbox_url) => {
      await sqs.send(new DeleteQueueCommand({ QueueUrl: inbox_url })).catch((error: unknown) => {
        // Gone already: what was wanted.
        if (!(error instanceof Error && /NonExistentQueue|QueueDoesNotExist/.test(error.name))) throw error;
      });
    },
  };
}
