import type { ContextHead, Relation } from '../../contracts/context/context.ts';
import type { Description } from './version.ts';

type Described = Pick<ContextHead, 'tags' | 'relations'>;

function mergeSets<T>(base: readonly T[], ours: readonly T[], theirs: readonly T[], keyOf: (each: T) => string): T[] {
  const [before, later] = [new Set(base.map(keyOf)), new Set(theirs.map(keyOf))];
  const kept = ours.filter((each) => !before.has(keyOf(each)) || later.has(keyOf(each)));
  const mine = new Set(kept.map(keyOf));
  return [...kept, ...theirs.filter((each) => !before.has(keyOf(each)) && !mine.has(keyOf(each)))];
}

/** What a late change says beside its data, merged with what is stored: tags and relations as sets, the rest as the later writer has it. */
export function mergedDescription(base: Described | undefined, ours: Described, theirs: Description): Description {
  const { tags, relations, access_policy, merge, ttl_ms, retention, subject } = theirs;
  return {
    access_policy,
    merge,
    ttl_ms,
    retention,
    subject,
    tags: tags && mergeSets(base?.tags ?? [], ours.tags, tags, (each) => each).sort(),
    relations:
      relations &&
      mergeSets(base?.relations ?? [], ours.relations, relations, ({ type, to }: Relation) => `${type} ${to}`),
  };
}
