import type { ContextCalls } from '../../src/sdk/client/context-calls.ts';
import type { DocumentOperation } from './document-operation.ts';
import { projectTexts } from './project-texts.ts';
import { upkeepOperations } from './upkeep-operations.ts';

/** Repeats of each operation, where nothing else is said. */
export const repeats = 200;
/** Repeats where the second slowest of a hundred has an aim: of fewer it scatters by ten milliseconds. */
const repeatsOfAims = 5 * repeats;
/** Characters of the text in each document: with its head one unit of a write, and two of the packed versions. */
export const textCharacters = 800;

const prose = projectTexts()
  .filter(({ path }) => path.endsWith('.md'))
  .map(({ text }) => text)
  .join('\n');
const textOf = (index: number): string => {
  const at = (index * 797) % (prose.length - textCharacters);
  return prose.slice(at, at + textCharacters);
};
const dataOf = (index: number) => ({ title: `document ${index}`, text: textOf(index) });

/** One document for each repeat, under a path of its own. */
const each =
  (under: string, count = repeats) =>
  async (contexts: ContextCalls): Promise<void> => {
    for (let index = 0; index < count; index += 1)
      await contexts.create({ context_id: `${under}/${index}`, context_type: 'knowledge', data: dataOf(index) });
  };

/** The version that the documents of `put` are left at. */
const putVersion = 1 + repeatsOfAims / repeats;

/** The operations in an order in which each finds what it needs. */
export const documentOperations: readonly DocumentOperation[] = [
  {
    name: 'create',
    run: (contexts, index) =>
      contexts.create({ context_id: `create/${index}`, context_type: 'knowledge', data: dataOf(index) }),
  },
  {
    name: 'get',
    repeats: repeatsOfAims,
    prepare: each('get'),
    run: (contexts, index) => contexts.get({ context_id: `get/${index % repeats}` }),
  },
  { name: 'get_unchanged', run: (contexts, index) => contexts.get({ context_id: `get/${index}`, known_version: 1 }) },
  { name: 'get_version', run: (contexts, index) => contexts.get({ context_id: `get/${index}`, version: 1 }) },
  {
    name: 'batch_of_10',
    run: (contexts, index) =>
      contexts.batch({ context_ids: Array.from({ length: 10 }, (_, at) => `get/${(index + at) % repeats}`) }),
  },
  {
    name: 'put',
    repeats: repeatsOfAims,
    prepare: each('put'),
    run: (contexts, index) =>
      contexts.put({
        context_id: `put/${index % repeats}`,
        expected_version: 1 + Math.floor(index / repeats),
        data: dataOf(index + 1),
      }),
  },
  {
    name: 'patch',
    prepare: each('patch'),
    run: (contexts, index) => contexts.patch({ context_id: `patch/${index}`, merge_patch: { title: 'other' } }),
  },
  {
    name: 'append',
    prepare: (contexts) =>
      contexts.create({ context_id: 'log', context_type: 'decision_log', data: { decisions: [] } }),
    run: (contexts, index) => contexts.append({ context_id: 'log', pointer: '/decisions', items: [index] }),
  },
  {
    name: 'transaction_of_5',
    prepare: each('five', 5),
    run: (contexts, index) =>
      contexts.transaction({
        operations: Array.from({ length: 5 }, (_, at) => ({
          operation: 'put' as const,
          context_id: `five/${at}`,
          expected_version: index + 1,
          data: dataOf(index),
        })),
      }),
  },
  {
    name: 'delete',
    run: (contexts, index) => contexts.delete({ context_id: `put/${index}`, expected_version: putVersion }),
  },
  {
    name: 'restore',
    run: (contexts, index) =>
      contexts.restore({ context_id: `put/${index}`, version: 1, expected_version: putVersion + 1 }),
  },
  { name: 'history_of_3', run: (contexts, index) => contexts.history({ context_id: `put/${index}`, limit: 3 }) },
  { name: 'list_of_25', run: (contexts) => contexts.list({ under: 'get' }) },
  { name: 'search', run: (contexts, index) => contexts.search({ text: textOf(index * 31).slice(0, 60) }) },
  {
    name: 'assemble',
    run: (contexts, index) => contexts.assemble({ text: textOf(index * 31).slice(0, 60), pinned: ['get/1'] }),
  },
  { name: 'diff', run: (contexts, index) => contexts.diff({ context_id: `put/${index}`, from: 1, to: 2 }) },
  {
    name: 'fork',
    run: (contexts, index) => contexts.fork({ context_id: `get/${index}`, to: { context_id: `fork/${index}` } }),
  },
  {
    name: 'sync',
    run: (contexts, index) =>
      contexts.sync({
        ...{ context_id: `get/${index}`, writer: 'laptop', base_version: 1 },
        edits: [{ operation_id: 'edit-1', vector: { laptop: 1 }, base: dataOf(index), data: dataOf(index + 1) }],
      }),
  },
  { name: 'conflicts', run: (contexts, index) => contexts.conflicts({ context_id: `get/${index}` }) },
  {
    name: 'relations_to_10',
    prepare: (contexts) =>
      contexts.create({
        ...{ context_id: 'hub', context_type: 'knowledge', data: {} },
        relations: Array.from({ length: 10 }, (_, at) => ({ type: 'uses', to: `get/${at}` })),
      }),
    run: (contexts) => contexts.relations({ context_id: 'hub' }),
  },
  { name: 'changes_of_25', run: (contexts) => contexts.changes({ limit: 25 }) },
  {
    name: 'record',
    run: (contexts, index) =>
      contexts.record({ task_id: `task-${index}`, reads: [{ context_id: `get/${index}`, version: 1 }] }),
  },
  { name: 'lineage', run: (contexts, index) => contexts.lineage({ context_id: `get/${index}`, version: 1 }) },
  ...upkeepOperations,
];
