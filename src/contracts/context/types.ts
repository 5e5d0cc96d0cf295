import * as z from 'zod';
import { contextData, jsonBytes } from './data.ts';
import { contextType, defaultNamespace, namespaceName } from './names.ts';
import { timestamp } from '../ids.ts';
import { expressionCharactersMax, schemaBytesMax } from '../limits.ts';

/** A JSON Schema (draft 2020-12, 7 or 4; references within it only). */
const jsonSchema = contextData
  .refine((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'a JSON Schema is an object')
  .refine((value) => jsonBytes(value) <= schemaBytesMax, `more than ${String(schemaBytesMax)} bytes`);

/** One version of a registered type; never changed afterwards. */
export const typeVersion = z.object({
  namespace: namespaceName,
  context_type: contextType,
  version: z.int().min(1),
  schema: jsonSchema,
  /** JSONata that makes data of this version from data of the one before, which is its context; absent: the same data. */
  migration: z.string().min(1).max(expressionCharactersMax).optional(),
  at: timestamp,
  by: z.string(),
});
export type TypeVersion = z.infer<typeof typeVersion>;

export const defineTypeRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  ...typeVersion.pick({ context_type: true, schema: true, migration: true }).shape,
  /** The version that this one follows; 0 for the first. */
  expected_version: z.int().min(0),
});

export const typeRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  context_type: contextType,
});
/** Newest first. */
export const typeAnswer = z.object({ items: z.array(typeVersion) });

export const typesRequest = z.strictObject({ namespace: namespaceName.default(defaultNamespace) });
/** The newest version of each type. */
export const typesAnswer = z.object({
  items: z.array(typeVersion.pick({ context_type: true, version: true, at: true, by: true })),
});
