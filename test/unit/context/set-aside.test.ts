import { describe, expect, it } from '@jest/globals';
import { entryOf, packEntry, termBytesMax } from '../../../src/context/core/search/entry.ts';
import { indexedCharactersMax } from '../../../src/context/core/search/tokens.ts';
import { flushedEntries } from '../../../src/context/core/search/compaction.ts';
import type { SearchDeps } from '../../../src/context/index-ports.ts';
import type { ContextRequest } from '../../../src/contracts/context/operations.ts';
import { indexDocuments } from '../../../src/context/usecases/search/index-documents.ts';
import { sweepNamespace } from '../../../src/context/usecases/lifecycle/sweep-namespace.ts';
import { runContextOperation } from '../../../src/context/usecases/operations.ts';
import { contextStage } from './stage.ts';

const namespace = 'default';
const minute = 61_000;

/** A stage whose bodies and embedder can be broken, and that counts what is embedded. */
async function brokenStage() {
  const stage = contextStage();
  const { deps } = stage;
  const broken = { bodies: new Set<string>(), words: new Set<string>(), read: 0, embedded: 0 };
  const warned: Record<string, unknown>[] = [];
  const index = await deps.indexes();
  const own: SearchDeps = {
    ...deps,
    log: { warn: (_, details) => void warned.push(details) },
    documents: {
      ...deps.documents,
      latest: async (key) => {
        broken.read += 1;
        if (broken.bodies.has(key.context_id)) throw new Error('NoSuchKey');
        return deps.documents.latest(key);
      },
    },
    indexes: async () => ({
      ...index,
      embedders: {
        model: index.embedders.model,
        of: (model) => {
          const embedder = index.embedders.of(model);
          return (
            embedder && {
              model,
              embed: async (texts) => {
                const word = [...broken.words].find((each) => texts.some((text) => text.includes(each)));
                if (word !== undefined) throw new Error(`refused: ${word}`);
                broken.embedded += texts.length;
                return embedder.embed(texts);
              },
            }
          );
        },
      },
    }),
  };
  const search = async (request: ContextRequest<'search'>) => {
    const caller = { principal: 'alice', correlation_id: 'story' };
    const answer = await runContextOperation(own, caller, 'search', JSON.stringify(request));
    return (answer as { items: { context_id: string; excerpt: string }[] }).items.map(({ context_id }) => context_id);
  };
  const write = async (context_id: string, body: string, tags: string[] = []) => {
    stage.clock.now += 1;
    await stage.call('create', { context_id, context_type: 'knowledge', data: { body }, tags });
  };
  return { ...stage, own, broken, warned, search, write };
}

describe('the entry of a document', () => {
  it('fits into a row, whatever the text is, and keeps its labels', () => {
    const characters = Array.from({ length: indexedCharactersMax }, (_, at) =>
      String.fromCodePoint(0x4e00 + ((at * 7919 + ((at * at) % 6007)) % 20_000)),
    );
    const entry = entryOf({ id: 'han', version: 1, updated_at: 0, text: characters.join(''), labels: ['tag:long'] });
    expect(packEntry(entry).length).toBeLessThan(termBytesMax + 1_024);
    expect(entry.terms.size).toBeGreaterThan(20_000);
    expect(entry.terms.has('tag:long')).toBe(true);
    expect(entry.terms.has(`${characters[0]!}${characters[1]!}`)).toBe(true);
  });
});

