import {
  BaseStore,
  type GetOperation,
  type Item,
  type ListNamespacesOperation,
  type MatchCondition,
  type Operation,
  type OperationResults,
  type PutOperation,
  type SearchItem,
  type SearchOperation,
} from '@langchain/langgraph-checkpoint';
import type { ContextDocument } from '../../contracts/context/context.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import { searchHitsMax } from '../../contracts/limits.ts';
import type { ContextCalls } from '../client/context-calls.ts';
import { attemptsMax, documentsUnder, isRefusal, type MemoryPlace, readTogether } from './documents.ts';
import { levelOf, textOf } from './levels.ts';

type Value = Record<string, unknown>;

/** An item as a document; the words of all of it find it. */
interface StoredItem {
  readonly namespace: string[];
  readonly key: string;
  readonly value: Value;
}

const operators: Readonly<Record<string, (stored: unknown, asked: unknown) => boolean>> = {
  $eq: (stored, asked) => stored === asked,
  $ne: (stored, asked) => stored !== asked,
  $gt: (stored, asked) => Number(stored) > Number(asked),
  $gte: (stored, asked) => Number(stored) >= Number(asked),
  $lt: (stored, asked) => Number(stored) < Number(asked),
  $lte: (stored, asked) => Number(stored) <= Number(asked),
  $in: (stored, asked) => Array.isArray(asked) && asked.includes(stored),
  $nin: (stored, asked) => !Array.isArray(asked) || !asked.includes(stored),
};

function passes(value: Value, filter: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(filter).every(([field, asked]) => {
    const stored = value[field];
    if (typeof asked !== 'object' || asked === null || !Object.keys(asked).every((name) => name in operators))
      return stored === asked;
    return Object.entries(asked).every(([name, each]) => operators[name]?.(stored, each));
  });
}

function itemOf({ data, created_at, updated_at }: ContextDocument): Item {
  const { namespace, key, value } = data as unknown as StoredItem;
  return { namespace, key, value, createdAt: new Date(created_at), updatedAt: new Date(updated_at) };
}

function startsWith(levels: readonly string[], start: readonly string[]): boolean {
  return start.every((level, at) => levels[at] === level);
}

function matches(namespace: readonly string[], { matchType, path }: MatchCondition): boolean {
  const from = matchType === 'prefix' ? 0 : namespace.length - path.length;
  return (
    from >= 0 &&
    path.every((level, at) => (level === '*' ? from + at < namespace.length : namespace[from + at] === level))
  );
}

/** LangGraph's long-term memory in documents: an item is one, its namespace and key are the levels of its id. Ranked search is that of `contexts.search`. */
export class CadreStore extends BaseStore {
  readonly #contexts: ContextCalls;
  readonly #documents: ReturnType<typeof documentsUnder>;

  /** `contexts` are those of a client: `createClient().contexts`. */
  constructor(contexts: ContextCalls, place: MemoryPlace = {}) {
    super();
    this.#contexts = contexts;
    this.#documents = documentsUnder(contexts, place, 'langgraph/store');
  }

  /** Reads see the store as it is before the writes of their batch; of two writes of one item the last one counts. */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const gets = operations.filter((each): each is GetOperation => 'key' in each && !('value' in each));
    const ids = gets.map(({ namespace, key }) => this.#pathOf([...namespace, key]));
    const items = await this.#documents.read([...new Set(ids)]);
    const results = await Promise.all(
      operations.map(async (each) => {
        if ('value' in each) return undefined;
        if ('namespacePrefix' in each) return this.#search(each);
        if (!('key' in each)) return this.#listNamespaces(each);
        const document = items.get(this.#pathOf([...each.namespace, each.key]));
        return document === undefined ? null : itemOf(document);
      }),
    );
    const puts = operations.filter((each): each is PutOperation => 'value' in each);
    const last = new Map(puts.map((each) => [this.#pathOf([...each.namespace, each.key]), each]));
    await Promise.all([...last].map(([path, each]) => this.#put(path, each)));
    return results as OperationResults<Op>;
  }

  #pathOf(levels: readonly string[]): string {
    return [this.#documents.under, ...levels.map(levelOf)].join('/');
  }

  async #put(context_id: string, { namespace, key, value }: PutOperation): Promise<void> {
    if (value === null) return this.#delete(context_id);
    const data = { namespace, key, value } as unknown as Json;
    const { room, write } = this.#documents;
    try {
      await this.#contexts.patch({ ...room, context_id, patch: [{ op: 'replace', path: '', value: data }] });
    } catch (error) {
      if (!isRefusal(error, 'not-found')) throw error;
      await write(context_id, 'knowledge', () => data);
    }
  }

  async #delete(context_id: string): Promise<void> {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const document = (await this.#documents.read([context_id])).get(context_id);
      if (document === undefined || (await this.#documents.remove([document]))) return;
    }
    throw new CadreError('version-conflict', `${context_id} changes too fast; try again`);
  }

  async *#items(prefix: readonly string[]): AsyncGenerator<Item> {
    const ids: string[] = [];
    const take = async () => [...(await this.#documents.read(ids.splice(0))).values()].map(itemOf);
    for await (const { context_id } of this.#documents.heads(this.#pathOf(prefix))) {
      ids.push(context_id);
      if (ids.length === readTogether) yield* await take();
    }
    yield* await take();
  }

  /** The best hits of a question, read again because a hit has no data. More than `searchHitsMax` are not ranked. */
  async #ranked(prefix: readonly string[], text: string): Promise<SearchItem[]> {
    const { room, read } = this.#documents;
    const { items } = await this.#contexts.search({ ...room, under: this.#pathOf(prefix), text, limit: searchHitsMax });
    const documents = await read(items.map(({ context_id }) => context_id));
    return items.flatMap(({ context_id, score }) => {
      const document = documents.get(context_id);
      return document === undefined ? [] : [{ ...itemOf(document), score }];
    });
  }

  async #search({
    namespacePrefix,
    query,
    filter = {},
    offset = 0,
    limit = 10,
  }: SearchOperation): Promise<SearchItem[]> {
    const items = query === undefined ? this.#items(namespacePrefix) : await this.#ranked(namespacePrefix, query);
    const found: SearchItem[] = [];
    for await (const item of items) {
      if (found.length === offset + limit) break;
      // An item whose key looks like the last level of the prefix lies at its path, and is none of it.
      if (startsWith(item.namespace, namespacePrefix) && passes(item.value, filter)) found.push(item);
    }
    return found.slice(offset);
  }

  async #listNamespaces({
    matchConditions = [],
    maxDepth,
    limit,
    offset,
  }: ListNamespacesOperation): Promise<string[][]> {
    const fixed = matchConditions.find(({ matchType }) => matchType === 'prefix')?.path ?? [];
    const wild = fixed.indexOf('*');
    const start = wild === -1 ? fixed : fixed.slice(0, wild);
    const depth = this.#documents.under.split('/').length;
    const found = new Map<string, string[]>();
    for await (const { context_id } of this.#documents.heads(this.#pathOf(start))) {
      const namespace = context_id.split('/').slice(depth, -1).map(textOf);
      if (!matchConditions.every((condition) => matches(namespace, condition))) continue;
      const shown = namespace.slice(0, maxDepth);
      found.set(JSON.stringify(shown), shown);
    }
    return [...found.values()].slice(offset, offset + limit);
  }
}
