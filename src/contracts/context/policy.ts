import * as z from 'zod';
import { userId } from '../ids.ts';
import { documentRulesBytesMax, namespacePolicyBytesMax, policyRulesMax, retentionDaysMax } from '../limits.ts';
import { atMostBytes, pointer } from './data.ts';
import { contextId, contextType } from './names.ts';

export const contextActions = ['read', 'write', 'delete', 'admin'] as const;

/** What somebody may do with a document: `admin` is to change its policy, hold or life, and to see the audit. */
export type ContextAction = (typeof contextActions)[number];

/** Whom a rule is for: a principal (a trailing `*` stands for any ending), `role:<name>`, or `*` for everybody. */
export const grantee = z.string().min(1).max(256);

/** A rule grants; nothing denies, so another rule never takes away. What several rules let a principal read is the union of it. */
export const accessRule = z.strictObject({
  to: z.array(grantee).min(1).max(50),
  actions: z.array(z.enum(contextActions)).min(1).max(contextActions.length),
  /** Parts of the data that readers by this rule do not see. */
  mask: z.array(pointer.min(1)).max(20).optional(),
});
export type AccessRule = z.infer<typeof accessRule>;

/** Who may do what with one document. */
export const accessPolicy = z
  .strictObject({
    /** False: the rules of the namespace do not count here, except for `admin`. */
    inherit: z.boolean().default(true),
    rules: z.array(accessRule).max(policyRulesMax),
  })
  .refine(...atMostBytes(documentRulesBytesMax));

const days = z.int().min(1).max(retentionDaysMax);

/** How long documents are kept, counted from their last version, and how many versions. What is left out is kept for ever. */
export const retention = z
  .strictObject({
    /** Then the document is erased. */
    keep_days: days.optional(),
    /** Then its data and versions move to the archive; the head stays. */
    archive_after_days: days.optional(),
    /** Older versions are removed, within a day. */
    versions_max: z.int().min(1).max(1_000_000).optional(),
  })
  .refine(({ keep_days = Infinity, archive_after_days = 0 }) => archive_after_days < keep_days, {
    error: 'what is archived must be kept longer than that',
    path: ['archive_after_days'],
  });
export type Retention = z.infer<typeof retention>;

/** Who may do what in a namespace, and how long its documents are kept. A rule with `under` counts for the documents at and below that path. Without any policy everybody may do everything. */
export const namespacePolicy = z
  .strictObject({
    /** Members (principals) of each role. */
    roles: z.record(userId, z.array(grantee).max(200)).default({}),
    rules: z.array(z.strictObject({ under: contextId.optional(), ...accessRule.shape })).max(policyRulesMax),
    /** By type of documents; `*` stands for types that are not named. What a document says itself comes first. */
    retention: z.record(z.union([z.literal('*'), contextType]), retention).optional(),
    /** Of so many reads one is written to the audit; 0: none, 1: each. Refusals always are. */
    audit_reads_one_in: z.int().min(0).max(1_000_000).default(0),
    /** Writes are told by the history; true: the audit has them too, also when the history is pruned or erased. */
    audit_writes: z.boolean().optional(),
  })
  .refine(...atMostBytes(namespacePolicyBytesMax));
export type NamespacePolicy = z.infer<typeof namespacePolicy>;
