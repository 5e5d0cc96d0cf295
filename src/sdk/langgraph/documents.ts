import type { ContextDocument, ShownHead } from '../../contracts/context/context.ts';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import type { ContextCalls } from '../client/context-calls.ts';

/** Where LangGraph's memory lies. */
export interface MemoryPlace {
  /** The namespace of the documents. @default "default" */
  readonly namespace?: string;
  /** The path above them. @default "langgraph/threads" for checkpoints, "langgraph/store" for a store */
  readonly under?: string;
}

/** Times that a write is tried again when somebody else creates, deletes or changes the same document. */
export const attemptsMax = 8;

/** Documents of one read. More: large ones together pass what the API may answer. */
export const readTogether = 20;

/** True for a refusal with one of these codes. */
export function isRefusal(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  return error instanceof CadreError && codes.includes(error.code);
}

/** The documents below a path, as both adapters use them. */
export function documentsUnder(contexts: ContextCalls, place: MemoryPlace, defaultUnder: string) {
  const { under = defaultUnder } = place;
  const room = place.namespace === undefined ? {} : { namespace: place.namespace };

  async function* heads(path: string): AsyncGenerator<ShownHead> {
    let cursor: string | undefined;
    do {
      const page = await contexts.list({ ...room, under: path, ...(cursor === undefined ? {} : { cursor }) });
      yield* page.items;
      ({ cursor } = page);
    } while (cursor !== undefined);
  }

  /** Those of the documents that are there, by their ids. */
  async function read(ids: readonly string[]): Promise<ReadonlyMap<string, ContextDocument>> {
    const batches = Array.from({ length: Math.ceil(ids.length / readTogether) }, (_, at) =>
      ids.slice(at * readTogether, (at + 1) * readTogether),
    );
    const answers = await Promise.all(batches.map((context_ids) => contexts.batch({ ...room, context_ids })));
    const found = answers.flatMap(({ items }) => items.flatMap((item) => (item.ok ? [item.value] : [])));
    return new Map(found.map((document) => [document.context_id, document]));
  }

  /**
   * Writes a document whether or not it is there. `dataOf` says what it becomes of what it is, and is asked again when somebody else was faster, so that
   * nothing is lost; undefined leaves it as it is.
   */
  async function write(
    context_id: string,
    context_type: string,
    dataOf: (stored?: Json) => Json | undefined,
  ): Promise<void> {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const fresh = dataOf();
      if (fresh === undefined) return;
      try {
        await contexts.create({ ...room, context_id, context_type, data: fresh });
        return;
      } catch (error) {
        if (!isRefusal(error, 'context-conflict')) throw error;
      }
      const stored = (await read([context_id])).get(context_id);
      if (stored === undefined) continue;
      const data = dataOf(stored.data);
      if (data === undefined) return;
      const { outcome } = await contexts.put({ ...room, context_id, expected_version: stored.version, data });
      if (outcome !== 'stale') return;
    }
    throw new CadreError('version-conflict', `${context_id} changes too fast; try again`);
  }

  /** Deletes documents at the versions of these heads; false when one has changed, and then none is deleted. */
  async function remove(some: readonly ShownHead[]): Promise<boolean> {
    const { outcome } = await contexts.transaction({
      ...room,
      operations: some.map(({ context_id, version }) => ({
        operation: 'delete' as const,
        context_id,
        expected_version: version,
      })),
    });
    return outcome !== 'stale';
  }

  return { under, room, heads, read, write, remove };
}
