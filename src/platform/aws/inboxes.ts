import { CreateQueueCommand, DeleteQueueCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Inboxes } from '../../distributor/ports.ts';

/** The prefix that the API's permissions are limited to. */
export const inboxPrefix = 'cadre-inbox-';

/**
 * One queue an agent. An assignment that nobody took within the retention is only a lost hint, its lease has been given to somebody else long before;
 * hence the shortest retention that outlives every lease, and no dead-letter queue.
 */
export function createInboxes(sqs: SQSClient): Inboxes {
  return {
    create: async (agent_id) => {
      const { QueueUrl } = await sqs.send(
        new CreateQueueCommand({
          QueueName: `${inboxPrefix}${agent_id}`,
          Attributes: { MessageRetentionPeriod: '300', VisibilityTimeout: '30', SqsManagedSseEnabled: 'true' },
        }),
      );
      if (QueueUrl === undefined) throw new Error('SQS created a queue without telling its URL');
      return QueueUrl;
    },
    remove: async (inbox_url) => {
      await sqs.send(new DeleteQueueCommand({ QueueUrl: inbox_url })).catch((error: unknown) => {
        // Gone already: what was wanted.
        if (!(error instanceof Error && /NonExistentQueue|QueueDoesNotExist/.test(error.name))) throw error;
      });
    },
  };
}
