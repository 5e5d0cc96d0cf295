import * as z from 'zod';
import { taskId, timestamp, userId } from '../ids.ts';
import { jsonDepthMax, type Json } from '../json.ts';
import {
  contextIdCharactersMax,
  contextLevelsMax,
  documentBytesMax,
  expressionCharactersMax,
  policyRulesMax,
  relationsMax,
  retentionDaysMax,
  tagsMax,
  ttlMsMax,
} from '../limits.ts';

/** The types of the specification. Any other name is a custom type, which its namespace registers with a schema. */
export const builtInTypes = [
  'project_metadata',
  'agent_interaction',
  'task_history',
  'decision_log',
  'performance_metrics',
  'resource_usage',
  'error_pattern',
  'knowledge',
] as const;

/** A type of documents: one of the specification's, or a registered custom one. */
export const contextType = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z][a-z0-9_]*$/, 'use lower-case letters, digits and "_", starting with a letter');

/** A room of documents with its own policy and types. */
export const namespaceName = userId.max(64);
/** The namespace of callers that name none. */
export const defaultNamespace = 'default';

const level = '[A-Za-z0-9][A-Za-z0-9._-]*';
/** A document's id: a path of levels such as `project/alpha/decisions`, which is also its place in the hierarchy. */
export const contextId = z
  .string()
  .min(1)
  .max(contextIdCharactersMax)
  .regex(
    new RegExp(`^${level}(/${level}){0,${String(contextLevelsMax - 1)}}$`),
    `up to ${String(contextLevelsMax)} levels joined by "/", each of letters, digits, ".", "_" and "-", starting with a letter or digit`,
  );

/** Which document. */
export const documentRef = {
  namespace: namespaceName.default(defaultNamespace),
  context_id: contextId,
};

/** A word to find documents by. */
export const tag = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'use letters, digits and "._:/-"');
export const tagList = z
  .array(tag)
  .max(tagsMax)
  .transform((tags) => [...new Set(tags)].sort());

/** Whose data a document has: the id of a person, say. */
export const subject = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:@+-]*$/, 'use letters, digits and "._:@+-"');

/** A JSON Pointer (RFC 6901); the empty one is the whole. */
export const pointer = z
  .string()
  .max(1_024)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'not a JSON Pointer (RFC 6901)');

/** What is wrong with a value as a document's data, and where; undefined when nothing is. Iterative, so that hostile nesting cannot exhaust the stack. */
function dataFault(root: unknown): { readonly message: string; readonly path: PropertyKey[] } | undefined {
  interface Place {
    readonly value: unknown;
    readonly depth: number;
    readonly key?: PropertyKey;
    readonly parent?: Place;
  }
  const fault = (message: string, place: Place) => {
    const path: PropertyKey[] = [];
    for (let at: Place | undefined = place; at?.key !== undefined; at = at.parent) path.unshift(at.key);
    return { message, path };
  };
  const open: Place[] = [{ value: root, depth: 0 }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value, depth } = place;
    if (value === null || typeof value === 'boolean') continue;
    if (typeof value === 'string') {
      if (!value.isWellFormed()) return fault('half of a surrogate pair is no UTF-8 text', place);
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) return fault('not a JSON number', place);
    } else if (typeof value !== 'object') return fault('not a JSON value', place);
    else if (depth >= jsonDepthMax) return fault(`more than ${String(jsonDepthMax)} levels deep`, place);
    else if (Array.isArray(value)) {
      for (const [index, child] of value.entries())
        open.push({ value: child, depth: depth + 1, key: index, parent: place });
    } else {
      for (const [key, child] of Object.entries(value)) {
        const inside = { value: child as unknown, depth: depth + 1, key, parent: place };
        // Such a key changes what an object is when it is copied without care, and no JSON of good faith has it.
        if (key === '__proto__') return fault('the key "__proto__" is not allowed', inside);
        if (!key.isWellFormed()) return fault('half of a surrogate pair is no UTF-8 text', inside);
        open.push(inside);
      }
    }
  }
  return undefined;
}

