import type * as z from 'zod';
import type {
  Certificate,
  certificatesRequest,
  ForgetAnswer,
  forgetRequest,
} from '../../../contracts/context/subjects.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { canonicalJson } from '../../../contracts/json.ts';
import { commitRepeatsMax, forgottenDocumentsMax } from '../../../contracts/limits.ts';
import { idsNaming, remainsAfter } from '../../core/what-remains.ts';
import type { DocumentKey } from '../../core/version.ts';
import type { Caller, ContextDeps, ContextPage, Forgetting } from '../../ports.ts';
import { changeDocument, stampOf } from '../documents/change-document.ts';
import { erasureOf, sweepSoon } from './erase-document.ts';
import { forAdmin } from '../access/guard-namespace.ts';

type ForgetRequest = z.output<typeof forgetRequest>;
type Forgotten = Certificate['documents'][number];
type Held = Certificate['held'][number];

/** The documents that have data of a subject, deleted ones too, as many as one certificate is about. */
async function documentsOf(deps: ContextDeps, { namespace, subject }: ForgetRequest): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await deps.documents.find({ namespace, by: { subject }, under: undefined }, 100, cursor);
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined && found.length < forgottenDocumentsMax);
  return found.slice(0, forgottenDocumentsMax);
}

/** What is to be forgotten, written down before anything is erased: afterwards nothing leads from the subject to its documents. */
async function begun(deps: ContextDeps, caller: Caller, request: ForgetRequest): Promise<Forgetting> {
  const { namespace, subject, reason } = request;
  const known = await deps.documents.forgetting(namespace, subject);
  if (known !== undefined) return known;
  const context_ids = await documentsOf(deps, request);
  if (context_ids.length === 0)
    throw new CadreError('not-found', `nothing is stored of ${subject} in ${namespace}`, { path: 'subject' });
  const requested_at = new Date(deps.sources.now()).toISOString();
  const row = { namespace, subject, reason, requested_by: caller.principal, requested_at, context_ids };
  if (await deps.documents.beginForgetting(row)) return row;
  return begun(deps, caller, request);
}

/** Begins the erasure of one document unless it is held, or has become another one since. */
async function eraseIfFree(deps: ContextDeps, caller: Caller, key: DocumentKey, { subject, reason }: Forgetting) {
  const stamp = stampOf(deps, caller, {});
  await changeDocument(deps, caller, key, async ({ latest }) => {
    if (latest === undefined) throw new CadreError('not-found', `${key.context_id} is not there`);
    if (latest.subject === subject && latest.legal_hold === undefined)
      return { commit: await erasureOf(deps, latest, reason, stamp), outcome: 'written' };
    return { answer: { outcome: 'repeated', head: latest } };
  });
}

/** What became of a document: erased with its proof, or held; or it is still to be erased. None of these: it is not the subject's any more. */
async function fateOf(
  deps: ContextDeps,
  key: DocumentKey,
  { subject }: Forgetting,
): Promise<{ readonly forgotten?: Forgotten; readonly held?: Held; readonly isOpen?: true }> {
  const { context_id } = key;
  const [head] = await deps.documents.heads([key]);
  if (head?.subject === subject)
    return head.legal_hold === undefined ? { isOpen: true } : { held: { context_id, ...head.legal_hold } };
  const tombstone = (await deps.documents.entries(key)).findLast(({ erasure }) => erasure !== undefined);
  if (tombstone?.erasure === undefined) return {};
  const { version, by: erased_by, erasure } = tombstone;
  return { forgotten: { context_id, version, erased_by, ...erasure } };
}

/** Whether documents of the subject are stored that a certificate is not about: too many for it, or newer than the request. */
async function isMoreStored(deps: ContextDeps, { namespace, subject, context_ids }: Forgetting): Promise<boolean> {
  const known = new Set(context_ids);
  let cursor: string | undefined;
  do {
    const page = await deps.documents.find({ namespace, by: { subject }, under: undefined }, 100, cursor);
    if (page.items.some((id) => !known.has(id))) return true;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return false;
}

/** Adds the certificate to the chain, behind whichever is the last one now. */
async function certify(
  deps: ContextDeps,
  { context_ids, ...request }: Forgetting,
  documents: Forgotten[],
  held: Held[],
): Promise<Certificate> {
  for (let repeat = 0; repeat < commitRepeatsMax; repeat += 1) {
    const [last] = (await deps.documents.certificates(request.namespace, 1)).items;
    const now = deps.sources.now();
    const issued_at = new Date(now).toISOString();
    const chained = { number: (last?.number ?? 0) + 1, previous: last?.hash ?? '' };
    const left = { naming: idsNaming(request.subject, context_ids), remains: remainsAfter(now) };
    const unsigned = { ...request, ...chained, issued_at, documents, held, ...left };
    const row = { ...unsigned, hash: deps.sources.hash(canonicalJson(unsigned)) };
    if (await deps.documents.certify(row)) return row;
  }
  throw new CadreError('version-conflict', 'too many certificates are issued at once; try again');
}

/**
 * Erases all that is stored of one subject, for admins of the whole namespace, and answers with a certificate once nothing of it is left: call it again
 * until then. Documents under a legal hold stay, and are in the certificate. Any call goes on where an earlier one ended or died.
 */
export async function forgetSubject(deps: ContextDeps, caller: Caller, request: ForgetRequest): Promise<ForgetAnswer> {
  const { namespace } = request;
  await forAdmin(deps, caller, namespace);
  const row = await begun(deps, caller, request);
  const keys = row.context_ids.map((context_id) => ({ namespace, context_id }));
  const heads = await deps.documents.heads(keys);
  const open = keys.filter((_, at) => heads[at]?.subject === row.subject);
  for (const key of open) await eraseIfFree(deps, caller, key, row);
  const fates = await Promise.all(keys.map((key) => fateOf(deps, key, row)));
  const documents = fates.flatMap(({ forgotten }) => forgotten ?? []);
  const held = fates.flatMap((fate) => fate.held ?? []);
  // A hold that ended since the erasure was tried leaves a document to be erased by the next call.
  if (!fates.some(({ isOpen }) => isOpen) && documents.every(({ done_at }) => done_at !== undefined)) {
    const more = await isMoreStored(deps, row);
    return { outcome: 'done', certificate: await certify(deps, row, documents, held), more };
  }
  await sweepSoon(deps, caller, namespace);
  return { outcome: 'erasing', documents, held };
}

/** The certificates of a namespace, newest first, for its admins. */
export async function listCertificates(
  deps: ContextDeps,
  caller: Caller,
  { namespace, limit, cursor }: z.output<typeof certificatesRequest>,
): Promise<ContextPage<Certificate>> {
  await forAdmin(deps, caller, namespace);
  return deps.documents.certificates(namespace, limit, cursor);
}
