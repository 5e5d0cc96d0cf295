import { describe, expect, it } from '@jest/globals';
import type { DocumentChange } from '../../../src/contracts/messages.ts';
import type { HandlerContext } from '../../../src/sdk/agent/handler.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';
import { drivenContexts } from '../../support/driven-contexts.ts';

const context_id = 'project/alpha';
const hourMs = 3_600_000;

describe('an agent that watches documents', () => {
  it.each(['sqs', 'http'] as const)(
    'hears of changes by its inbox, and asks for what it has kept of them (%s)',
    async (transport) => {
      const cloud = createTestCloud({ seed: 5 });
      const contexts = drivenContexts(cloud);
      const heard: DocumentChange[] = [];
      const read = new Map<string, unknown[]>();
      const agentOf = (id: string) => ({
        ...{ id, transport, capabilities: [id], contextCache: { freshMs: hourMs } },
        handler: async (_task: unknown, { contexts: own }: HandlerContext) => {
          const answer = await own.get({ context_id });
          read.set(id, [...(read.get(id) ?? []), answer.unchanged ? 'unchanged' : answer.document.version]);
        },
      });
      await cloud.addAgent({
        ...agentOf('watching'),
        watch: [{ under: 'project' }],
        onChange: (change) => {
          heard.push(change);
          throw new Error('what it fails with harms nobody');
        },
      });
      await cloud.addAgent(agentOf('trusting'));
      const work = async (round: number) => {
        for (const capability of ['watching', 'trusting']) {
          const task_id = `${capability}-${String(round)}`;
          const task = { task_id, task_type: 'read', priority: 'low', payload: null } as const;
          await cloud.submit({ ...task, required_capabilities: [capability] });
          await cloud.wait(task_id);
        }
      };
      await contexts.create({ context_id, context_type: 'knowledge', data: {} });
      await contexts.create({ context_id: 'elsewhere', context_type: 'knowledge', data: {} });
      await work(1);
      await contexts.put({ context_id, expected_version: 1, data: { title: 'two' } });
      await cloud.skip(5_000);
      await work(2);
      expect(heard.map(({ version }) => version)).toEqual([1, 2]);
      expect(heard[1]).toMatchObject({ context_id, by: 'user', deleted: false });
      expect(Object.fromEntries(read)).toEqual({ watching: [1, 2], trusting: [1, 1] });
    },
  );
});