const encoder = new TextEncoder();

/** The size of a value as it is stored: bytes of its JSON text. */
export function jsonBytes(value: unknown): number {
  return encoder.encode(JSON.stringify(value)).byteLength;
}

/** A document's data: any JSON value within depth and size, well-formed, without keys that poison copies. */
export const contextData = z.custom<Json>().superRefine((value, context) => {
  const found = dataFault(value);
  if (found !== undefined) {
    context.addIssue({ code: 'custom', ...found });
    return;
  }
  const bytes = jsonBytes(value);
  if (bytes > documentBytesMax)
    context.addIssue({
      code: 'custom',
      message: `${String(bytes)} bytes are more than the ${String(documentBytesMax)} of a document`,
    });
});

/** Relations of these types may not come back to where they began. Those of all other types may. */
export const acyclicRelationTypes = ['part_of', 'derived_from', 'supersedes', 'depends_on'] as const;

/** A typed edge to another document of the same namespace. */
export const relation = z.strictObject({
  type: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'use letters, digits, ".", "_" and "-"'),
  to: contextId,
});
export type Relation = z.infer<typeof relation>;
export const relationList = z.array(relation).max(relationsMax);

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
export const accessPolicy = z.strictObject({
  /** False: the rules of the namespace do not count here, except for `admin`. */
  inherit: z.boolean().default(true),
  rules: z.array(accessRule).max(policyRulesMax),
});

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
export const namespacePolicy = z.strictObject({
  /** Members (principals) of each role. */
  roles: z.record(userId, z.array(grantee).max(200)).default({}),
  rules: z.array(z.strictObject({ under: contextId.optional(), ...accessRule.shape })).max(policyRulesMax),
  /** By type of documents; `*` stands for types that are not named. What a document says itself comes first. */
  retention: z.record(z.union([z.literal('*'), contextType]), retention).optional(),
  /** Of so many reads one is written to the audit; 0: none, 1: each. Refusals always are. */
  audit_reads_one_in: z.int().min(0).max(1_000_000).default(0),
  /** Writes are told by the history; true: the audit has them too, also when the history is pruned or erased. */
  audit_writes: z.boolean().optional(),
});
export type NamespacePolicy = z.infer<typeof namespacePolicy>;

/** How two changes of the same place become one. Without a rule they conflict. */
export const mergePolicies = ['last_writer', 'max', 'min', 'sum', 'union', 'append', 'text', 'custom'] as const;
export const mergeRule = z
  .strictObject({
    /** The place; a level `*` stands for any key or index. */
    path: pointer,
    policy: z.enum(mergePolicies),
    /** JSONata over `base`, `ours` (the stored one) and `theirs` (the one that comes later), for `custom`. */
    expression: z.string().min(1).max(expressionCharactersMax).optional(),
  })
  .refine(({ policy, expression }) => (policy === 'custom') === (expression !== undefined), {
    error: 'an expression belongs to the policy "custom", and to no other',
    path: ['expression'],
  });
export type MergeRule = z.infer<typeof mergeRule>;
export const mergeRules = z.array(mergeRule).max(50);

