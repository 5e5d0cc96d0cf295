import type { PolicyRow } from '../../../contracts/rows.ts';

/**
 * Who submitted, as shares count: IAM's id of a user or role, or the subject of a token. What follows a role's id is the name of the session, which whoever takes the role on
 * may choose: it would be a way to more than one share.
 */
export function submitterOf(principal: string): string {
  return /^(AROA[A-Z0-9]*):/.exec(principal)?.[1] ?? principal;
}

/** Under whom new work stands, where the policy shares out between submitters or gives each a quota; nothing of it else. */
export function standingOf(
  policy: Pick<PolicyRow, 'document'> | undefined,
  principal: string,
): { readonly submitter?: string } {
  const { submitters, limits = [] } = policy?.document ?? {};
  const counts = submitters !== undefined || limits.some(({ per }) => per === 'submitter');
  return counts ? { submitter: submitterOf(principal) } : {};
}
