import { describe, expect, it } from '@jest/globals';
import type { ContextAnswer } from '../../../src/contracts/context/operations.ts';
import { cachingContexts } from '../../../src/sdk/contexts/context-cache.ts';
import type { ContextCalls } from '../../../src/sdk/client/context-calls.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';
import { drivenContexts } from '../../support/driven-contexts.ts';

const context_id = 'project/alpha';

/** Documents with and without a memory in front of them, and what was asked through it. */
function stage(options: Parameters<typeof cachingContexts>[2] = {}) {
  const cloud = createTestCloud();
  const direct = drivenContexts(cloud);
  const asked: string[] = [];
  const sent: string[][] = [];
  const counting = Object.fromEntries(
    Object.entries(direct).map(([name, call]) => [
      name,
      (request: { known_version?: number }) => {
        asked.push(request.known_version === undefined ? name : `${name} unless ${String(request.known_version)}`);
        const answer = (call as (request: unknown) => Promise<unknown>)(request);
        return name === 'batch' ? answer.then((given) => noteSent(given as ContextAnswer<'batch'>)) : answer;
      },
    ]),
  ) as unknown as ContextCalls;
  const noteSent = (answer: ContextAnswer<'batch'>) => {
    sent.push(answer.items.flatMap((item) => (item.ok ? [item.value.context_id] : [])));
    return answer;
  };
  const { contexts, cache } = cachingContexts(counting, cloud, options);
  const create = (data: string | object) =>
    direct.create({ context_id, context_type: 'knowledge', data: data as never });
  const change = async (data: object) => {
    const answer = await direct.get({ context_id });
    const version = answer.unchanged ? 0 : answer.document.version;
    return direct.put({ context_id, expected_version: version, data: data as never });
  };
  const read = async (version?: number) => {
    const answer = await contexts.get({ context_id, ...(version === undefined ? {} : { version }) });
    return answer.unchanged ? undefined : answer.document.data;
  };
  return { cloud, direct, contexts, cache, asked, sent, create, change, read };
}

