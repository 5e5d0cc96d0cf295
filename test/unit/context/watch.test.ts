import { describe, expect, it } from '@jest/globals';
import { watchedPlacesMax, watchersMax } from '../../../src/contracts/limits.ts';
import type { InboxMessage } from '../../../src/contracts/messages.ts';
import { runContextOperation } from '../../../src/context/usecases/operations.ts';
import { tellWatchers } from '../../../src/context/usecases/tell-watchers.ts';
import { contextStage } from './stage.ts';

/** Agents by their ids with their principals, and what was sent to their inboxes. */
function stage(agents: Map<string, string>) {
  const { deps, ...rest } = contextStage();
  const sent: { readonly inbox_url: string; readonly message: InboxMessage }[] = [];
  const watching = {
    ...deps,
    agents: {
      get: async (_pool: string, id: string) => {
        const principal = agents.get(id);
        return principal === undefined ? undefined : { principal, inbox_url: `inbox-of-${id}` };
      },
    },
    messenger: { ...deps.messenger, send: async (messages: typeof sent) => void sent.push(...messages) },
  };
  const watch = (principal: string, agent_id: string, ...under: string[]) =>
    runContextOperation(watching, { principal, correlation_id: 's' }, 'watch', JSON.stringify({ agent_id, under }));
  const tell = async (context_id: string) => {
    sent.length = 0;
    await tellWatchers(watching, { namespace: 'default', context_id });
    return sent.map(({ inbox_url }) => inbox_url);
  };
  return { ...rest, documents: deps.documents, watch, tell, sent };
}

const knowledge = { context_type: 'knowledge', data: { title: 'one' } } as const;

describe('a watch', () => {
  it('has changes at and below its places told to the inbox, as the document is now', async () => {
    const { call, watch, tell, sent } = stage(new Map([['a', 'alice']]));
    await watch('alice', 'a', 'p/q', 'other');
    for (const context_id of ['p/q', 'p/q/r', 'p/qr', 'p']) await call('create', { context_id, ...knowledge });
    expect(await tell('p/qr')).toEqual([]);
    expect(await tell('p')).toEqual([]);
    expect(await tell('p/nothing')).toEqual([]);
    expect(await tell('p/q')).toEqual(['inbox-of-a']);
    await call('put', { context_id: 'p/q/r', expected_version: 1, data: {} });
    await call('delete', { context_id: 'p/q/r', expected_version: 2 });
    expect(await tell('p/q/r')).toEqual(['inbox-of-a']);
    expect(sent[0]?.message).toEqual({
      ...{ kind: 'changed', namespace: 'default', context_id: 'p/q/r', context_type: 'knowledge' },
      ...{ version: 3, at: '2026-11-23T10:00:00.000Z', by: 'alice', deleted: true },
    });
  });

  it('tells nobody of what he may not read', async () => {
    const { call, watch, tell } = stage(
      new Map([
        ['a', 'alice'],
        ['b', 'bob'],
      ]),
    );
    await watch('alice', 'a', 'p');
    await watch('bob', 'b', 'p');
    await call('create', { context_id: 'p/q', ...knowledge });
    expect(await tell('p/q')).toEqual(['inbox-of-a', 'inbox-of-b']);
    const rules = [{ to: ['alice'], actions: ['read' as const] }];
    await call('create', { context_id: 'p/r', ...knowledge, access_policy: { rules } });
    expect(await tell('p/r')).toEqual(['inbox-of-a']);
  });

  it('takes the place of the one before, and ends with none, or with its agent', async () => {
    const agents = new Map([['a', 'alice']]);
    const { call, watch, tell, documents } = stage(agents);
    for (const context_id of ['p', 'q']) await call('create', { context_id, ...knowledge });
    await watch('alice', 'a', 'p');
    await watch('alice', 'a', 'q');
    expect([await tell('p'), await tell('q')]).toEqual([[], ['inbox-of-a']]);
    await watch('alice', 'a');
    expect(await tell('q')).toEqual([]);
    await watch('alice', 'a', 'q');
    agents.clear();
    expect(await tell('q')).toEqual([]);
    expect(await documents.watchers('default')).toEqual([]);
  });

  it('is for the principal of the agent only, and for so many agents and places', async () => {
    const agents = new Map([['a', 'alice']]);
    const { watch } = stage(agents);
    await expect(watch('alice', 'nobody', 'p')).rejects.toMatchObject({ code: 'not-found', path: 'agent_id' });
    await expect(watch('bob', 'a', 'p')).rejects.toMatchObject({ code: 'forbidden', path: 'agent_id' });
    const places = Array.from({ length: watchedPlacesMax + 1 }, (_, at) => `p/${String(at)}`);
    await expect(watch('alice', 'a', ...places)).rejects.toMatchObject({ code: 'invalid-input' });
    for (let at = 0; at < watchersMax; at += 1) {
      agents.set(`w${String(at)}`, 'alice');
      await watch('alice', `w${String(at)}`, 'p');
    }
    await expect(watch('alice', 'a', 'p')).rejects.toMatchObject({ code: 'too-large', path: 'agent_id' });
    await watch('alice', 'w1', 'q');
  });
});
