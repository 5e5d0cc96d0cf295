/** A worker of the Step Functions baseline as a process: takes ten messages at a time, answers their tokens at once, deletes them in one call. */
import { SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { awsClients } from '../../src/platform/aws/runtime.ts';
import type { AgentReport } from './local-stage.ts';

const { queueUrl: QueueUrl } = JSON.parse(process.argv[2] ?? '{}') as { readonly queueUrl: string };
const { sqs, sfn } = awsClients();

process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true } satisfies AgentReport);
for (;;) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 }),
  );
  if (Messages.length === 0) continue;
  await Promise.all([
    ...Messages.map(({ Body = '{}' }) => {
      const { task_token: taskToken } = JSON.parse(Body) as { task_token: string };
      return sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{"ok":true}' }));
    }),
    sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    ),
  ]);
}
