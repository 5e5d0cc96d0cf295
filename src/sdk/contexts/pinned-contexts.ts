import { defaultNamespace } from '../../contracts/context/names.ts';
import type { ContextAnswer } from '../../contracts/context/operations.ts';
import type { DeclaredReads, ShownVersions } from '../../contracts/context/declared-reads.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { ContextCalls } from '../client/context-calls.ts';

type BatchItem = ContextAnswer<'batch'>['items'][number];

/**
 * The same operations for a task whose run has pinned versions of documents: `get`, `batch` and `fork` of such a document give that version unless they name another one,
 * and `list`, `search` and `assemble` show it in that version. Who writes goes by the newest.
 */
export function pinnedContexts(calls: ContextCalls, reads: DeclaredReads): ContextCalls {
  const pins = new Map(
    reads.flatMap((read) =>
      'pin' in read ? [[`${read.namespace ?? defaultNamespace} ${read.pin}`, read.version]] : [],
    ),
  ) as ReadonlyMap<string, number>;
  if (pins.size === 0) return calls;
  const pinOf = (namespace: string | undefined, context_id: string): number | undefined =>
    pins.get(`${namespace ?? defaultNamespace} ${context_id}`);

  const get: ContextCalls['get'] = (request) => {
    const version = request.version ?? pinOf(request.namespace, request.context_id);
    if (version === undefined) return calls.get(request);
    const { known_version: _newest, ...rest } = request;
    return calls.get({ ...rest, version });
  };
  const one = async (namespace: string | undefined, context_id: string): Promise<BatchItem> => {
    try {
      const answer = await get({ context_id, ...(namespace === undefined ? {} : { namespace }) });
      if (!answer.unchanged) return { ok: true, value: answer.document };
      throw new Error(`${context_id} was answered without its data`);
    } catch (error) {
      if (!(error instanceof CadreError)) throw error;
      return { ok: false, error: { code: error.code, message: error.message } };
    }
  };
  /** The same request, whose answer shows pinned documents in their versions unless it asks for others itself. */
  const showing = <
    R extends { readonly namespace?: string | undefined; readonly versions?: ShownVersions | undefined },
  >(
    request: R,
  ): R => {
    const own = reads.flatMap((read) =>
      'pin' in read && (read.namespace ?? defaultNamespace) === (request.namespace ?? defaultNamespace)
        ? [{ context_id: read.pin, version: read.version }]
        : [],
    );
    return own.length === 0 ? request : { ...request, versions: [...own, ...(request.versions ?? [])] };
  };
  return {
    ...calls,
    get,
    list: (request) => calls.list(showing(request)),
    search: (request) => calls.search(showing(request)),
    assemble: (request) => calls.assemble(showing(request)),
    fork: (request) => {
      const version = request.version ?? pinOf(request.namespace, request.context_id);
      return calls.fork({ ...request, ...(version === undefined ? {} : { version }) });
    },
    batch: async (request) => {
      const { known_versions: _newest, ...others } = request;
      const { namespace, context_ids } = request;
      const newest = context_ids.filter((context_id) => pinOf(namespace, context_id) === undefined);
      const rest = newest.length === 0 ? [] : (await calls.batch({ ...others, context_ids: newest })).items;
      const known = new Map(newest.map((context_id, at) => [context_id, rest[at]]));
      return {
        items: await Promise.all(
          context_ids.map(async (context_id) => known.get(context_id) ?? (await one(namespace, context_id))),
        ),
      };
    },
  };
}
