import type { ContextHead, Due } from '../../contracts/context/context.ts';
import type { NamespacePolicy, Retention } from '../../contracts/context/policy.ts';
import { deletedRetentionMs, pruneDelayMs } from '../../contracts/limits.ts';

const dayMs = 24 * 3_600_000;

/** How long a document is kept: each number as the document says, else as its type's rule, else as the rule for every type. */
function retentionOf(head: ContextHead, policy: NamespacePolicy | undefined): Retention {
  const rules = policy?.retention ?? {};
  const ruleOf = (type: string) => (Object.hasOwn(rules, type) ? rules[type] : undefined);
  return { ...(ruleOf(head.context_type) ?? ruleOf('*')), ...head.retention };
}

/**
 * What the lifecycle does with a document next: erase it when its life has been over for the time in which a deletion can be undone, or its retention
 * ends; archive it; remove the versions beyond those that are kept. Nothing while it is held. An erasure that has begun goes on.
 */
export function dueOf(head: ContextHead, policy: NamespacePolicy | undefined): Due | undefined {
  if (head.erasure !== undefined) return head.due;
  if (head.legal_hold !== undefined) return undefined;
  const { keep_days, archive_after_days, versions_max } = retentionOf(head, policy);
  const since = Date.parse(head.updated_at);
  const isDeleted = head.deleted === true;
  const kept = head.version - (head.first_version ?? 1) + 1;
  const actions: readonly (readonly [Due['action'], number | undefined])[] = [
    ['erase', isDeleted ? since + deletedRetentionMs : undefined],
    ['erase', head.expires_at === undefined ? undefined : Date.parse(head.expires_at) + deletedRetentionMs],
    ['erase', keep_days === undefined ? undefined : since + keep_days * dayMs],
    [
      'archive',
      archive_after_days === undefined || isDeleted || head.archive !== undefined
        ? undefined
        : since + archive_after_days * dayMs,
    ],
    [
      'prune',
      versions_max === undefined || kept <= versions_max || head.archive !== undefined
        ? undefined
        : since + pruneDelayMs,
    ],
  ];
  const [first] = actions
    .flatMap(([action, at]) => (at === undefined ? [] : [{ action, at }]))
    .sort((one, other) => one.at - other.at);
  return first && { action: first.action, at: new Date(first.at).toISOString() };
}

const isLess = (one = Infinity, other = Infinity): boolean => one < other;

/**
 * Whether a change has a document, or versions of it, removed sooner than before. One that is created anew has a time to live of its own: after that it
 * can still be restored for as long as after a deletion.
 */
export function endsSooner(before: ContextHead, after: ContextHead, policy: NamespacePolicy | undefined): boolean {
  const isAnew = after.created_version !== before.created_version;
  const [was, will] = [retentionOf(before, policy), retentionOf(after, policy)];
  return (
    (!isAnew && isLess(after.ttl_ms, before.ttl_ms)) ||
    isLess(will.keep_days, was.keep_days) ||
    isLess(will.versions_max, was.versions_max)
  );
}

/** The document with what is due, as the policy of its namespace says today. */
export function withDue<T extends ContextHead>(head: T, policy: NamespacePolicy | undefined): T {
  const { due: _due, ...rest } = head;
  const due = dueOf(head, policy);
  return { ...rest, ...(due === undefined ? {} : { due }) } as T;
}

/** The oldest version that a document keeps by its retention. */
export function firstKept(head: ContextHead, policy: NamespacePolicy | undefined): number {
  const { versions_max = head.version } = retentionOf(head, policy);
  return Math.max(head.first_version ?? 1, head.version - versions_max + 1);
}
