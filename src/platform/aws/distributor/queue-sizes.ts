import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { QueueView } from '../../../contracts/distributor/agent.ts';
import { priorities, type Priority } from '../../../contracts/distributor/task.ts';

function typeOf(name: string, url: string): QueueView['type'] {
  if (/dlq|dead/.test(name)) return 'dead-letter';
  return url.endsWith('.fifo') ? 'fifo' : 'standard';
}

function levelOf(name: string): Priority | 'all' {
  return priorities.find((level) => name.split('-').includes(level)) ?? 'all';
}

/** How full the deployment's queues are, by SQS's approximate counts: waiting and delayed messages, not those in somebody's hands. */
export function createQueueSizes(sqs: Pick<SQSClient, 'send'>, urls: Readonly<Record<string, string>>) {
  const size = async (url: string): Promise<number | undefined> => {
    try {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl: url,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesDelayed'],
        }),
      );
      return (
        Number(Attributes?.ApproximateNumberOfMessages ?? 0) +
        Number(Attributes?.ApproximateNumberOfMessagesDelayed ?? 0)
      );
    } catch (error) {
      // An inbox may be removed between the reading of its agent and this call.
      if (error instanceof Error && /NonExistentQueue|QueueDoesNotExist/.test(error.name)) return undefined;
      throw error;
    }
  };
  return {
    async list(inboxes: readonly { readonly agent_id: string; readonly url: string }[]): Promise<readonly QueueView[]> {
      const known = Object.entries(urls).map(([name, url]) => ({
        id: name,
        url,
        type: typeOf(name, url),
        level: levelOf(name),
      }));
      const personal = inboxes.map(({ agent_id, url }) => ({
        id: `inbox-${agent_id}`,
        url,
        type: 'inbox' as const,
        level: 'all' as const,
      }));
      const views = await Promise.all(
        [...known, ...personal].map(async ({ id, url, type, level }): Promise<QueueView[]> => {
          const current_size = await size(url);
          return current_size === undefined ? [] : [{ id, type, current_size, max_size: 0, priority_level: level }];
        }),
      );
      return views.flat();
    },
  };
}
