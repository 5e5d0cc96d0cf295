/** The parts of API Gateway's request context (payload 2.0) that say who calls. */
export interface CallerContext {
  readonly accountId?: string;
  readonly authorizer?: {
    readonly iam?: { readonly userId?: string | null; readonly accountId?: string | null } | null;
    readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> } | null;
  };
}

/**
 * The caller's principal. With SigV4 it is IAM's unique id (`AIDA…`, or `AROA…:session`): the same text that SQS stores as a message's
 * SenderId, which is why an agent's messages can be compared with its registration. With JWT it is `jwt:` and the subject.
 *
 * `trustLocal` (CADRE_TRUST_LOCAL=1, set for local deployments only) answers with the caller's account instead: local clouds verify no
 * signature and give the account as SenderId, so nothing finer is known there.
 */
export function principalFrom(
  context: CallerContext | undefined,
  { trustLocal }: { readonly trustLocal: boolean },
): string | undefined {
  const { iam, jwt } = context?.authorizer ?? {};
  if (trustLocal) return iam?.accountId ?? context?.accountId;
  if (typeof iam?.userId === 'string' && iam.userId !== '') return iam.userId;
  const subject = jwt?.claims?.['sub'];
  return typeof subject === 'string' && subject !== '' ? `jwt:${subject}` : undefined;
}
