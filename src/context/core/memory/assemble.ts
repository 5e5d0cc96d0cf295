import { estimateTokens } from './estimate-tokens.ts';

/** Whose memory a piece comes from, nearest to the task first. */
export const memoryScopes = ['working', 'shared', 'long_term', 'other'] as const;
export type MemoryScope = (typeof memoryScopes)[number];

/** A document that may become part of what a task is told. */
export interface MemoryPiece {
  readonly id: string;
  readonly version: number;
  readonly text: string;
  /** Epoch milliseconds. */
  readonly updated_at: number;
  readonly scope: MemoryScope;
  readonly pinned: boolean;
  /** Edges between it and what is pinned; absent when there is no way. */
  readonly distance?: number;
  /** Its place in the search for the task, from 1; absent when the search did not find it. */
  readonly rank?: number;
}

/** A piece that was taken. `reasons` say what spoke for it, the strongest first. */
export interface AssembledPiece {
  readonly id: string;
  readonly version: number;
  readonly text: string;
  readonly tokens: number;
  /** Only its beginning fitted. */
  readonly shortened: boolean;
  readonly score: number;
  readonly reasons: readonly string[];
}

/** The best context within a budget, and what had no room. */
export interface Assembly {
  readonly tokens: number;
  readonly pieces: readonly AssembledPiece[];
  readonly left_out: readonly { readonly id: string; readonly tokens: number; readonly score: number }[];
}

/** What each kind of evidence can count at most. */
const weights = { relation: 3, relevance: 3, recency: 1, scope: 1 } as const;
/** A change counts half after this time. */
const halfLifeMs = 24 * 3_600_000;
/** Places of a search after which relevance counts half. */
const halfRank = 5;
/** A beginning shorter than this says too little to be worth its heading. */
const shortenedTokensMin = 40;

const scopeShare: Readonly<Record<MemoryScope, number>> = { working: 1, shared: 0.6, long_term: 0.3, other: 0 };
const scopeNames: Readonly<Record<MemoryScope, string>> = {
  working: 'working memory of the task',
  shared: 'shared memory of the workflow',
  long_term: 'long-term memory of the agent',
  other: '',
};

/** How much speaks for a piece, and what. */
export function weigh(
  piece: MemoryPiece,
  now: number,
): { readonly score: number; readonly reasons: readonly string[] } {
  const { distance, rank, scope } = piece;
  const ageMs = Math.max(0, now - piece.updated_at);
  const evidence = [
    { score: distance === undefined ? 0 : weights.relation / 2 ** distance, why: relationName(distance) },
    {
      score: rank === undefined ? 0 : (weights.relevance * halfRank) / (halfRank + rank - 1),
      why: `relevant: found at place ${rank ?? 0}`,
    },
    { score: weights.recency * 2 ** (-ageMs / halfLifeMs), why: `recent: changed ${ageName(ageMs)} ago` },
    { score: weights.scope * scopeShare[scope], why: scopeNames[scope] },
  ].filter(({ score }) => score > 0.05);
  const reasons = evidence.toSorted((one, other) => other.score - one.score).map(({ why }) => why);
  if (piece.pinned) reasons.unshift('pinned');
  return {
    score: evidence.reduce((sum, { score }) => sum + score, 0),
    reasons: reasons.length > 0 ? reasons : ['there was room'],
  };
}

function relationName(distance: number | undefined): string {
  return distance === 1 ? 'related to what is pinned' : `related to what is pinned over ${distance ?? 0} edges`;
}

function ageName(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} d`;
}

/** The line that introduces a piece in the text of the whole. */
function headingOf({ id, version }: { readonly id: string; readonly version: number }, shortened: boolean): string {
  return `## ${id} (version ${version}${shortened ? ', beginning' : ''})`;
}

/** The longest beginning of a text, in whole lines or else words, that has at most so many tokens. */
function beginning(text: string, tokensMax: number): string {
  const parts = text.includes('\n') ? text.split(/(?<=\n)/) : text.split(/(?<= )/);
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (estimateTokens(parts.slice(0, middle).join('')) <= tokensMax) low = middle;
    else high = middle - 1;
  }
  return parts.slice(0, low).join('').trimEnd();
}

/**
 * The best context within `budgetTokens`: pinned pieces first, in the order given and shortened where they must be; then by what speaks for
 * them, most first, whatever still fits whole. It is never above the budget, and the same pieces give the same answer in any order (pinned ones keep theirs).
 * Of two pieces with one id the first counts.
 */
export function assemble(given: readonly MemoryPiece[], budgetTokens: number, now: number): Assembly {
  const known = new Set<string>();
  const weighed = given
    .filter(({ id }) => !known.has(id) && known.add(id))
    .map((piece) => {
      // Two line breaks: one after the heading, one after the text.
      const heading = estimateTokens(headingOf(piece, true)) + 2;
      return { piece, ...weigh(piece, now), heading, tokens: estimateTokens(piece.text) + heading };
    });
  const others = weighed
    .filter(({ piece }) => !piece.pinned)
    .sort((one, other) => other.score - one.score || (one.piece.id < other.piece.id ? -1 : 1));
  const pieces: AssembledPiece[] = [];
  const left_out: { id: string; tokens: number; score: number }[] = [];
  let left = Math.max(0, budgetTokens);
  for (const { piece, score, reasons, heading, tokens } of [
    ...weighed.filter(({ piece }) => piece.pinned),
    ...others,
  ]) {
    const { id, version, text } = piece;
    const cut = tokens > left && piece.pinned ? beginning(text, left - heading) : text;
    const cutTokens = cut === text ? tokens : estimateTokens(cut) + heading;
    const tooShort = cut !== text && cutTokens < shortenedTokensMin;
    if (cutTokens > left || tooShort) {
      left_out.push({ id, tokens, score });
      continue;
    }
    left -= cutTokens;
    pieces.push({ id, version, text: cut, tokens: cutTokens, shortened: cut !== text, score, reasons });
  }
  return { tokens: pieces.reduce((sum, { tokens }) => sum + tokens, 0), pieces, left_out };
}

/** The pieces as one text for a prompt, each under a heading with its id and version. */
export function assembledText({ pieces }: Assembly): string {
  return pieces
    .map(
      ({ id, version, text, shortened }) => `## ${id} (version ${version}${shortened ? ', beginning' : ''})\n${text}\n`,
    )
    .join('\n');
}
