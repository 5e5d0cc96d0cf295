import { describe, expect, it } from '@jest/globals';
import { operations } from '../../../src/contracts/operations.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';

const definition = (task_type: string) => ({ name: 'release', nodes: [{ name: 'ship', task_type }] });

async function stage() {
  const { client, drive } = createTestCloud();
  const { definitions } = client;
  await drive(definitions.register(definition('by-hand')));
  await drive(definitions.register(definition('by-robot')));
  return { client, drive, definitions };
}

describe('the registry over HTTP', () => {
  it('answers as its contract says', async () => {
    const { client, drive } = await stage();
    const answers = {
      listDefinitions: await drive(client.definitions.list()),
      getDefinition: await drive(client.definitions.get('release')),
      getDefinitionVersion: await drive(client.definitions.version('release', 1)),
      deprecateDefinition: await drive(client.definitions.deprecate('release', 2, 'it breaks')),
      registerDefinition: await drive(client.definitions.register(definition('by-robot'))),
    };
    for (const [id, answer] of Object.entries(answers))
      expect(operations.find((each) => each.id === id)?.answer?.parse(answer)).toEqual(answer);
    expect(answers).toMatchObject({
      listDefinitions: { items: [{ name: 'release', latest: 2 }] },
      getDefinition: { latest: 2, versions: [{ definition: 'release@1' }, { definition: 'release@2' }] },
      getDefinitionVersion: { version: 1, body: { nodes: [{ name: 'ship', task_type: 'by-hand' }] } },
      registerDefinition: { version: 2, deprecated: { reason: 'it breaks' } },
    });
    expect(await drive(client.definitions.get('release'))).toMatchObject({ latest: 1 });
  });

  it('runs, migrates and schedules by name', async () => {
    const { client, drive } = await stage();
    const handle = await drive(client.run('release@1'));
    expect(handle.workflow_id).toMatch(/^release-/);
    expect(handle.submitted).toMatchObject({ name: 'release', definition: 'release@1' });
    await expect(drive(handle.migrate('release@latest', { dryRun: true }))).rejects.toMatchObject({
      code: 'incompatible-definition',
    });
    const schedule = { schedule_id: 'nightly', every_ms: 60_000, definition: 'release@latest' };
    expect(await drive(client.createSchedule(schedule))).toMatchObject({ name: 'release@latest' });
  });

  it('says what is not there, and lists the faults of what cannot be registered', async () => {
    const { client, drive, definitions } = await stage();
    await expect(drive(definitions.version('release', 3))).rejects.toMatchObject({ code: 'unknown-definition' });
    await expect(drive(definitions.get('other'))).rejects.toMatchObject({ code: 'unknown-definition' });
    await expect(drive(client.run('release@9'))).rejects.toMatchObject({
      code: 'unknown-definition',
      faults: [{ path: 'definition', fix: expect.any(String) }],
    });
    const wrong = { name: 'release', nodes: [{ name: 'a', task_type: 't', depends_on: ['b'], retries: 3 }] };
    await expect(drive(definitions.register(wrong))).rejects.toMatchObject({
      faults: [{ path: 'definition.nodes[0].retries' }, { path: 'definition.nodes[0].depends_on[0]' }],
    });
  });
});
