import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { verifyWebhook } from '../../src/sdk/verify-webhook.ts';
import { deployedClients, eventually } from '../support/deployed-clients.ts';
import { describeDeployed } from '../support/local-cloud.ts';

interface News {
  readonly type: string;
  readonly data: { readonly approval_id: string; readonly level: number };
}

const escalatedAfterMs = 1_500;

await describeDeployed('approvals on the deployed system', (deployed) => {
  const { api, connection } = deployedClients(deployed);
  const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  let secrets: Record<string, string> = {};

  beforeAll(async () => {
    const ssm = new SSMClient({ ...connection, endpoint: deployed.cloud.endpoint });
    const parameter = { Name: '/cadre/webhook-secret', Type: 'SecureString', Value: secret, Overwrite: true } as const;
    const { Version } = await ssm.send(new PutParameterCommand(parameter));
    secrets = { [String(Version)]: secret };
    ssm.destroy();
    await new Promise<void>((resolve) => receiver.listen(deployed.webhookPort, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => receiver.close(resolve)));

  /** What was told of an approval so far, in the order of its levels; each of it with a signature that holds. */
  const newsOf = (approval_id: string): readonly News[] =>
    received
      .map(({ headers, body }) => verifyWebhook({ headers, body, secrets }).event as News)
      .filter(({ data }) => data.approval_id === approval_id);

  it('go from level to level: whom nobody reaches is passed over in time, and every step is told by a signed webhook', async () => {
    const { principal } = await api.approvals.list();
    const level = (user: string, sla_ms = 60_000) => ({ candidates: { users: [user] }, sla_ms });
    const ship = {
      kind: 'approval' as const,
      name: 'ship',
      title: 'Ship it?',
      levels: [level('nobody-here', escalatedAfterMs), level(principal), level(principal)],
    };
    const handle = await api.run({ name: 'release', nodes: [ship], output: 'outputs.ship' }, undefined, {
      workflow_id: 'local-approved',
    });
    const approval_id = 'local-approved:ship';
    const asked = (wanted: number) =>
      eventually(
        `level ${wanted} is asked`,
        async () => (await api.approvals.list()).items.filter((item) => item.approval_id === approval_id),
        ([item]) => item?.level === wanted,
      );
    await asked(2);
    await api.approvals.claim(approval_id);
    await api.approvals.approve(approval_id, { comment: 'looks fine' });
    await asked(3);
    await api.approvals.approve(approval_id, { comment: 'go' });
    expect(await handle.wait()).toMatchObject({
      status: 'Completed',
      output: {
        decision: 'approved',
        decisions: [
          { level: 1, decision: 'escalated' },
          { level: 2, by: principal, comment: 'looks fine' },
          { level: 3, by: principal, comment: 'go' },
        ],
      },
    });
    const told = await eventually(
      'the decision is told',
      () => newsOf(approval_id).map(({ type }) => type),
      (types) => types.includes('ApprovalDecided'),
    );
    expect(new Set(told)).toEqual(new Set(['ApprovalRequested', 'ApprovalEscalated', 'ApprovalDecided']));
  });

  it('are told by webhooks that nobody can change', () => {
    const { headers, body } = received.at(-1)!;
    expect(() => verifyWebhook({ headers, body: body.replace('ship', 'shop'), secrets })).toThrow();
    expect(() => verifyWebhook({ headers: { ...headers, 'webhook-id': 'other' }, body, secrets })).toThrow();
  });
});
