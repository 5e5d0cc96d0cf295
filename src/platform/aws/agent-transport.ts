import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';

/** The three queue calls of an agent, on SQS. Any client with `send` will do: the twin's has the same shape. */
export function agentQueues(client: Pick<SQSClient, 'send'>) {
  return {
    async receive(
      url: string,
      {
        max,
        waitSeconds,
        signal,
      }: { readonly max: number; readonly waitSeconds: number; readonly signal: AbortSignal },
    ): Promise<readonly { readonly body: string; readonly receipt: string }[]> {
      try {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: max, WaitTimeSeconds: waitSeconds }),
          { abortSignal: signal },
        );
        return Messages.map(({ Body = '', ReceiptHandle = '' }) => ({ body: Body, receipt: ReceiptHandle }));
      } catch (error) {
        if (signal.aborted) return [];
        throw error;
      }
    },

    async remove(url: string, receipts: readonly string[]): Promise<void> {
      const Entries = receipts.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
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
