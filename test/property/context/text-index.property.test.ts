import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { IndexView } from '../../../src/context/core/search/candidates.ts';
import { entryOf, type IndexEntry, packEntry, tombstone, unpackEntry } from '../../../src/context/core/search/entry.ts';
import { passes, type Filter } from '../../../src/context/core/search/filter.ts';
import { hashedEmbedding, hashedModel } from '../../../src/context/core/search/hashed-embedding.ts';
import { mergeSegments } from '../../../src/context/core/search/merge-segments.ts';
import { quantise } from '../../../src/context/core/search/quantise.ts';
import { searchText, type TextQuestion } from '../../../src/context/core/search/search-text.ts';
import { searchVectors } from '../../../src/context/core/search/search-vectors.ts';
import { segmentOf } from '../../../src/context/core/search/write-segment.ts';
import { opened, shown, viewOf } from './search-stage.ts';

const word = fc.constantFrom(
  'lease',
  'token',
  'agent',
  'queue',
  'pulse',
  '東京大学',
  'Café',
  'getUserById',
  '😀x',
  'retry',
);
const label = fc.constantFrom('type:knowledge', 'type:decision_log', 'tag:urgent', 'path:a/', 'path:a/b/');

const document = fc.record({
  text: fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
  labels: fc.uniqueArray(label, { maxLength: 3 }),
  updated_at: fc.integer({ min: 0, max: 20 }).map((seconds) => seconds * 1000),
});

/** Documents with distinct ids; some ids begin alike, as paths do. */
const entries = fc
  .array(document, { maxLength: 40 })
  .map((list) =>
    list.map(({ text, ...rest }, at) =>
      entryOf({ id: `project/${at % 7}/${at}`, version: 1, text, vector: quantise(hashedEmbedding(text)), ...rest }),
    ),
  );
const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 4 });
const filter: fc.Arbitrary<Filter> = fc.record(
  {
    labels: fc.array(fc.uniqueArray(label, { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
    from: fc.integer({ min: 0, max: 20 }).map((seconds) => seconds * 1000),
    to: fc.integer({ min: 0, max: 20 }).map((seconds) => seconds * 1000),
  },
  { requiredKeys: ['labels'] },
);
const tokens = fc.array(fc.constantFrom('leas', 'token', 'agent', '東京', 'cafe', 'user', 'nobody'), { maxLength: 4 });

const ranked = async (view: IndexView, question: TextQuestion) => (await searchText(view, question)).candidates;

describe('the text index', () => {
  it('gives an entry back as it was packed', () => {
    fc.assert(
      fc.property(entries, (list) => {
        for (const entry of list) {
          expect(unpackEntry(entry.id, entry.version, packEntry(entry))).toEqual(entry);
        }
      }),
    );
  });

  it('answers alike however the documents are spread over segments and recent entries', async () => {
    await fc.assert(
      fc.asyncProperty(entries, sizes, sizes, tokens, filter, async (list, one, other, words, passing) => {
        const question = { tokens: words, filter: passing, limit: 100 };
        const expected = shown(await ranked(viewOf(list, one), question));
        expect(shown(await ranked(viewOf(list, other), question))).toEqual(expected);
      }),
    );
  });

  it('finds exactly the documents that pass the filter and have a token of the question', async () => {
    await fc.assert(
      fc.asyncProperty(entries, sizes, tokens, filter, async (list, parts, words, passing) => {
        const found = await ranked(viewOf(list, parts), { tokens: words, filter: passing, limit: 100 });
        const expected = list.filter(
          (entry) => passes(entry, passing) && words.some((token) => entry.terms.has(token)),
        );
        expect(found.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
        const { scoreOf } = await searchText(viewOf(list, parts), { tokens: words, filter: passing, limit: 100 });
        for (const { id, score } of found) {
          expect(scoreOf(list.find((entry) => entry.id === id)!)).toBeCloseTo(score, 3);
        }
      }),
    );
  });

  it('answers alike before and after a merge', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 0, max: 40 }), tokens, filter, async (list, cut, words, passing) => {
        const parts = [list.slice(0, cut), list.slice(cut)].map((part) => segmentOf('part', part, hashedModel));
        const merged = mergeSegments('merged', parts, { keepTombstones: false, model: hashedModel });
        const text = { tokens: words, filter: passing, limit: 100 };
        const vector = { vector: hashedEmbedding(words.join(' ')), model: hashedModel, filter: passing, limit: 100 };
        const before = { segments: parts.map(opened), recent: [] };
        const after = { segments: [opened(merged)], recent: [] };
        expect(shown(await ranked(after, text))).toEqual(shown(await ranked(before, text)));
        expect(shown(await searchVectors(after, vector))).toEqual(shown(await searchVectors(before, vector)));
      }),
    );
  });

  it('keeps of each document the newest version in a merge, and nothing of what was deleted', async () => {
    const change = fc.record({ id: fc.integer({ min: 0, max: 5 }), deleted: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 30 }), fc.integer({ min: 1, max: 10 }), async (changes, size) => {
        const newest = new Map<string, IndexEntry>();
        const list = changes.map(({ id, deleted }, at): IndexEntry => {
          const entry = deleted
            ? tombstone(`d${id}`, at + 1, 0)
            : entryOf({ id: `d${id}`, version: at + 1, updated_at: 0, text: 'lease', labels: [] });
          newest.set(entry.id, entry);
          return entry;
        });
        const parts = [];
        for (let at = 0; at < list.length; at += size) {
          parts.push(segmentOf('part', list.slice(at, at + size), hashedModel));
        }
        const merged = mergeSegments('merged', parts, { keepTombstones: false, model: hashedModel });
        const question = { tokens: ['leas'], filter: { labels: [] }, limit: 100 };
        const found = await ranked({ segments: [opened(merged)], recent: [] }, question);
        const live = [...newest.values()].filter(({ deleted }) => !deleted);
        expect(found.map(({ id, version }) => `${id} ${version}`).sort()).toEqual(
          live.map(({ id, version }) => `${id} ${version}`).sort(),
        );
        expect(merged.meta.documents).toBe(live.length);
      }),
    );
  });

  it('hides an old version in a segment behind a recent one', async () => {
    const old = entryOf({ id: 'd', version: 1, updated_at: 0, text: 'lease', labels: [] });
    const segments = [opened(segmentOf('old', [old], hashedModel))];
    const question = { tokens: ['leas'], filter: { labels: [] }, limit: 10 };
    const recent = [entryOf({ id: 'd', version: 2, updated_at: 0, text: 'agent', labels: [] })];
    expect(await ranked({ segments, recent: [] }, question)).toHaveLength(1);
    expect(await ranked({ segments, recent }, question)).toEqual([]);
    expect(await ranked({ segments, recent: [tombstone('d', 3, 0)] }, question)).toEqual([]);
  });
});
