import type { StoredVector } from '../../contracts/context/context.ts';
import type { VersionVector } from '../../contracts/context/sync.ts';
import { vectorWritersMax } from '../../contracts/limits.ts';

/** An edit of a writer: its number is the vector's entry of the writer. */
export interface Edit {
  readonly writer: string;
  readonly vector: VersionVector;
  /** The stored version that the writer knew. */
  readonly base_version: number;
}

/**
 * How an edit stands to what is stored: it has landed before; it builds on edits that have not; its writer knew all that is stored (`causal`); or somebody
 * changed the document without its writer's knowing (`concurrent`).
 */
export type Standing =
  { readonly is: 'repeated' | 'causal' | 'concurrent' } | { readonly is: 'early'; readonly missing: VersionVector };

/** The vector of a document that has had no edit from offline: all of its versions were written with knowledge of the one before. */
export function vectorOf(head: { readonly version: number; readonly vector?: StoredVector | undefined }): StoredVector {
  return head.vector ?? { plain: head.version, writers: {} };
}

/** Decides how an edit stands to a document. */
export function standingOf({ plain, writers }: StoredVector, { writer, vector, base_version }: Edit): Standing {
  const landed = (name: string) => writers[name]?.counter ?? 0;
  const number = vector[writer] ?? 0;
  if (number <= landed(writer)) return { is: 'repeated' };
  const needed = { ...vector, [writer]: number - 1 };
  const missing = Object.fromEntries(Object.entries(needed).filter(([name, count]) => count > landed(name)));
  if (Object.keys(missing).length > 0) return { is: 'early', missing };
  const isKnown = ([name, { counter, version }]: [string, StoredVector['writers'][string]]) =>
    name === writer || version <= base_version || counter <= (vector[name] ?? 0);
  return { is: plain <= base_version && Object.entries(writers).every(isKnown) ? 'causal' : 'concurrent' };
}

/** The vector once an edit has landed as a version. A writer too many takes the place of the one that was heard of longest ago, whose versions count as unknown to others from then on. */
export function advanced({ plain, writers }: StoredVector, { writer, vector }: Edit, version: number): StoredVector {
  const others = Object.entries(writers).filter(([name]) => name !== writer);
  others.sort(([, one], [, other]) => other.version - one.version);
  const kept = others.slice(0, vectorWritersMax - 1);
  const forgotten = others.slice(kept.length).map(([, entry]) => entry.version);
  return {
    plain: Math.max(plain, ...forgotten),
    writers: { ...Object.fromEntries(kept), [writer]: { counter: vector[writer] ?? 0, version } },
  };
}
