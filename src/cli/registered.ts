import { CadreError } from '../contracts/errors.ts';
import { definitionReference, definitionVersion } from '../contracts/ids.ts';
import { parse } from '../contracts/parse.ts';
import type { VersionBodyView } from '../contracts/workflow/registry.ts';
import type { WorkflowDefinition } from '../contracts/workflow/workflow.ts';
import type { Client } from '../sdk/client/client.ts';
import { readJsonFile } from './read-input.ts';
import { readWorkflow } from './workflow-file.ts';

/** True for `NAME@VERSION` and `NAME@latest`, which is no file. */
export function isReference(argument: string): boolean {
  return definitionReference.safeParse(argument).success;
}

/** A definition as an argument gives it: by its registered name, or in a file. */
export async function readDefinition(argument: string): Promise<WorkflowDefinition | string> {
  return isReference(argument) ? argument : readWorkflow(await readJsonFile(argument)).definition;
}

/** The name and the number in `NAME@VERSION`. Throws `invalid-input` for anything else. */
export function namedVersion(reference: string): { readonly name: string; readonly version: number } {
  const [name = '', version] = parse(definitionVersion, reference).split('@');
  return { name, version: Number(version) };
}

/** A registered version with its body. Throws `unknown-definition`. */
export async function loadVersion(client: Client, reference: string): Promise<VersionBodyView> {
  const [name = ''] = parse(definitionReference, reference).split('@');
  if (!reference.endsWith('@latest')) return client.definitions.version(name, namedVersion(reference).version);
  const { latest } = await client.definitions.get(name);
  if (latest === undefined) throw new CadreError('unknown-definition', `all versions of ${name} are deprecated`);
  return client.definitions.version(name, latest);
}
