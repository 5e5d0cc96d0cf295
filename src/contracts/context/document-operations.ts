import * as z from 'zod';
import { contextDocument, shownHead } from './context.ts';
import { contextData, pointer } from './data.ts';
import { contextId, contextType, defaultNamespace, namespaceName } from './names.ts';
import type { Operation } from '../operation.ts';

const params = { context_id: contextId.meta({ description: 'Its slashes stay as they are.' }) };
const namespace = { namespace: namespaceName.default(defaultNamespace) };
const path = '/v1/documents/:context_id';
const etag = 'An ETag that a read or a write has given: the version.';

/** The query of a read. */
export const documentQuery = z.strictObject({
  ...namespace,
  /** @default the latest */
  version: z.coerce.number().int().min(1).optional(),
  pointer: pointer.optional(),
});
/** The query of a write; `context_type` for one that creates. */
export const writtenDocumentQuery = z.strictObject({ ...namespace, context_type: contextType.optional() });
export const namespaceQuery = z.strictObject(namespace);

/** Documents as resources of HTTP: their versions are ETags. */
export const documentOperations: readonly Operation[] = [
  {
    id: 'getDocument',
    method: 'get',
    path,
    tag: 'contexts',
    summary: 'Read a document; 304 while it is as the ETag says',
    params,
    query: documentQuery,
    headers: { 'If-None-Match': etag },
    status: 200,
    answer: contextDocument,
  },
  {
    id: 'putDocument',
    method: 'put',
    path,
    tag: 'contexts',
    summary: 'Write the data of a document from the version of `If-Match`, or create one with `If-None-Match: *`',
    params,
    query: writtenDocumentQuery,
    headers: { 'If-Match': etag, 'If-None-Match': '`*`: there must be none.' },
    body: contextData,
    status: 200,
    answer: shownHead,
  },
  {
    id: 'patchDocument',
    method: 'patch',
    path,
    tag: 'contexts',
    summary: 'Patch a document: RFC 6902 as application/json-patch+json, RFC 7396 as application/merge-patch+json',
    params,
    query: namespaceQuery,
    headers: { 'If-Match': etag },
    body: contextData,
    status: 200,
    answer: shownHead,
  },
  {
    id: 'deleteDocument',
    method: 'delete',
    path,
    tag: 'contexts',
    summary: 'Delete a document at the version of `If-Match`; it can be restored for a while',
    params,
    query: namespaceQuery,
    headers: { 'If-Match': etag },
    status: 200,
    answer: shownHead,
  },
];
