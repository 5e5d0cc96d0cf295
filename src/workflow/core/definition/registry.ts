import type { RegisteredVersion, RegisteredView, VersionView } from '../../../contracts/workflow/registry.ts';
import type { RegisteredRow } from '../../../contracts/workflow/rows.ts';

/** What a reference names; without a version the newest that is not deprecated. */
export interface Named {
  readonly name: string;
  readonly version?: number;
}

/** The parts of `NAME@VERSION` or `NAME@latest`. */
export function namedIn(reference: string): Named {
  const at = reference.lastIndexOf('@');
  const name = reference.slice(0, at);
  const version = reference.slice(at + 1);
  return version === 'latest' ? { name } : { name, version: Number(version) };
}

/** The text that names a version. */
export function referenceTo(name: string, version: number): string {
  return `${name}@${version}`;
}

/** The version (counted from 1) with this body; undefined when there is none. */
export function versionWith(row: RegisteredRow | undefined, hash: string): number | undefined {
  const at = row?.versions.findIndex((each) => each.hash === hash) ?? -1;
  return at < 0 ? undefined : at + 1;
}

/** The row with one more version. */
export function withVersion(
  row: RegisteredRow | undefined,
  { pool, name }: Pick<RegisteredRow, 'pool' | 'name'>,
  version: RegisteredVersion,
): RegisteredRow {
  return { pool, name, revision: (row?.revision ?? 0) + 1, versions: [...(row?.versions ?? []), version] };
}

/** The row with a version that is deprecated, or no longer. Undefined when there is nothing to change. */
export function withDeprecation(
  row: RegisteredRow,
  version: number,
  deprecated: RegisteredVersion['deprecated'],
): RegisteredRow | undefined {
  const before = row.versions[version - 1];
  if (before === undefined || before.deprecated?.reason === deprecated?.reason) return undefined;
  const { deprecated: _before, ...rest } = before;
  const after = deprecated === undefined ? rest : { ...rest, deprecated };
  return { ...row, revision: row.revision + 1, versions: row.versions.with(version - 1, after) };
}

/** The newest version that is not deprecated; undefined when all are. */
export function latestOf({ versions }: RegisteredRow): number | undefined {
  const at = versions.findLastIndex(({ deprecated }) => deprecated === undefined);
  return at < 0 ? undefined : at + 1;
}

/** A version as every surface shows it. */
export function versionViewOf(row: RegisteredRow, version: number): VersionView | undefined {
  const known = row.versions[version - 1];
  if (known === undefined) return undefined;
  const { at, by, deprecated } = known;
  return {
    definition: referenceTo(row.name, version),
    version,
    registered_at: at,
    registered_by: by,
    ...(deprecated === undefined ? {} : { deprecated }),
  };
}

/** A registered definition as every surface shows it. */
export function registeredViewOf(row: RegisteredRow): RegisteredView {
  const latest = latestOf(row);
  return {
    name: row.name,
    ...(latest === undefined ? {} : { latest }),
    versions: row.versions.flatMap((_, at) => versionViewOf(row, at + 1) ?? []),
  };
}
