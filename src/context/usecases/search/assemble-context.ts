import type * as z from 'zod';
import type { AssembleAnswer, assembleRequest } from '../../../contracts/context/assembly.ts';
import type { ContextDocument } from '../../../contracts/context/context.ts';
import { CadreError } from '../../../contracts/errors.ts';
import { assemble, assembledText, type MemoryPiece, type MemoryScope } from '../../core/memory/assemble.ts';
import { liesIn } from '../../core/pointer.ts';
import { dataText } from '../../core/search/document-text.ts';
import { versionsById } from '../../core/version.ts';
import type { SearchDeps } from '../../index-ports.ts';
import type { Caller } from '../../ports.ts';
import { getDocument } from '../documents/get-document.ts';
import { searchDocuments } from './search-documents.ts';

type AssembleRequest = z.output<typeof assembleRequest>;

/** Hits of each search. More: pieces that have no chance are read. */
const hitsMax = 20;
/** Documents that relations may lead to. */
const relatedMax = 50;

/** Where the memories of a task are, nearest first. */
function memoriesOf({ task_id, workflow_id, agent_id }: AssembleRequest) {
  const places: { readonly scope: MemoryScope; readonly under: string }[] = [];
  if (task_id !== undefined) places.push({ scope: 'working', under: `memory/tasks/${task_id.replaceAll(':', '/')}` });
  if (workflow_id !== undefined) places.push({ scope: 'shared', under: `memory/workflows/${workflow_id}` });
  if (agent_id !== undefined) places.push({ scope: 'long_term', under: `memory/agents/${agent_id}` });
  return places;
}

/** Why a document is left out. */
const unreadable: ReadonlySet<string> = new Set(['not-found', 'forbidden', 'archived']);

/** Reads a document as the caller may see it; undefined when it is not there or not for the caller. */
async function readIfAllowed(deps: SearchDeps, caller: Caller, request: AssembleRequest, context_id: string) {
  try {
    return await read(deps, caller, request, context_id);
  } catch (error) {
    if (error instanceof CadreError && unreadable.has(error.code)) return undefined;
    throw error;
  }
}

async function read(
  deps: SearchDeps,
  caller: Caller,
  { namespace, versions }: AssembleRequest,
  context_id: string,
): Promise<ContextDocument> {
  const version = versionsById(versions).get(context_id);
  const answer = await getDocument(deps, caller, {
    ...{ namespace, context_id },
    ...(version === undefined ? {} : { version }),
  });
  if (answer.unchanged) throw new CadreError('internal', 'a read without a known version is never unchanged');
  return answer.document;
}

/** The documents that relations lead to from the pinned ones, with the edges between. */
async function related(deps: SearchDeps, caller: Caller, request: AssembleRequest, pinned: readonly ContextDocument[]) {
  const known = new Map<string, { readonly document: ContextDocument; readonly distance: number }>();
  const seen = new Set(pinned.map(({ context_id }) => context_id));
  let edge: readonly ContextDocument[] = pinned;
  for (let distance = 1; distance <= request.depth && edge.length > 0; distance += 1) {
    const next = [...new Set(edge.flatMap(({ relations }) => relations.map(({ to }) => to)))]
      .filter((id) => !seen.has(id))
      .slice(0, relatedMax - known.size);
    for (const id of next) seen.add(id);
    const found = await Promise.all(next.map((id) => readIfAllowed(deps, caller, request, id)));
    edge = found.filter((document) => document !== undefined);
    for (const document of edge) known.set(document.context_id, { document, distance });
  }
  return known;
}

/** The best place that a search in the memories or in everything gave to each document. */
async function ranked(deps: SearchDeps, caller: Caller, request: AssembleRequest): Promise<Map<string, number>> {
  const { namespace, text } = request;
  const ask = (under?: string) =>
    searchDocuments(deps, caller, {
      namespace,
      text,
      mode: 'hybrid',
      limit: hitsMax,
      ...(under === undefined ? {} : { under }),
    });
  const answers = await Promise.all([ask(), ...memoriesOf(request).map(({ under }) => ask(under))]);
  const ranks = new Map<string, number>();
  for (const { items } of answers) {
    for (const [at, { context_id }] of items.entries()) {
      ranks.set(context_id, Math.min(at + 1, ranks.get(context_id) ?? Infinity));
    }
  }
  return ranks;
}

/**
 * The best context for a task within a budget of tokens, with the reasons for each piece: what is pinned, what relations lead to from there, what its
 * memories have, and what a search for the task finds. Everything is read under the caller's policy; a pinned document that the caller may not
 * read, or that is not there, is refused with its id.
 */
export async function assembleContext(
  deps: SearchDeps,
  caller: Caller,
  request: AssembleRequest,
): Promise<AssembleAnswer> {
  // Before the search, which may bring the index up to date: a request that is refused leaves nothing behind.
  const pinned = await Promise.all([...new Set(request.pinned)].map((id) => read(deps, caller, request, id)));
  const ranks = await ranked(deps, caller, request);
  const near = await related(deps, caller, request, pinned);
  const pinnedIds = new Set(pinned.map(({ context_id }) => context_id));
  const others = [...ranks.keys()].filter((id) => !pinnedIds.has(id) && !near.has(id));
  const found = await Promise.all(others.map((id) => readIfAllowed(deps, caller, request, id)));
  const memories = memoriesOf(request);
  const pieceOf = (document: ContextDocument): MemoryPiece => {
    const { context_id: id, version, updated_at, data } = document;
    const distance = near.get(id)?.distance;
    const rank = ranks.get(id);
    return {
      id,
      version,
      text: dataText(data),
      updated_at: Date.parse(updated_at),
      scope: memories.find(({ under }) => liesIn(id, under))?.scope ?? 'other',
      pinned: pinnedIds.has(id),
      ...(distance === undefined ? {} : { distance }),
      ...(rank === undefined ? {} : { rank }),
    };
  };
  const documents = [...pinned, ...near.values().map(({ document }) => document), ...found];
  const pieces = documents.flatMap((document) => (document === undefined ? [] : [pieceOf(document)]));
  const assembly = assemble(pieces, request.budget_tokens, deps.sources.now());
  return {
    tokens: assembly.tokens,
    text: assembledText(assembly),
    pieces: assembly.pieces.map(({ id, text: _text, reasons, ...rest }) => ({
      context_id: id,
      ...rest,
      reasons: [...reasons],
    })),
    left_out: assembly.left_out.map(({ id, ...rest }) => ({ context_id: id, ...rest })),
  };
}
