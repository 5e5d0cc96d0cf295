import { Hono } from 'hono';
import type { ContextAnswer, ContextOperationName } from '../../contracts/context/operations.ts';
import type { ContextDocument, ShownHead } from '../../contracts/context/context.ts';
import { contextId } from '../../contracts/context/names.ts';
import { documentQuery, namespaceQuery, writtenDocumentQuery } from '../../contracts/context/document-operations.ts';
import { CadreError } from '../../contracts/errors.ts';
import { canonicalJson, json } from '../../contracts/json.ts';
import { parseJson } from '../../contracts/parse.ts';
import type { ApiDeps } from '../ports.ts';
import { readParam, readQuery, type ApiContext, type ApiEnv } from '../request.ts';

/** A year: what is named by its version never changes. */
const immutable = 'private, max-age=31536000, immutable';
const path = '/v1/documents/:context_id{.+}';
const mergePatch = 'application/merge-patch+json';
const jsonPatch = 'application/json-patch+json';

/**
 * The version, and what else decides what a reader is given: the places that it may not see, and the schema that the data was migrated to. So one version has several
 * tags, and a change of a policy changes the tag.
 */
function etagOf(deps: ApiDeps, { version, schema_version }: ShownHead, masked: readonly string[] = []): string {
  if (masked.length === 0 && schema_version === undefined) return `"${String(version)}"`;
  const view = deps.sources.hash(canonicalJson([...masked, schema_version ?? 0])).slice(0, 8);
  return `"${String(version)}-${view}"`;
}

/** The version in a strong ETag of ours; undefined for any other. */
function versionIn(tag: string | undefined): number | undefined {
  const version = /^"([1-9]\d{0,11})(-[0-9a-f]{8})?"$/.exec(tag?.trim() ?? '')?.[1];
  return version === undefined ? undefined : Number(version);
}

/** The version that a change expects. Throws `precondition-required` without one, `precondition-failed` for a tag that no version has. */
function expectedVersion(c: ApiContext): number {
  const tag = c.req.header('if-match');
  if (tag === undefined) throw new CadreError('precondition-required', 'say which version you saw: If-Match');
  const version = versionIn(tag);
  if (version === undefined) throw new CadreError('precondition-failed', `${tag} is the ETag of no version`);
  return version;
}

/** Carries out an operation for whoever calls. Loaded on demand: a start of the API for tasks does not pay for documents. */
async function run<N extends ContextOperationName>(deps: ApiDeps, c: ApiContext, name: N, request: object) {
  const { runContextOperation } = await import('../../context/usecases/operations.ts');
  const caller = { principal: c.get('principal'), correlation_id: c.get('correlation_id') };
  return (await runContextOperation(deps, caller, name, JSON.stringify(request))) as ContextAnswer<N>;
}

const named = (c: ApiContext, { namespace }: { readonly namespace: string }) => ({
  namespace,
  context_id: readParam(c, 'context_id', contextId),
});

/** The document, or 304 while the caller has it. */
async function read(deps: ApiDeps, c: ApiContext): Promise<Response> {
  const { version, pointer, namespace } = readQuery(c, documentQuery);
  const key = named(c, { namespace });
  const part = { ...(version === undefined ? {} : { version }), ...(pointer === undefined ? {} : { pointer }) };
  const tags = (c.req.header('if-none-match') ?? '').split(',').map((tag) => tag.trim());
  const known = tags.flatMap((tag) => versionIn(tag) ?? [])[0];
  const isKnown = (tag: string) => tags.includes(tag) || tags.includes(`W/${tag}`);
  const headers = (document: ShownHead, masked: readonly string[] | undefined) => {
    const isFixed = version !== undefined && masked === undefined && document.schema_version === undefined;
    c.header('etag', etagOf(deps, document, masked));
    c.header('cache-control', isFixed ? immutable : 'private, no-cache');
    c.header('vary', 'authorization');
    return isKnown(etagOf(deps, document, masked));
  };
  if (known !== undefined && version === undefined) {
    const answer = await run(deps, c, 'get', { ...key, known_version: known });
    if (answer.unchanged && headers(answer.head, answer.masked)) return c.body(null, 304);
  }
  const answer = (await run(deps, c, 'get', { ...key, ...part })) as { readonly document: ContextDocument };
  if (headers(answer.document, answer.document.masked)) return c.body(null, 304);
  c.header('last-modified', new Date(answer.document.updated_at).toUTCString());
  return c.json(answer.document);
}

/** Documents as resources: GET, PUT, PATCH and DELETE with their versions as ETags (RFC 9110), by the same use cases as the operations. */
export function documentRoutes(deps: ApiDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  /** What a change is about. The same key is the same change: its repeat gets the first answer. */
  const ref = (c: ApiContext, room: { readonly namespace: string }) => ({
    ...named(c, room),
    ...(c.req.header('idempotency-key') === undefined ? {} : { operation_id: c.get('correlation_id') }),
  });
  /** The answer to a change; one that met another version changed nothing. */
  const changed = async (c: ApiContext, change: Promise<ContextAnswer<'put'>>) => {
    const answer = await change.catch((error: unknown) => {
      if (error instanceof CadreError && error.path === 'expected_version')
        throw new CadreError('precondition-failed', error.message);
      throw error;
    });
    const { outcome, head } = answer;
    if (outcome === 'stale')
      throw new CadreError('precondition-failed', `${head.context_id} is at version ${String(head.version)}`);
    c.header('etag', etagOf(deps, head));
    return c.json(head);
  };

  app.get(path, (c) => read(deps, c));

  app.put(path, async (c) => {
    const { context_type, ...room } = readQuery(c, writtenDocumentQuery);
    const data = parseJson(json, await c.req.text());
    if (c.req.header('if-none-match')?.trim() === '*') {
      const created = run(deps, c, 'create', { ...ref(c, room), context_type, data }).catch((error: unknown) => {
        if (error instanceof CadreError && error.code === 'context-conflict')
          throw new CadreError('precondition-failed', error.message);
        throw error;
      });
      return changed(c, created);
    }
    return changed(c, run(deps, c, 'put', { ...ref(c, room), expected_version: expectedVersion(c), data }));
  });

  app.patch(path, async (c) => {
    const type = (c.req.header('content-type') ?? '').split(';')[0]?.trim();
    if (type !== mergePatch && type !== jsonPatch)
      throw new CadreError('invalid-input', `send ${mergePatch} or ${jsonPatch}`, { path: 'content-type' });
    const patch = parseJson(json, await c.req.text());
    const expected = c.req.header('if-match') === undefined ? {} : { expected_version: expectedVersion(c) };
    const request = { ...ref(c, readQuery(c, namespaceQuery)), ...expected };
    return changed(
      c,
      run(deps, c, 'patch', { ...request, ...(type === jsonPatch ? { patch } : { merge_patch: patch }) }),
    );
  });

  app.delete(path, async (c) => {
    const request = { ...ref(c, readQuery(c, namespaceQuery)), expected_version: expectedVersion(c) };
    return changed(c, run(deps, c, 'delete', request));
  });

  return app;
}
