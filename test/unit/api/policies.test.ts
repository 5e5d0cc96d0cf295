import { describe, expect, it } from '@jest/globals';
import { createApp } from '../../../src/api/app.ts';
import type { ApiDeps } from '../../../src/api/ports.ts';
import { taskExplanation } from '../../../src/contracts/distributor/explanation.ts';
import { policyTrial, policyView } from '../../../src/contracts/distributor/policy.ts';
import { distributorStage, task } from '../distributor/stage.ts';

function api() {
  const stage = distributorStage();
  // Policies and explanations need the distributor's ports only.
  const app = createApp(stage.deps as unknown as ApiDeps, { principalOf: () => 'me' });
  const call = async (path: string, body?: unknown) => {
    const post = { method: 'POST', body: JSON.stringify(body) };
    const answer = await app.request(path, body === undefined ? {} : post);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { ...stage, call };
}

describe('the routing policy behind the API', () => {
  it('is empty at first, is put, listed and rolled back', async () => {
    const { call } = api();
    expect((await call('/v1/policy')).body).toEqual({ pool: 'default', version: 0, document: {} });
    const put = await call('/v1/policy', { document: { strategy: 'random' }, expected_version: 0 });
    expect(policyView.parse(put.body)).toMatchObject({ version: 1, by: 'me' });
    await call('/v1/policy', { document: {}, expected_version: 1 });
    const back = await call('/v1/policy/rollback', { version: 1, expected_version: 2 });
    expect(back.body).toMatchObject({ version: 3, document: { strategy: 'random' } });
    const { items } = (await call('/v1/policy/versions?limit=2')).body as { items: { version: number }[] };
    expect(items.map(({ version }) => version)).toEqual([3, 2]);
    const late = await call('/v1/policy', { document: {}, expected_version: 1 });
    expect(late).toMatchObject({ status: 409, body: { code: 'version-conflict' } });
  });

  it('is refused with all its faults, those of its shape and those of its sense', async () => {
    const { call } = api();
    const document = { strategy: 'nobody', colour: 'red' };
    const { status, body } = await call('/v1/policy', { document, expected_version: 0 });
    expect(status).toBe(400);
    expect((body['errors'] as { path: string }[]).map(({ path }) => path)).toEqual(['colour', 'strategy']);
  });

  it('is put for a share of the tasks, shown with the figures of both sides, and promoted', async () => {
    const { call } = api();
    const change = { document: { strategy: 'random' }, expected_version: 0, canary: { share: 0.1 } };
    expect((await call('/v1/policy', { ...change, canary: { share: 1.5, watch: 'luck' } })).status).toBe(400);
    const put = await call('/v1/policy', change);
    expect(policyView.parse(put.body)).toMatchObject({ version: 1, document: {}, canary: { watch: 'success' } });
    expect(policyView.parse((await call('/v1/policy')).body).canary).toMatchObject({
      ...{ document: { strategy: 'random' }, share: 0.1, margin: 0.05, samples: 100 },
      figures: { old: { ended: 0 }, new: { ended: 0 } },
    });
    const promoted = await call('/v1/policy/promote', { expected_version: 1 });
    expect(promoted.body).toMatchObject({ version: 2, document: { strategy: 'random' } });
  });

  it('is tried without being put', async () => {
    const { call, accept, join } = api();
    await join('a');
    await accept(task());
    const { body } = await call('/v1/policy/check', { document: { strategy: 'random' } });
    expect(policyTrial.parse(body)).toEqual({
      warnings: [],
      tasks: [{ task_id: 't1', now: 'a', then: 'a' }],
      moved: 0,
    });
    expect((await call('/v1/policy')).body).toMatchObject({ version: 0 });
  });
});

describe('a trial of a policy', () => {
  const warningsOf = async (document: object): Promise<readonly string[]> => {
    const { call, join } = api();
    await join('a', { capabilities: ['code'], labels: { zone: 'eu' } });
    const { warnings } = policyTrial.parse((await call('/v1/policy/check', { document })).body);
    return warnings.map(({ code, path, message }) => `${code} ${path}: ${message}`);
  };
  const rule = { name: 'r', match: {} };
  const spill = { name: 'rent', waiting_max: 10, then: 'spill' };

  it('warns of agents, labels and capabilities that nobody has', async () => {
    const document = {
      strategies: { shares: { use: 'weighted', weights: { a: 1, gone: 2 } } },
      rules: [
        { ...rule, prefer_agents: ['a', 'b'] },
        { ...rule, name: 's', pin: 'c' },
        { ...rule, name: 't', exclude_agents: ['d'], require_labels: { zone: 'us' } },
      ],
      overflow: [{ ...spill, to: ['code', 'rented'] }],
      emergency: { match: {}, keep_labels: { red: 'yes' } },
    };
    expect(await warningsOf(document)).toEqual([
      'unknown-agent strategies.shares.weights: no agent of the name gone is registered',
      'unknown-agent rules[0].prefer_agents: no agent of the name b is registered',
      'unknown-agent rules[1].pin: no agent of the name c is registered',
      'unknown-agent rules[2].exclude_agents: no agent of the name d is registered',
      'unknown-agent rules[2].require_labels: no registered agent has the labels zone=us',
      'unknown-capability overflow[0].to: no registered agent offers code, rented',
      'unknown-agent emergency.keep_labels: no registered agent has the labels red=yes',
    ]);
  });

  it('says nothing of labels that a rule does not require, where no agent is registered', async () => {
    const { call } = api();
    const { body } = await call('/v1/policy/check', { document: { rules: [{ ...rule, pin: 'a' }] } });
    expect(policyTrial.parse(body).warnings.map(({ path }) => path)).toEqual(['rules[0].pin']);
  });

  it('says nothing of those that are there', async () => {
    const document = {
      strategies: { shares: { use: 'weighted', weights: { a: 1 } } },
      rules: [
        { ...rule, pin: 'a' },
        { ...rule, name: 's', require_labels: { zone: 'eu' } },
      ],
      overflow: [{ ...spill, to: ['code'] }],
      emergency: { match: {}, keep_labels: { zone: 'eu' } },
    };
    expect(await warningsOf(document)).toEqual([]);
  });
});

describe('an explanation behind the API', () => {
  it('is given for a task that is there', async () => {
    const { call, accept } = api();
    await accept(task());
    const { body } = await call('/v1/tasks/t1/explanation');
    expect(taskExplanation.parse(body)).toMatchObject({
      status: 'Queued',
      queued: { would_start: 'an agent registers' },
    });
    expect((await call('/v1/tasks/ghost/explanation')).status).toBe(404);
  });
});
