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

/**
 * The groups that a token names, in its claim `groups` or `cognito:groups`. API Gateway gives a claim that is a list as the text `[a b]`
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html). A signature names none.
 */
export function groupsFrom(context: CallerContext | undefined): readonly string[] {
  const claims = context?.authorizer?.jwt?.claims;
  const claim = claims?.['groups'] ?? claims?.['cognito:groups'];
  const names = typeof claim === 'string' ? claim.replace(/^\[|\]$/g, '').split(/[\s,]+/) : claim;
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string' && name !== '') : [];
}