describe('a document that cannot be indexed whole', () => {
  it('holds up no other one, is found by its tags, and by its words once it can be read', async () => {
    const { own, broken, warned, clock, search, write } = await brokenStage();
    await write('bad', 'an odd walrus', ['urgent']);
    await write('good', 'an even walrus');
    broken.bodies.add('bad');
    expect(await search({ text: 'walrus', mode: 'text' })).toEqual(['good']);
    expect(await search({ text: 'bad', mode: 'text', tags: ['urgent'] })).toEqual(['bad']);
    expect(await search({ text: 'walrus' })).toContain('good');
    expect(warned[0]).toMatchObject({ context_id: 'bad', reason: 'Error: NoSuchKey', tries: 1 });
    clock.now += minute;
    expect(await search({ text: 'walrus', mode: 'text' })).toEqual(['good']);
    expect(warned.find(({ tries }) => tries === 2)).toMatchObject({ context_id: 'bad' });
    broken.bodies.clear();
    clock.now += 2 * minute;
    expect((await search({ text: 'walrus', mode: 'text' })).sort()).toEqual(['bad', 'good']);
    const { index } = await own.indexes();
    expect(await index.asides(namespace, clock.now + 1e9, 10)).toEqual([]);
  });

  it('is found by its words when only its vector is missing, and by likeness later', async () => {
    const { broken, clock, search, write } = await brokenStage();
    for (let at = 0; at < 12; at += 1) await write(`good/${at}`, `an even walrus ${at}`);
    await write('bad', 'a poisoned zebra');
    broken.words.add('poisoned');
    expect((await search({ text: 'zebra', mode: 'text' }))[0]).toBe('bad');
    expect(await search({ text: 'walrus', mode: 'vector', limit: 50 })).toHaveLength(12);
    expect((await search({ text: 'zebra' }))[0]).toBe('bad');
    broken.words.clear();
    clock.now += minute;
    expect((await search({ text: 'a poisoned zebra', mode: 'vector' }))[0]).toBe('bad');
  });

  it('is found by words alone while the embedder refuses everything', async () => {
    const { broken, search, write } = await brokenStage();
    broken.words.add('');
    for (let at = 0; at < 30; at += 1) await write(`many/${at}`, `walrus number ${at}`);
    expect(await search({ text: 'walrus', limit: 50 })).toHaveLength(30);
    await expect(search({ text: 'walrus', mode: 'vector' })).rejects.toThrow('refused');
  });

  it('takes the place of its poor entry even when that is in a segment', async () => {
    const { own, broken, clock, search, write } = await brokenStage();
    broken.bodies.add('bad');
    await write('bad', 'an odd zebra');
    const ids = ['bad'];
    for (let at = 0; at < flushedEntries; at += 1) {
      await write(`good/${at}`, `an even walrus ${at}`);
      ids.push(`good/${at}`);
    }
    await indexDocuments(own, namespace, ids);
    broken.bodies.clear();
    clock.now += 2 * minute;
    for (let round = 0; round < 4; round += 1) {
      const names = Array.from({ length: flushedEntries }, (_, at) => `more/${round}/${at}`);
      for (const name of names) await write(name, 'filler');
      await indexDocuments(own, namespace, names);
    }
    expect((await search({ text: 'zebra', mode: 'text' }))[0]).toBe('bad');
  });

  it('is set aside by a rebuild too', async () => {
    const { own, broken, warned, call, clock, search, write } = await brokenStage();
    await write('bad', 'an odd walrus');
    await write('good', 'an even walrus');
    await search({ text: 'walrus' });
    broken.bodies.add('bad');
    await call('reindex', {});
    await sweepNamespace(own, namespace);
    expect(await search({ text: 'even', mode: 'text' })).toEqual(['good']);
    expect(warned).toContainEqual(expect.objectContaining({ context_id: 'bad', tries: 1 }));
    broken.bodies.clear();
    clock.now += minute;
    expect(await search({ text: 'odd', mode: 'text' })).toEqual(['bad']);
  });
});

describe('catching up', () => {
  it('reads nothing again that has become a segment', async () => {
    const { own, broken, clock, write } = await brokenStage();
    const ids = Array.from({ length: flushedEntries }, (_, at) => `many/${at}`);
    await indexDocuments(own, namespace, []);
    clock.now += 30_000;
    for (const id of ids) await write(id, 'walrus');
    await indexDocuments(own, namespace, ids);
    expect(broken).toMatchObject({ read: flushedEntries, embedded: flushedEntries });
    await write('lost', 'walrus');
    clock.now += 2 * minute;
    await indexDocuments(own, namespace, []);
    expect(broken).toMatchObject({ read: flushedEntries + 1, embedded: flushedEntries + 1 });
  });
});
