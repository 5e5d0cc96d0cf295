import * as z from 'zod';
import { userId } from '../ids.ts';
import { contextIdCharactersMax, contextLevelsMax, tagsMax } from '../limits.ts';

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
