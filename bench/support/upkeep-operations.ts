import type { ContextCalls } from '../../src/sdk/client/context-calls.ts';
import type { DocumentOperation } from './document-operation.ts';

/** Repeats of what takes many documents each time, or may be there only so often. */
const fewRepeats = 20;
const documentsEach = 10;
/** The agent that watches, which the stage has registered. */
export const watcher = 'watcher';

const tokens = new Map<number, number>();
const everybody = {
  to: ['*'],
  actions: ['read', 'write', 'delete', 'admin'] as ('read' | 'write' | 'delete' | 'admin')[],
};
const reason = 'bench';

/** For each repeat ten documents, their snapshot, and a change of each since. */
async function prepareRewinds(contexts: ContextCalls): Promise<void> {
  for (let index = 0; index < fewRepeats; index += 1) {
    const under = `rewind/${String(index)}`;
    const ids = Array.from({ length: documentsEach }, (_, at) => `${under}/${String(at)}`);
    for (const context_id of ids) await contexts.create({ context_id, context_type: 'knowledge', data: { n: 1 } });
    await contexts.snapshot({ name: `rewind-${String(index)}`, under });
    for (const context_id of ids) await contexts.put({ context_id, expected_version: 1, data: { n: 2 } });
  }
}

/** Ten documents of each subject. */
const subjects =
  (prefix: string, count: number) =>
  async (contexts: ContextCalls): Promise<void> => {
    for (let at = 0; at < count * documentsEach; at += 1)
      await contexts.create({
        ...{ context_id: `${prefix}/${String(at)}`, context_type: 'knowledge', data: { n: at } },
        subject: `${prefix}-${String(at % count)}`,
      });
  };

/** What keeps documents in order: locks, snapshots, their lives and ends, types, access, the index. They come after the others, whose documents they use. */
export const upkeepOperations: readonly DocumentOperation[] = [
  {
    name: 'lock',
    run: async (contexts, index) => {
      const answer = await contexts.lock({ name: `lock/${index}`, ttl_ms: 3_600_000 });
      if (answer.outcome === 'acquired') tokens.set(index, answer.token);
    },
  },
  {
    name: 'renew',
    run: (contexts, index) =>
      contexts.renew({ name: `lock/${index}`, token: tokens.get(index) ?? 1, ttl_ms: 3_600_000 }),
  },
  { name: 'locks_of_25', run: (contexts) => contexts.locks({ under: 'lock', limit: 25 }) },
  {
    name: 'unlock',
    run: (contexts, index) => contexts.unlock({ name: `lock/${index}`, token: tokens.get(index) ?? 1 }),
  },
  {
    name: 'snapshot',
    repeats: fewRepeats,
    run: (contexts, index) => contexts.snapshot({ name: `before-${index}`, under: 'get' }),
  },
  { name: 'discard', repeats: fewRepeats, run: (contexts, index) => contexts.discard({ name: `before-${index}` }) },
  {
    name: 'rewind_of_10',
    repeats: fewRepeats,
    prepare: prepareRewinds,
    // The first call has all ten; others would only look through what changed in other places.
    run: (contexts, index) => contexts.rewind({ name: `rewind-${index}` }),
  },
  { name: 'snapshots_of_20', run: (contexts) => contexts.snapshots({}) },
  { name: 'hold', run: (contexts, index) => contexts.hold({ context_id: `fork/${index}`, reason }) },
  { name: 'release', run: (contexts, index) => contexts.release({ context_id: `fork/${index}`, reason }) },
  { name: 'erase', run: (contexts, index) => contexts.erase({ context_id: `fork/${index}`, reason }) },
  { name: 'export_of_10', prepare: subjects('kept', 1), run: (contexts) => contexts.export({ subject: 'kept-0' }) },
  {
    name: 'forget_of_10',
    repeats: fewRepeats,
    prepare: subjects('forgotten', fewRepeats),
    run: (contexts, index) => contexts.forget({ subject: `forgotten-${index}`, reason }),
  },
  {
    name: 'define',
    run: (contexts, index) =>
      contexts.define({ context_type: `type_${index}`, schema: { type: 'object' }, expected_version: 0 }),
  },
  { name: 'type', run: (contexts, index) => contexts.type({ context_type: `type_${index}` }) },
  { name: 'types_of_200', run: (contexts) => contexts.types({}) },
  {
    name: 'guard',
    run: (contexts, index) =>
      contexts.guard({ namespace: 'guarded', policy: { rules: [everybody] }, expected_revision: index }),
  },
  { name: 'policy', run: (contexts) => contexts.policy({ namespace: 'guarded' }) },
  // By now the sweeps have removed what was to be forgotten.
  {
    name: 'certificates_of_20',
    prepare: async (contexts) => {
      for (let index = 0; index < fewRepeats; index += 1)
        await contexts.forget({ subject: `forgotten-${String(index)}`, reason });
    },
    run: (contexts) => contexts.certificates({}),
  },
  { name: 'audit', run: (contexts) => contexts.audit({}) },
  { name: 'watch', run: (contexts) => contexts.watch({ agent_id: watcher, under: ['get', 'put'] }) },
  { name: 'index', run: (contexts) => contexts.index({}) },
  { name: 'reindex', run: (contexts) => contexts.reindex({}) },
];
