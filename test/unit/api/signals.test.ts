import { describe, expect, it } from '@jest/globals';
import { workflow } from '../../../src/sdk/workflows/workflow-builder.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';

const definition = workflow('order')
  .event('answer', { events: [{ name: 'paid', key: 'input.order' }], timer: { for_ms: 3_600_000 } })
  .queries({ state: "{ 'answer': nodes.answer.status, 'amount': outputs.answer.data.amount }" })
  .output('outputs.answer')
  .build();

describe('events and queries through the SDK and the API', () => {
  it('reach a workflow that runs: kept, taken, repeated, refused', async () => {
    const { client, drive } = createTestCloud();
    const handle = await drive(client.run(definition, { order: 7 }, { workflow_id: 'order-7' }));
    const send = (key: string, data: number) => drive(handle.signal('paid', { amount: data }, { id: `e-${key}`, key }));
    expect(await send('8', 1)).toMatchObject({ workflow_id: 'order-7', name: 'paid', key: '8', kept: true });
    expect(await drive(handle.get())).toMatchObject({ kept_signals: [{ id: 'e-8', name: 'paid', key: '8' }] });
    await expect(send('8', 2)).rejects.toMatchObject({ code: 'signal-conflict' });
    expect(await send('8', 1)).toMatchObject({ kept: true });
    await drive(client.signalWorkflow('order-7', 'paid', { amount: 40 }, { key: '7' }));
    expect(await drive(handle.wait())).toMatchObject({
      status: 'Completed',
      output: { event: 'paid', data: { amount: 40 } },
    });
    expect(await drive(client.queryWorkflow('order-7', 'state'))).toMatchObject({
      value: { answer: 'Completed', amount: 40 },
    });
    await expect(drive(client.queryWorkflow('order-7', 'other'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(drive(handle.signal('paid'))).rejects.toMatchObject({ code: 'already-finished' });
    await expect(drive(handle.signal('no name'))).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it('reach every workflow that waits for the key, also one that waits later', async () => {
    const { client, drive } = createTestCloud();
    const early = await drive(client.run(definition, { order: 7 }, { workflow_id: 'early' }));
    await drive(client.run(definition, { order: 8 }, { workflow_id: 'other' }));
    const publish = (data: number) => drive(client.publish('paid', '7', { amount: data }, { id: 'e1' }));
    const view = await publish(40);
    expect(view).toMatchObject({ id: 'e1', name: 'paid', key: '7', taken_by: ['early'] });
    expect(await publish(40)).toEqual(view);
    await expect(publish(41)).rejects.toMatchObject({ code: 'signal-conflict' });
    const late = await drive(client.run(definition, { order: 7 }, { workflow_id: 'late' }));
    for (const handle of [early, late])
      expect(await drive(handle.wait())).toMatchObject({ status: 'Completed', output: { data: { amount: 40 } } });
    expect(await drive(client.getWorkflow('other'))).toMatchObject({ status: 'In Progress' });
    await expect(drive(client.publish('no name', '7'))).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(drive(client.publish('paid', '7', null, { ttl_ms: 1 }))).rejects.toMatchObject({
      faults: [{ path: 'ttl_ms' }],
    });
  });

  it('tell nothing new to a node whose time came first', async () => {
    const { client, drive } = createTestCloud();
    const handle = await drive(client.run(definition, { order: 7 }));
    expect(await drive(handle.wait())).toMatchObject({ status: 'Completed', output: { event: null, data: null } });
  });
});
