import type * as z from 'zod';
import {
  contextOperations,
  type ContextAnswer,
  type ContextOperationName,
} from '../../contracts/context-operations.ts';
import { parseJson } from '../../contracts/parse.ts';
import type { Caller, ContextDeps } from '../ports.ts';
import { createDocument } from './create-document.ts';
import { deleteDocument } from './delete-document.ts';
import { getDocument } from './get-document.ts';
import { listConflicts, listVersions } from './list-versions.ts';
import { putDocument } from './put-document.ts';

const useCases: {
  readonly [N in ContextOperationName]: (
    deps: ContextDeps,
    caller: Caller,
    request: z.output<(typeof contextOperations)[N]['body']>,
  ) => Promise<ContextAnswer<N> | { readonly items: readonly unknown[]; readonly cursor?: string }>;
} = {
  create: createDocument,
  get: getDocument,
  put: putDocument,
  delete: deleteDocument,
  history: listVersions,
  conflicts: listConflicts,
};

/** True for the name of an operation. */
export function isContextOperation(name: string): name is ContextOperationName {
  return Object.hasOwn(useCases, name);
}

/** Carries out an operation from the text of its request: parsed at this border, answered as the contract says. */
export async function runContextOperation(
  deps: ContextDeps,
  caller: Caller,
  name: ContextOperationName,
  text: string,
): Promise<object> {
  const run = useCases[name] as (deps: ContextDeps, caller: Caller, request: unknown) => Promise<object>;
  return run(deps, caller, parseJson(contextOperations[name].body, text));
}
