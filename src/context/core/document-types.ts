import * as z from 'zod';
import { builtInTypes } from '../../contracts/context/names.ts';
import type { TypeVersion } from '../../contracts/context/types.ts';
import { CadreError } from '../../contracts/errors.ts';
import { timestamp } from '../../contracts/ids.ts';
import type { Json } from '../../contracts/json.ts';
import { parse } from '../../contracts/parse.ts';

const text = z.string();
const count = z.number().nonnegative();

/**
 * What the data of the specification's types must have. Its one example is an agent_interaction; the other types fix the meaning of the fields that
 * they are named for, and leave the rest to their writers.
 */
const schemas: Readonly<Record<(typeof builtInTypes)[number], z.ZodType>> = {
  project_metadata: z.looseObject({ name: text.optional(), description: text.optional(), owner: text.optional() }),
  agent_interaction: z.looseObject({
    agent_a: text.min(1),
    agent_b: text.min(1),
    interaction_type: text.min(1),
    payload_summary: text.optional(),
    timestamp: timestamp.optional(),
  }),
  task_history: z.looseObject({ task_id: text.min(1).optional(), entries: z.array(z.unknown()).optional() }),
  decision_log: z.looseObject({ decisions: z.array(z.unknown()).optional() }),
  performance_metrics: z.looseObject({ metrics: z.record(z.string(), z.unknown()).optional() }),
  resource_usage: z.looseObject({ tokens: count.optional(), dollars: count.optional(), duration_ms: count.optional() }),
  error_pattern: z.looseObject({ pattern: text.optional(), occurrences: count.optional() }),
  knowledge: z.looseObject({ title: text.optional(), text: text.optional() }),
};

/** True for a type of the specification. */
export function isBuiltIn(type: string): type is keyof typeof schemas {
  return Object.hasOwn(schemas, type);
}

/**
 * Checks data against its type: one of the specification's, or the newest version of a registered one, which is given. Throws `unknown-context-type`,
 * or `invalid-input` with all paths.
 */
export async function checkData(type: string, data: Json, registered: TypeVersion | undefined): Promise<void> {
  if (isBuiltIn(type)) {
    parse(schemas[type], data, ['data']);
    return;
  }
  if (registered === undefined)
    throw new CadreError('unknown-context-type', `no type "${type}" is registered; ${known} need no registration`, {
      path: 'context_type',
    });
  parse(await schemaOf(registered.schema), data, ['data']);
}

const known = builtInTypes.join(', ');

/** The schema behind a JSON Schema. Throws `invalid-input` with what it does not understand. */
export async function schemaOf(schema: TypeVersion['schema']): Promise<z.ZodType> {
  // On demand, and in the bundles a copy of its own: it needs all of zod, which would come with every function's start.
  const { fromJSONSchema } = await import('zod/v4');
  try {
    return fromJSONSchema(schema as Parameters<typeof fromJSONSchema>[0]);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CadreError('invalid-input', `schema: ${message}`, { path: 'schema', cause });
  }
}
