import type { IndexEntry } from './entry.ts';
import type { OpenSegment } from './open-segment.ts';

/** A document that the index proposes. The index may be behind: whoever shows it reads the document itself. */
export interface Candidate {
  readonly id: string;
  readonly version: number;
  readonly score: number;
}

/** A hit in a segment, before its document is looked up. */
export interface Scored {
  readonly ordinal: number;
  readonly score: number;
}

/** Keeps the `limit` best; ties go to what was offered first. */
export function best<T extends { readonly score: number }>(limit: number) {
  const kept: T[] = [];
  return {
    /** What a newcomer has to beat. */
    floor: (): number => (kept.length < limit ? -Infinity : (kept.at(-1)?.score ?? -Infinity)),
    offer(item: T): void {
      let low = 0;
      let high = kept.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((kept[middle]?.score ?? 0) >= item.score) low = middle + 1;
        else high = middle;
      }
      if (low >= limit) return;
      kept.splice(low, 0, item);
      if (kept.length > limit) kept.pop();
    },
    items: (): readonly T[] => kept,
  };
}

/** All that one index has: segments, and documents too recent to be in one. */
export interface IndexView {
  readonly segments: readonly OpenSegment[];
  readonly recent: readonly IndexEntry[];
}

/**
 * The best of what all segments and the recent documents proposed, with their ids. Of a document's versions the newest proposed counts; a recent
 * entry hides every older one. Ties go by id, so that equal questions have equal answers.
 */
export async function gather(
  { segments, recent }: IndexView,
  found: { readonly inSegments: readonly (readonly Scored[])[]; readonly inRecent: readonly Candidate[] },
  limit: number,
): Promise<Candidate[]> {
  const top = best<Scored & { readonly at: number }>(limit);
  for (const [at, hits] of found.inSegments.entries()) for (const hit of hits) top.offer({ ...hit, at });
  const hits = [...Map.groupBy(top.items(), ({ at }) => at)];
  const named = await Promise.all(
    hits.map(async ([at, own]) => {
      const documents = (await segments[at]?.documents(own.map(({ ordinal }) => ordinal))) ?? [];
      return own.map(({ score }, index) => ({ ...documents[index], score }));
    }),
  );
  const hidden = new Map(recent.map(({ id, version }) => [id, version]));
  const newest = new Map<string, Candidate>();
  for (const { id, version, score } of [...found.inRecent, ...named.flat()]) {
    if (id === undefined || version === undefined) continue;
    const known = newest.get(id);
    if (version < (hidden.get(id) ?? version) || (known !== undefined && known.version >= version)) continue;
    newest.set(id, { id, version, score });
  }
  return [...newest.values()]
    .sort((one, other) => other.score - one.score || (one.id < other.id ? -1 : 1))
    .slice(0, limit);
}
