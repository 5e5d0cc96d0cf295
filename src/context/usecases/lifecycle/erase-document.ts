import type * as z from 'zod';
import type { ChangeAnswer, lifecycleRequest } from '../../../contracts/context/requests.ts';
import type { ContextHead } from '../../../contracts/context/context.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { historyRoot } from '../../core/merkle.ts';
import { erasing, type Stamp } from '../../core/version.ts';
import type { Caller, Commit, ContextDeps } from '../../ports.ts';
import { changeDocument, stampOf } from '../documents/change-document.ts';
import { permitted } from '../documents/load-document.ts';

/** The commit that begins an erasure. Throws `legal-hold`. */
export async function erasureOf(deps: ContextDeps, latest: ContextHead, reason: string, stamp: Stamp): Promise<Commit> {
  const { context_id, legal_hold } = latest;
  if (legal_hold !== undefined)
    throw new CadreError('legal-hold', `${context_id} is held by ${legal_hold.by}: ${legal_hold.reason}`, {
      path: 'context_id',
    });
  const entries = await deps.documents.entries(latest);
  const erasure = { reason, versions: entries.length, root: historyRoot(entries, stamp.hash) };
  return { previous: latest, next: erasing(latest, erasure, stamp) };
}

/**
 * Begins the erasure of a document: from now on nobody reads, finds or changes it, and its tombstone says who erased it, when, why, and what it was, as
 * a Merkle root. The sweep removes what is stored and notes when nothing is left. A repeat gets the tombstone. Throws `legal-hold`, `forbidden` for
 * whoever is no admin of the document, `not-found`.
 */
export async function eraseDocument(
  deps: ContextDeps,
  caller: Caller,
  request: z.output<typeof lifecycleRequest>,
): Promise<ChangeAnswer> {
  const { namespace, context_id, reason } = request;
  const key = { namespace, context_id };
  const stamp = stampOf(deps, caller, request);
  const answer = await changeDocument(deps, caller, key, async ({ namespace: room, latest }) => {
    permitted(room, latest ?? key, caller, 'admin');
    if (latest === undefined)
      throw new CadreError('not-found', `no document ${context_id} is in ${namespace}`, { path: 'context_id' });
    if (latest.erasure !== undefined) return { answer: { outcome: 'repeated', head: latest } };
    return { commit: await erasureOf(deps, latest, reason, stamp), outcome: 'written' };
  });
  await sweepSoon(deps, caller, namespace);
  return answer;
}

/** Lets the sweep of a namespace begin at once. A hint: its timer makes good a lost one. */
export async function sweepSoon(deps: ContextDeps, caller: Caller, namespace: string): Promise<void> {
  const { correlation_id } = caller;
  await deps.messenger.announce([
    { type: 'ContextsDue', data: { namespace }, correlation_id, causation_id: correlation_id },
  ]);
}
