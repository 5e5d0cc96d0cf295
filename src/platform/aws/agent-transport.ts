import { ReceiveMessageCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** The queue calls of an agent, on SQS. Any client with `send` will do: the twin's has the same shape. */
export function agentQueues(client: Pick<SQSClient, 'send'>) {
  return {
    async receive(
      url: string,
      {
        max,
        waitSeconds,
        signal,
      }: { readonly max: number; readonly waitSeconds: number; readonly signal: AbortSignal },
    ): Promise<readonly { readonly body: string }[]> {
      try {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: max, WaitTimeSeconds: waitSeconds }),
          { abortSignal: signal },
        );
        return Messages.map(({ Body = '' }) => ({ body: Body }));
      } catch (error) {
        if (signal.aborted) return [];
        throw error;
      }
    },

    async send(
      url: string,
      messages: readonly { readonly body: string; readonly group?: string; readonly deduplication?: string }[],
    ): Promise<readonly number[]> {
      const Entries = messages.map(({ body, group, deduplication }, index) => ({
        Id: String(index),
        MessageBody: body,
        ...(group === undefined ? {} : { MessageGroupId: group }),
        ...(deduplication === undefined ? {} : { MessageDeduplicationId: deduplication }),
      }));
      const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
      return Failed.map(({ Id }) => Number(Id));
    },
  };
}
