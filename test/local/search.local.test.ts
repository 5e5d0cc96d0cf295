import { expect, it } from '@jest/globals';
import { deployedClients, eventually } from '../support/deployed-clients.ts';
import { describeDeployed } from '../support/local-cloud.ts';

await describeDeployed('a search', (deployed) => {
  const { api } = deployedClients(deployed);

  it('finds a document that was written after the index was looked at, by the hint on the bus', async () => {
    const ask = () => api.contexts.search({ text: 'walrus', mode: 'text', under: 'searched' });
    // It catches up with all changes, and for a minute no question does so again.
    expect((await ask()).items).toEqual([]);
    const data = { body: 'a walrus on the ice' };
    await api.contexts.create({ context_id: 'searched/walrus', context_type: 'knowledge', data });
    const { items } = await eventually('the document is found', ask, (answer) => answer.items.length > 0);
    expect(items).toMatchObject([{ context_id: 'searched/walrus', version: 1 }]);
  });
});
