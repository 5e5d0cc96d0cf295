import { describe, expect, it } from '@jest/globals';
import * as Automerge from '@automerge/automerge';
import fc from 'fast-check';
import type { MergeRule } from '../../../src/contracts/context/merge-rules.ts';
import { canonicalJson, type Json } from '../../../src/contracts/json.ts';
import type { ContextCalls } from '../../../src/sdk/client/context-calls.ts';
import { offlineEdits, type OfflineEdits } from '../../../src/sdk/contexts/offline-edits.ts';
import { contextStage } from '../../unit/context/stage.ts';

const id = { context_id: 'd' };
const writers = ['ann', 'ben', 'cyd'] as const;
type Writer = (typeof writers)[number];
type Data = Readonly<Record<string, Json>>;

/** Rules under which the order of changes says nothing. */
const commuting: MergeRule[] = [
  { path: '/count', policy: 'sum' },
  { path: '/best', policy: 'max' },
  { path: '/set', policy: 'union' },
];

/** A step of one writer: it edits, or goes online. `lost`: the answer to its call never came. */
const step = fc.record({
  writer: fc.constantFrom(...writers),
  act: fc.constantFrom('count', 'best', 'set', 'own', 'sync', 'lost', 'online'),
  n: fc.integer({ min: 0, max: 2 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What an edit does, so that it can be done in any order. */
function edited(data: Data, { writer, act, n }: Step, nth: number): Data {
  const set = data['set'] as number[];
  if (act === 'count') return { ...data, count: Number(data['count']) + n };
  if (act === 'best') return { ...data, best: Math.max(Number(data['best']), n) };
  if (act === 'set') return { ...data, set: set.includes(n) ? set : [...set, n] };
  return { ...data, [`${writer}-${String(nth)}`]: n };
}
const isEdit = ({ act }: Step) => ['count', 'best', 'set', 'own'].includes(act);
const sorted = (data: Data): Data => ({ ...data, set: [...(data['set'] as number[])].sort() });
const start: Data = { count: 0, best: 0, set: [] };

async function world(merge: MergeRule[]) {
  const { call, clock } = contextStage();
  await call('create', { ...id, context_type: 'knowledge', data: start, merge });
  const contexts: Pick<ContextCalls, 'get' | 'sync'> = {
    get: (request) => call('get', request),
    sync: (request) => call('sync', request),
  };
  const losing: typeof contexts = {
    ...contexts,
    sync: async (request) => {
      await call('sync', request);
      throw new Error('the answer was lost');
    },
  };
  const queues = new Map<Writer, OfflineEdits>();
  const queueOf = (writer: Writer) => queues.get(writer) as OfflineEdits;
  for (const writer of writers) queues.set(writer, offlineEdits(contexts, { writer }));
  for (const writer of writers) await queueOf(writer).take(id);
  const latest = async () => {
    const answer = await call('get', id);
    if (answer.unchanged) throw new Error('it was asked for whole');
    return answer.document;
  };
  const act = async (each: Step, nth: number) => {
    clock.now += 1;
    const own = queueOf(each.writer);
    if (isEdit(each)) own.edit(id, (data) => edited(data as Data, each, nth));
    if (each.act === 'sync') await own.sync();
    if (each.act === 'lost') {
      await offlineEdits(losing, own.state())
        .sync()
        .catch(() => undefined);
      // It starts again from what it had kept.
      queues.set(each.writer, offlineEdits(contexts, own.state()));
    }
    if (each.act === 'online') {
      const { version } = await latest();
      await call('patch', { ...id, expected_version: version, merge_patch: { [`online-${String(nth)}`]: each.n } });
    }
  };
  const settle = async () => {
    for (const writer of writers) await queueOf(writer).sync();
    for (const writer of writers) await queueOf(writer).take(id);
  };
  return { call, act, settle, latest, queueOf };
}

/** What all edits together make, wherever and whenever they were made. */
function together(steps: readonly Step[]): Data {
  return steps.reduce<Data>((data, each, nth) => {
    if (each.act === 'online') return { ...data, [`online-${String(nth)}`]: each.n };
    return isEdit(each) ? edited(data, each, nth) : data;
  }, start);
}

describe('writers that work offline', () => {
  it('come to one document with every commuting edit in it once, whatever is sent when and how often', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const { act, settle, latest, queueOf, call } = await world(commuting);
        for (const [nth, each] of steps.entries()) await act(each, nth);
        await settle();
        const { data, vector } = await latest();
        expect(canonicalJson(sorted(data as Data))).toBe(canonicalJson(sorted(together(steps))));
        for (const writer of writers) {
          expect(canonicalJson(queueOf(writer).read(id))).toBe(canonicalJson(data));
          const made = steps.filter((each) => each.writer === writer && isEdit(each)).length;
          expect(vector?.writers[writer]?.counter ?? 0).toBe(made);
        }
        expect((await call('conflicts', id)).items).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('come to what Automerge comes to, where both can say it: counters and keys of their own', async () => {
    type Counted = {
      count: Automerge.Counter;
      keys: Record<string, number>;
    };
    const acts = step.filter(({ act }) => ['count', 'own', 'sync', 'online'].includes(act));
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { maxLength: 20 }), async (steps) => {
        const { act, settle, latest } = await world(commuting);
        const origin = Automerge.from<Counted>({ count: new Automerge.Counter(0), keys: {} });
        const replicas = new Map<string, Automerge.Doc<Counted>>();
        const change = (name: string, edit: (doc: Counted) => void) =>
          void replicas.set(name, Automerge.change(replicas.get(name) ?? Automerge.clone(origin), edit));
        for (const [nth, each] of steps.entries()) {
          await act(each, nth);
          if (each.act === 'count') change(each.writer, (doc) => doc.count.increment(each.n));
          if (each.act === 'own')
            change(each.writer, (doc) => void (doc.keys[`${each.writer}-${String(nth)}`] = each.n));
          if (each.act === 'online') change('server', (doc) => void (doc.keys[`online-${String(nth)}`] = each.n));
        }
        await settle();
        let all = origin;
        for (const replica of replicas.values()) all = Automerge.merge(Automerge.clone(all), replica);
        const { count, best: _best, set: _set, ...keys } = (await latest()).data as Data;
        expect({ count, keys }).toEqual({ count: all.count.value, keys: { ...all.keys } });
      }),
      { numRuns: 30 },
    );
  });

  it('lose nothing silently: an edit is in the document, was overwritten by one that knew it, or is kept as a conflict', async () => {
    const texts = fc.array(fc.record({ writer: fc.constantFrom(...writers), sync: fc.boolean() }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(texts, async (steps) => {
        const { call, latest, queueOf, settle } = await world([]);
        // Each edit notes what its writer saw: an edit is known to those whose trace it is in.
        const trace = (data: Json) => ((data as Data)['trace'] ?? []) as number[];
        for (const [nth, { writer, sync }] of steps.entries()) {
          queueOf(writer).edit(id, (data) => ({ ...(data as Data), trace: [...trace(data), nth] }));
          if (sync) await queueOf(writer).sync();
        }
        await settle();
        const { items: conflicts } = await call('conflicts', { ...id, limit: 100 });
        const kept = [trace((await latest()).data), ...conflicts.map(({ data }) => trace(data))].flat();
        expect([...new Set(kept)].sort((a, b) => a - b)).toEqual(steps.map((_, nth) => nth));
      }),
      { numRuns: 60 },
    );
  });
});
