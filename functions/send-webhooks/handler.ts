import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from '../../src/contracts/parse.ts';
import { approvalNewsEvent } from '../../src/contracts/workflow/webhook.ts';
import { functionLog, type Log } from '../../src/platform/aws/log.ts';
import { storedSecret } from '../../src/platform/aws/stored-secret.ts';
import { storedKey } from '../../src/platform/aws/workflow/webhook-key.ts';
import { webhookPost, webhookUrl } from '../../src/platform/aws/workflow/webhook-sender.ts';
import { sendWebhook, type WebhookDeps } from '../../src/workflow/usecases/approvals/send-webhook.ts';

/** Invoked by the bus for what happens to approvals. A throw lets Lambda try twice more, then the event is a dead letter. */
export function createHandler(deps: WebhookDeps, log: Log) {
  return async (event: unknown): Promise<void> => {
    const news = parse(approvalNewsEvent, event);
    await sendWebhook(deps, news);
    log.info('done', { id: news.detail.metadata.id, approval_id: news.detail.data.approval_id });
  };
}

/** Made once per container: the secret is kept for a while. */
function awsDeps(env: NodeJS.ProcessEnv): WebhookDeps {
  const isLocal = env['AWS_ENDPOINT_URL'] !== undefined;
  const now = () => Date.now();
  return {
    now,
    sleep: (ms) => sleep(ms),
    random: () => Math.random(),
    key: storedKey(storedSecret(env['WEBHOOK_SECRET'] ?? '', now)),
    post: webhookPost(webhookUrl(env['WEBHOOK_URL'] ?? '', isLocal), isLocal),
  };
}

const log = functionLog('send-webhooks');
let deps: WebhookDeps | undefined;
export const handler = (event: unknown) => createHandler((deps ??= awsDeps(process.env)), log)(event);
