import type { OpenSegment } from './open-segment.ts';
import { eachPosting } from './segment.ts';

/** Those of the documents of which a segment has terms. It reads the list of each document's place, so that of a place with many below it every one is looked at. */
export async function holdsAny(segment: OpenSegment, ids: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const places = await segment.find([...ids].map((id) => `under:${id}`));
  const ordinals = new Set<number>();
  for (const place of places.values()) eachPosting(await segment.postings(place), (ordinal) => ordinals.add(ordinal));
  const documents = await segment.documents([...ordinals]);
  return new Set(documents.flatMap(({ id }) => (ids.has(id) ? [id] : [])));
}
