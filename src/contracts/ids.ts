import * as z from 'zod';
import { capabilitiesMax, idCharactersMax, pathCharactersMax } from './limits.ts';

/**
 * A text that may become the key of an object: what every JavaScript object inherits (`constructor`, `__proto__`, …) is refused, so that a look-up by it finds what was
 * put there or nothing.
 */
export function ownKey(text: z.ZodString): z.ZodString {
  return text.refine(
    (value) => !(value in Object.prototype),
    'is a name that every JavaScript object has: choose another',
  );
}

/** Half of a surrogate pair, as a cut emoji leaves it, becomes U+FFFD: DynamoDB refuses text that is not UTF-8. */
export function wellFormed(text: z.ZodString): z.ZodString {
  return text.overwrite((value) => value.toWellFormed());
}

/** An id that a user chooses. `:` and `#` are left out: they separate the parts of our own keys. */
export const userId = ownKey(
  z
    .string()
    .min(1)
    .max(idCharactersMax)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'use letters, digits, ".", "_" and "-", starting with a letter or digit'),
);

/**
 * The path of a node in a run: its name, and for a node inside another one `<node>:<scope>:<inner node>`, as deep as it goes. The scope is a number
 * (the item of a map, the round of a loop) or a word (`fallback`, `commit`).
 */
export const nodePath = z
  .string()
  .min(1)
  .max(pathCharactersMax)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(:[A-Za-z0-9][A-Za-z0-9._-]*)*$/, 'not the path of a node');

/** A task id: one that a user chose, or `<workflow_id>:<path of the node>` of a workflow's task. */
export const taskId = z
  .string()
  .min(1)
  .max(idCharactersMax + 1 + pathCharactersMax)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(:[A-Za-z0-9][A-Za-z0-9._-]*)*$/, 'not a task id');

/** An agent id: it becomes part of a queue's name, hence the shorter limit and no dots. */
export const agentId = ownKey(
  z
    .string()
    .min(1)
    .max(60)
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'use letters, digits, "_" and "-", starting with a letter or digit'),
);

/** The name of a place, as the geographic strategy measures between them. */
export const region = ownKey(z.string().min(1).max(64));

/** What kind of work a task is: the key of agents' figures, of estimates and of routing. */
export const taskType = ownKey(wellFormed(z.string().min(1).max(128)));

/** A capability, for example `code:typescript`. */
export const capability = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'use letters, digits and "._:/-"');

/** Capabilities that all must be offered. */
export const capabilityList = z.array(capability).max(capabilitiesMax);

/** A point in time, RFC 3339 with offset or Z. */
export const timestamp = z.iso.datetime({ offset: true });

/** What a name may look like, for patterns that are made of it. */
const nameText = '[A-Za-z0-9][A-Za-z0-9._-]*';
const versionText = '@[1-9][0-9]{0,3}';

/** A version of a registered definition, for example `release@3`. */
export const definitionVersion = z
  .string()
  .max(idCharactersMax + 5)
  .regex(new RegExp(`^${nameText}${versionText}$`), 'name a version as NAME@VERSION, for example release@3');

/** A registered definition: one version of it, or with `@latest` the newest that is not deprecated. */
export const definitionReference = z
  .string()
  .max(idCharactersMax + 7)
  .regex(
    new RegExp(`^${nameText}(${versionText}|@latest)$`),
    'name a registered definition as NAME@VERSION or NAME@latest, for example release@3',
  );

/**
 * The name of a body: one that the definition chose, or a version of a registered definition (`check@2`). A pinned definition has those among its `bodies`, and what they call their own as
 * `check@2.<name>`.
 */
export const bodyName = ownKey(
  z
    .string()
    .max(2 * idCharactersMax + 6)
    .regex(
      new RegExp(`^${nameText}(${versionText}(\\.${nameText})?)?$`),
      'use the name of a body, or NAME@VERSION of a registered definition',
    ),
);

/** The pool every agent and task belongs to until pools can be chosen. */
export const defaultPool = 'default';

/** The namespace of tasks that name none. */
export const defaultNamespace = 'default';

/** The id of the task of a workflow's node (its path): deterministic, so that a repeated advance writes the same row. */
export function nodeTaskId(workflowId: string, node: string): string {
  return `${workflowId}:${node}`;
}

/** The workflow and node of a task id, or undefined for a task of its own. */
export function workflowOf(id: string): { readonly workflow_id: string; readonly node: string } | undefined {
  const at = id.indexOf(':');
  return at < 0 ? undefined : { workflow_id: id.slice(0, at), node: id.slice(at + 1) };
}