describe('the memory of a client', () => {
  it('asks for a body once, then only whether it is still the latest', async () => {
    const { asked, create, change, read, cache } = stage();
    await create({ text: 'one' });
    expect([await read(), await read()]).toEqual([{ text: 'one' }, { text: 'one' }]);
    await change({ text: 'two' });
    expect([await read(), await read()]).toEqual([{ text: 'two' }, { text: 'two' }]);
    expect(asked).toEqual(['get', 'get unless 1', 'get unless 1', 'get unless 2']);
    expect(cache.figures()).toMatchObject({ reads: 4, hits: 2, head_checks: 2, bytes_saved: 28, versions: 2 });
  });

  it('never asks again for a version that was named', async () => {
    const { asked, create, change, read } = stage();
    await create({ text: 'one' });
    await change({ text: 'two' });
    expect([await read(1), await read(1)]).toEqual([{ text: 'one' }, { text: 'one' }]);
    expect(await read()).toEqual({ text: 'two' });
    expect(asked).toEqual(['get', 'get']);
  });

  it('gives copies: a change of one reaches nobody else', async () => {
    const { create, read } = stage();
    await create({ list: [1] });
    await read();
    const mine = (await read()) as unknown as { list: number[] };
    mine.list.push(2);
    expect(await read()).toEqual({ list: [1] });
  });

  it('asks nobody while a document is fresh, unless it was told that the document has changed', async () => {
    const { cloud, asked, create, change, read, contexts } = stage({ freshMs: 60_000 });
    await create({ text: 'one' });
    await read();
    await change({ text: 'two' });
    expect(await read()).toEqual({ text: 'one' });
    await cloud.skip(10_000);
    await contexts.changes({});
    expect(await read()).toEqual({ text: 'two' });
    await cloud.skip(60_000);
    expect(await read()).toEqual({ text: 'two' });
    expect(asked).toEqual(['get', 'changes', 'get', 'get unless 2']);
  });

  it('is not fresh beyond the life of a document', async () => {
    const { cloud, direct, read } = stage({ freshMs: 3_600_000 });
    await direct.create({ context_id, context_type: 'knowledge', data: {}, ttl_ms: 5_000 });
    await read();
    await cloud.skip(6_000);
    await expect(read()).rejects.toMatchObject({ code: 'not-found' });
  });

  it('keeps what it has written, and forgets what it has changed without knowing the result', async () => {
    const { asked, contexts, read } = stage({ freshMs: 60_000 });
    await contexts.create({ context_id, context_type: 'knowledge', data: { text: 'one' } });
    expect(await read()).toEqual({ text: 'one' });
    await contexts.put({ context_id, expected_version: 1, data: { text: 'two' } });
    expect(await read()).toEqual({ text: 'two' });
    await contexts.patch({ context_id, merge_patch: { more: 1 } });
    expect(await read()).toEqual({ text: 'two', more: 1 });
    expect(asked).toEqual(['create', 'put', 'patch', 'get']);
  });

  it('reads again when the caller may see other places than before, and then asks for the head only', async () => {
    const { direct, create, read, cache } = stage();
    await create({ text: 'one', secret: 1 });
    await read();
    const everybody = { to: ['*'], actions: ['read' as const], mask: ['/secret'] };
    const policy = { rules: [everybody, { to: ['admin'], actions: ['admin' as const] }] };
    await direct.guard({ expected_revision: 0, policy });
    expect(await read()).toEqual({ text: 'one' });
    expect(await read()).toEqual({ text: 'one' });
    expect(cache.figures()).toMatchObject({ hits: 1, head_checks: 1, bytes_saved: 14 });
  });

  it('does not keep documents of a registered type, which read differently with its next schema', async () => {
    const { direct, contexts } = stage({ freshMs: 60_000 });
    const define = (expected_version: number, migration?: string) =>
      direct.define({
        context_type: 'note',
        expected_version,
        schema: {},
        ...(migration === undefined ? {} : { migration }),
      });
    await define(0);
    await direct.create({ context_id, context_type: 'note', data: { n: 1 } });
    await contexts.get({ context_id });
    await define(1, '{ "n": n + 1 }');
    expect(await contexts.get({ context_id })).toMatchObject({ document: { data: { n: 2 } } });
  });

  it('reads ahead what is there', async () => {
    const { asked, cache, create, read } = stage();
    await create({ text: 'one' });
    await cache.preload([context_id, 'not/there']);
    expect(await read()).toEqual({ text: 'one' });
    expect(asked).toEqual(['batch', 'get unless 1']);
    expect(cache.figures()).toMatchObject({ reads: 3, hits: 1 });
  });

  it('has of a batch only those documents sent that it does not have, and gives all of them in their order', async () => {
    const { sent, cache, contexts, create, change, direct } = stage();
    await create({ text: 'one' });
    await direct.create({ context_id: 'b', context_type: 'knowledge', data: {} });
    const batch = async (...context_ids: string[]) =>
      (await contexts.batch({ context_ids })).items.map((item) => (item.ok ? item.value.data : item.error.code));
    expect(await batch('b', 'ghost', context_id)).toEqual([{}, 'not-found', { text: 'one' }]);
    expect(await batch('ghost', context_id, 'b')).toEqual(['not-found', { text: 'one' }, {}]);
    await change({ text: 'two' });
    expect(await batch('b', context_id, 'b')).toEqual([{}, { text: 'two' }, {}]);
    expect(sent).toEqual([['b', context_id], [], [context_id]]);
    expect(cache.figures()).toMatchObject({ reads: 8, hits: 3, head_checks: 3 });
  });

  it('asks for no batch of documents that are all fresh', async () => {
    const { asked, contexts, create } = stage({ freshMs: 60_000 });
    await create({ text: 'one' });
    const first = await contexts.batch({ context_ids: [context_id] });
    expect(await contexts.batch({ context_ids: [context_id] })).toEqual(first);
    expect(asked).toEqual(['batch']);
  });

  it('has a document of a batch sent again of which the caller may see other places than before', async () => {
    const { direct, contexts, create } = stage();
    await create({ text: 'one', secret: 1 });
    await contexts.batch({ context_ids: [context_id] });
    const everybody = { to: ['*'], actions: ['read' as const], mask: ['/secret'] };
    const policy = { rules: [everybody, { to: ['admin'], actions: ['admin' as const] }] };
    await direct.guard({ expected_revision: 0, policy });
    expect(await contexts.batch({ context_ids: [context_id] })).toMatchObject({
      items: [{ value: { data: { text: 'one' }, masked: ['/secret'] } }],
    });
  });

  it('keeps no more bytes than it is given', async () => {
    const { contexts, cache, direct } = stage({ bytes: 5_000 });
    for (const name of ['a', 'b', 'c'])
      await direct.create({ context_id: name, context_type: 'knowledge', data: { text: 'x'.repeat(2_000) } });
    for (const name of ['a', 'b', 'c']) await contexts.get({ context_id: name });
    expect(cache.figures().bytes).toBeLessThanOrEqual(5_000);
    expect(cache.figures().versions).toBe(2);
  });
});