/** What a change did. */
export const changeKinds = [
  'create',
  'put',
  'patch',
  'append',
  'merge',
  'restore',
  'fork',
  'delete',
  'erase',
  'settings',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** Which task, by which agent, made or read a version: where lineage comes from. */
export const origin = z.strictObject({ task_id: taskId.optional(), workflow_id: userId.optional() });
export type Origin = z.infer<typeof origin>;

/** Why somebody does something that only the lifecycle of documents has: kept for good. */
export const lifecycleReason = z.string().min(1).max(500);

/** While a document is held nothing of it is removed, whatever its life would be. */
export const legalHold = z.strictObject({ reason: lifecycleReason, by: z.string(), since: timestamp });

/** What stays of a document that was erased: a proof of what it was. Who, when and why are told by its version. */
export const erasure = z.strictObject({
  /** How many versions were erased. */
  versions: z.int(),
  /** The Merkle root over the entries that the history had of them. */
  root: z.string(),
  /** Since when nothing of it is left, in the index neither; absent while it is being erased. */
  done_at: timestamp.optional(),
});
export type Erasure = z.infer<typeof erasure>;

/** What the lifecycle does with a document next, and when. */
export const due = z.strictObject({ at: timestamp, action: z.enum(['archive', 'prune', 'erase']) });
export type Due = z.infer<typeof due>;

/** A writer that works offline: one device or process. */
export const writerId = z
  .string()
  .min(1)
  .max(40)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'use letters, digits, "_" and "-"');

/** What a document knows of the writers that work offline: how many edits of each have landed, and the version of the last one. */
export const storedVector = z.object({
  /** The last version that somebody else wrote. */
  plain: z.int(),
  writers: z.record(writerId, z.object({ counter: z.int(), version: z.int() })),
});
export type StoredVector = z.infer<typeof storedVector>;

const documentHead = {
  namespace: namespaceName,
  context_id: contextId,
  context_type: contextType,
  version: z.int().min(1),
  created_at: timestamp,
  updated_at: timestamp,
  created_by: z.string(),
  updated_by: z.string(),
  tags: z.array(tag),
  relations: z.array(relation),
  access_policy: accessPolicy.optional(),
  merge: mergeRules.optional(),
  /** The version that created it; a higher one than 1 where a document of the same id had been deleted before. */
  created_version: z.int().min(1),
  /** How long it lives after its last change, and until when; absent: for ever. */
  ttl_ms: z.int().optional(),
  expires_at: timestamp.optional(),
  legal_hold: legalHold.optional(),
  retention: retention.optional(),
  /** Whose data it has; it stays until the document is erased, because the history has that data too. */
  subject: subject.optional(),
  /** Since when its data and history are in the archive, whence `restore` brings them back, and what its objects there are named by. */
  archive: z.object({ since: timestamp, id: z.string() }).optional(),
  /** The oldest version that is kept, where older ones were removed. */
  first_version: z.int().optional(),
  erasure: erasure.optional(),
  due: due.optional(),
  vector: storedVector.optional(),
  /** Bytes of the data as JSON text. */
  bytes: z.int(),
  /** SHA-256 of the data's canonical JSON. */
  hash: z.string(),
  /** The version of the custom type's schema that the data has. */
  schema_version: z.int().optional(),
  deleted: z.boolean().optional(),
};

/** A document without its data: what listings and head checks tell. */
export const contextHead = z.object(documentHead);
export type ContextHead = z.infer<typeof contextHead>;

/** A document at one of its versions. */
export const contextDocument = z.object({
  ...documentHead,
  data: contextData,
  /** Places that the reader may not see; they are left out of `data`. */
  masked: z.array(pointer).optional(),
});
export type ContextDocument = z.infer<typeof contextDocument>;

/** One entry of a document's history. */
export const contextVersionView = z.object({
  version: z.int(),
  kind: z.enum(changeKinds),
  at: timestamp,
  by: z.string(),
  operation_id: z.string(),
  base_version: z.int(),
  bytes: z.int(),
  hash: z.string(),
  origin: origin.optional(),
  /** Why, where the lifecycle asks for it: a hold, its release, an erasure. */
  reason: lifecycleReason.optional(),
  erasure: erasure.optional(),
  /** From this version on it is not there for its readers. */
  deleted: z.boolean().optional(),
});
export type ContextVersionView = z.infer<typeof contextVersionView>;

/** How long a document lives after its last change. */
export const ttlMs = z.int().min(1_000).max(ttlMsMax);
