import { acyclicRelationTypes, type ContextHead, type Relation } from '../../contracts/context/context.ts';

type Related = Pick<ContextHead, 'relations' | 'deleted'>;

/** True for a type whose relations may not come back to where they began. */
function isAcyclic(type: string): boolean {
  return acyclicRelationTypes.some((each) => each === type);
}

/** The relations of a document that is there: a deleted one has none. */
export function relationsOf(head: Related | undefined): readonly Relation[] {
  return head === undefined || head.deleted === true ? [] : head.relations;
}

/** The relations of acyclic types that a change adds, each with its place in the document's list. */
export function addedRelations(
  before: Related | undefined,
  after: Related,
): readonly (Relation & { readonly at: number })[] {
  const had = new Set(relationsOf(before).map(({ type, to }) => `${type} ${to}`));
  return relationsOf(after)
    .map((relation, at) => ({ ...relation, at }))
    .filter(({ type, to }) => isAcyclic(type) && !had.has(`${type} ${to}`));
}
