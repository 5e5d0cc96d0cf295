import type * as z from 'zod';
import { jsonBytes } from '../../contracts/context/data.ts';
import type {
  defineTypeRequest,
  typeAnswer,
  typeRequest,
  typesAnswer,
  typesRequest,
  TypeVersion,
} from '../../contracts/context/types.ts';
import { CadreError } from '../../contracts/errors.ts';
import { canonicalJson } from '../../contracts/json.ts';
import { settleMs, typeVersionsMax } from '../../contracts/limits.ts';
import { checkData, isBuiltIn, schemaOf } from '../core/document-types.ts';
import type { StoredVersion } from '../core/version.ts';
import type { SearchDeps } from '../index-ports.ts';
import type { Caller, Commit, ContextDeps, DocumentStore } from '../ports.ts';
import { beginRebuild } from './search/begin-rebuild.ts';
import { evaluated, expressionFault } from './documents/evaluate-expression.ts';
import { forAdmin } from './access/guard-namespace.ts';

/**
 * Registers a type of documents, or its next version, for admins of the namespace. Documents of older versions are migrated as they are read, and have
 * the new version once they are written; with a migration the index is made anew. Throws `invalid-input`, `invalid-expression`, `version-conflict`.
 */
export async function defineType(
  deps: SearchDeps,
  caller: Caller,
  { namespace, context_type, schema, migration, expected_version }: z.output<typeof defineTypeRequest>,
): Promise<TypeVersion> {
  await forAdmin(deps, caller, namespace);
  if (isBuiltIn(context_type))
    throw new CadreError('invalid-input', `${context_type} is a type of the specification`, { path: 'context_type' });
  await schemaOf(schema);
  const fault = migration === undefined ? undefined : await expressionFault(migration);
  if (fault !== undefined) throw new CadreError('invalid-expression', fault, { path: 'migration' });
  if (migration !== undefined && expected_version === 0)
    throw new CadreError('invalid-input', 'the first version has nothing to migrate from', { path: 'migration' });
  const [newest] = await deps.documents.types(namespace, context_type);
  if (expected_version >= typeVersionsMax)
    throw new CadreError('too-large', `a type has at most ${String(typeVersionsMax)} versions`, {
      path: 'context_type',
    });
  const at = new Date(deps.sources.now()).toISOString();
  const about = { namespace, context_type, version: expected_version + 1, at, by: caller.principal };
  const row = { ...about, schema, ...(migration === undefined ? {} : { migration }) };
  const overtaken = () =>
    new CadreError('version-conflict', `${context_type} is at version ${String(newest?.version ?? 0)}`, {
      path: 'expected_version',
    });
  if ((newest?.version ?? 0) !== expected_version) throw overtaken();
  // Before the type, so that no crash leaves an index with the words that documents had before their migration.
  if (migration !== undefined) await beginRebuild(deps, namespace, deps.sources.now() + settleMs);
  if (!(await deps.documents.define(row))) throw overtaken();
  return row;
}

/** The versions of a registered type. Throws `not-found`. */
export async function showType(
  deps: ContextDeps,
  _caller: Caller,
  { namespace, context_type }: z.output<typeof typeRequest>,
): Promise<z.output<typeof typeAnswer>> {
  const items = await deps.documents.types(namespace, context_type);
  if (items.length === 0)
    throw new CadreError('not-found', `no type ${context_type} is registered in ${namespace}`, {
      path: 'context_type',
    });
  return { items: [...items] };
}

/** The registered types of a namespace, by name. */
export async function listTypes(
  deps: ContextDeps,
  _caller: Caller,
  { namespace }: z.output<typeof typesRequest>,
): Promise<z.output<typeof typesAnswer>> {
  const newest = new Map<string, TypeVersion>();
  for (const row of await deps.documents.types(namespace)) {
    if (row.version > (newest.get(row.context_type)?.version ?? 0)) newest.set(row.context_type, row);
  }
  const items = [...newest.values()].map(({ context_type, version, at, by }) => ({ context_type, version, at, by }));
  return { items: items.sort((one, other) => (one.context_type < other.context_type ? -1 : 1)) };
}

/** Changes that leave the data as it is. */
const untouched: ReadonlySet<StoredVersion['kind']> = new Set(['delete', 'erase', 'settings']);

/** The commit of data that its type allows, with the version of the type. Throws `unknown-context-type` or `invalid-input`. */
export async function typed(deps: ContextDeps, commit: Commit): Promise<Commit> {
  const { kind, namespace, context_type, data = null } = commit.next;
  if (untouched.has(kind)) return commit;
  const [registered] = isBuiltIn(context_type) ? [] : await deps.documents.types(namespace, context_type);
  await checkData(context_type, data, registered);
  if (registered === undefined) return commit;
  return { ...commit, next: { ...commit.next, schema_version: registered.version } };
}

/** The versions as the newest version of their type has them. One whose migration fails is given as it is stored. */
async function migrated(
  types: DocumentStore['types'],
  hash: (text: string) => string,
  version: StoredVersion | undefined,
): Promise<StoredVersion | undefined> {
  const { schema_version, data: stored } = version ?? {};
  if (version === undefined || schema_version === undefined || stored === undefined) return version;
  const later = (await types(version.namespace, version.context_type)).filter((type) => type.version > schema_version);
  let data = stored;
  for (const { migration } of later.toReversed()) {
    if (migration === undefined) continue;
    const outcome = await evaluated(migration, data);
    if (!('value' in outcome)) return version;
    data = outcome.value;
  }
  const [newest] = later;
  if (newest === undefined) return version;
  return { ...version, data, schema_version: newest.version, bytes: jsonBytes(data), hash: hash(canonicalJson(data)) };
}

/** A store whose versions are migrated as they are read. It remembers the types: make one for each operation. */
export function migrating(documents: DocumentStore, hash: (text: string) => string): DocumentStore {
  const known = new Map<string, ReturnType<DocumentStore['types']>>();
  const types: DocumentStore['types'] = (namespace, type) => {
    if (type === undefined) return documents.types(namespace);
    const key = `${namespace} ${type}`;
    const found = known.get(key) ?? documents.types(namespace, type);
    known.set(key, found);
    return found;
  };
  const migrate = (version: StoredVersion | undefined) => migrated(types, hash, version);
  return {
    ...documents,
    types,
    latest: async (key) => migrate(await documents.latest(key)),
    archived: async (...asked) => {
      const versions = await documents.archived(...asked);
      return (await Promise.all(versions.map(migrate))).flatMap((version) => version ?? []);
    },
    version: async (key, version) => migrate(await documents.version(key, version)),
    latestOf: async (keys) => Promise.all((await documents.latestOf(keys)).map(migrate)),
  };
}
