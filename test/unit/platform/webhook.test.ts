import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { approvalNewsEvent } from '../../../src/contracts/workflow/webhook.ts';
import { storedSecret } from '../../../src/platform/aws/stored-secret.ts';
import { signingKey, storedKey } from '../../../src/platform/aws/workflow/webhook-key.ts';
import { isPublicAddress, webhookPost, webhookUrl } from '../../../src/platform/aws/workflow/webhook-sender.ts';
import { verifyWebhook } from '../../../src/sdk/verify-webhook.ts';
import { sendWebhook, type WebhookDeps } from '../../../src/workflow/usecases/approvals/send-webhook.ts';

const secret = `whsec_${Buffer.from('a secret of 24 bytes or so').toString('base64')}`;
const now = Date.UTC(2026, 0, 1);
const news = approvalNewsEvent.parse({
  'detail-type': 'ApprovalRequested',
  detail: {
    metadata: {
      ...{ id: 'e1', schema_version: '1', correlation_id: 'c', causation_id: 'w' },
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    },
    data: {
      ...{ approval_id: 'w:ok', workflow_id: 'w', node: 'ok', version: 2, title: 'Ship it?', level: 1 },
      ...{ users: ['ann'], groups: [], assignees: [] },
    },
  },
});

type Sent = Parameters<WebhookDeps['post']>;

/** A sender whose receiver answers in turn, and what it sent. */
function sender(...answers: (number | Error)[]) {
  const sent: Sent[] = [];
  const pauses: number[] = [];
  const deps: WebhookDeps = {
    now: () => now + pauses.reduce((sum, ms) => sum + ms, 0),
    sleep: async (ms) => void pauses.push(ms),
    random: () => 0.5,
    key: async () => signingKey('3', secret),
    post: async (...call) => {
      sent.push(call);
      const answer = answers.shift() ?? 200;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { deps, sent, pauses };
}

describe('a webhook', () => {
  it('is proved by its signature, whose time and id nobody can change', async () => {
    const { deps, sent } = sender();
    await sendWebhook(deps, news);
    const [[headers, body] = [{}, '']] = sent;
    const verify = (over: object = {}) => verifyWebhook({ headers, body, secrets: { 3: secret }, now, ...over });
    expect(verify()).toMatchObject({ id: 'e1', event: { type: 'ApprovalRequested', data: { approval_id: 'w:ok' } } });
    const refused = { code: 'unauthenticated' };
    const changed = (name: string, value: string) => ({ headers: { ...headers, [name]: value } });
    for (const over of [
      { body: body.replace('ann', 'eve') },
      changed('webhook-id', 'e2'),
      changed('webhook-timestamp', String(now / 1_000 + 1)),
      changed('webhook-timestamp', 'soon'),
      changed('webhook-signature', 'v1,AAAA'),
      changed('webhook-key-id', 'constructor'),
      { headers: {} },
      { secrets: { 3: `whsec_${Buffer.from('another secret of 24 bytes').toString('base64')}` } },
      { secrets: { 2: secret } },
      { now: now + 5 * 60_000 + 1 },
      { now: now - 5 * 60_000 - 1 },
    ])
      expect(() => verify(over)).toThrow(expect.objectContaining(refused));
  });

  it('is sent again after growing pauses, with the same id and a time of its own', async () => {
    const { deps, sent, pauses } = sender(503, new Error('reset'));
    await sendWebhook(deps, news);
    expect(pauses).toEqual([1_000, 4_000]);
    expect(sent.map(([headers]) => [headers['webhook-id'], headers['webhook-timestamp']])).toEqual([
      ['e1', String(now / 1_000)],
      ['e1', String(now / 1_000 + 1)],
      ['e1', String(now / 1_000 + 5)],
    ]);
  });

  it('that nobody takes is left to whoever invoked: at once where the receiver refuses it', async () => {
    const down = sender(503, 429, 500);
    await expect(sendWebhook(down.deps, news)).rejects.toMatchObject({ code: 'unavailable' });
    expect(down.sent).toHaveLength(3);
    for (const status of [400, 302]) {
      const refusing = sender(status);
      await expect(sendWebhook(refusing.deps, news)).rejects.toThrow(String(status));
      expect(refusing.sent).toHaveLength(1);
    }
  });

  it('goes nowhere but to public addresses over https, unless the cloud is local', () => {
    for (const bad of [
      'http://hooks.example',
      'https://127.0.0.1',
      'https://169.254.169.254/',
      'https://[fd00::1]/',
      'https://0x7f000001/',
    ])
      expect(() => webhookUrl(bad, false)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    expect(webhookUrl('http://127.0.0.1:1/', true).port).toBe('1');
    expect(webhookUrl('https://hooks.example/x', false).href).toBe('https://hooks.example/x');
    for (const address of [
      '10.1.2.3',
      '172.31.0.1',
      '192.168.0.1',
      '100.64.0.1',
      '::',
      '::1',
      'fe80::1',
      '::ffff:10.0.0.1',
      '64:ff9b::a00:1',
      '2002:a00:1::',
      'name',
    ])
      expect([address, isPublicAddress(address)]).toEqual([address, false]);
    for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111'])
      expect([address, isPublicAddress(address)]).toEqual([address, true]);
  });

  it('does not connect to a name of this machine', async () => {
    await expect(webhookPost(new URL('https://localhost:1/'), false)({}, '')).rejects.toMatchObject({
      code: 'forbidden',
    });
  });

  it('is signed with the newest version of the secret, which is looked up again after a while', async () => {
    let version = 3;
    let at = now;
    const ssm = { send: async () => ({ Parameter: { Version: version, Value: secret } }) } as unknown as SSMClient;
    const key = storedKey(storedSecret('/cadre/webhook-secret', () => at, ssm));
    expect((await key()).id).toBe('3');
    version = 4;
    expect((await key()).id).toBe('3');
    at += 5 * 60_000;
    expect((await key()).id).toBe('4');
    expect(() => signingKey('1', 'whsec_c2hvcnQ=')).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });
});

describe('the post of a webhook', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  it('carries headers and body, and answers with the status', async () => {
    const heard: { request: IncomingMessage; body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        heard.push({ request, body });
        response.writeHead(302, { location: 'http://elsewhere.example/' }).end('more than anybody reads');
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = webhookUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, true);
    expect(await webhookPost(url, true)({ 'webhook-id': 'e1' }, '{"a":1}')).toBe(302);
    expect(heard).toMatchObject([{ body: '{"a":1}', request: { url: '/hook', method: 'POST' } }]);
    expect(heard[0]?.request.headers['webhook-id']).toBe('e1');
  });
});
