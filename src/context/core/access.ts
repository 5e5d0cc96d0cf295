import type { ContextDocument, ContextHead, ShownHead } from '../../contracts/context/context.ts';
import type { AccessRule, ContextAction, NamespacePolicy } from '../../contracts/context/policy.ts';
import type { UnchangedDocument } from '../../contracts/context/requests.ts';
import type { Json } from '../../contracts/json.ts';
import { isList, isObject, keysOf, liesIn, valueAt, withValueAt } from './pointer.ts';

/** What a principal may do with a document. */
export interface Access {
  readonly actions: ReadonlySet<ContextAction>;
  /** Places that a reader does not see. */
  readonly mask: readonly string[];
}

const everything: Access = { actions: new Set(['read', 'write', 'delete', 'admin']), mask: [] };

/** The part of a document that its access depends on; of one that is to be created, only its place. */
export type Guarded = Pick<ContextHead, 'context_id'> & Partial<Pick<ContextHead, 'access_policy' | 'created_by'>>;

function matches(name: string, principal: string): boolean {
  return name === '*' || name === principal || (name.endsWith('*') && principal.startsWith(name.slice(0, -1)));
}

/** The roles that a principal has by a policy. */
export function rolesOf(policy: NamespacePolicy | undefined, principal: string): readonly string[] {
  return Object.entries(policy?.roles ?? {}).flatMap(([role, members]) =>
    members.some((member) => matches(member, principal)) ? [role] : [],
  );
}

function isFor(to: readonly string[], principal: string, roles: readonly string[]): boolean {
  return to.some((name) =>
    name.startsWith('role:') ? roles.includes(name.slice('role:'.length)) : matches(name, principal),
  );
}

/** The rules of a namespace count for everything at and below their path, all together: a rule adds, none takes away. */
function inherited(policy: NamespacePolicy | undefined, context_id: string): readonly AccessRule[] {
  return (policy?.rules ?? []).filter(({ under }) => under === undefined || liesIn(context_id, under));
}

/**
 * What a principal may do with a document. Nobody has set a policy, neither for the namespace nor for the document: everything. Whoever created a
 * document that has its own policy stays its admin, so that it cannot be locked for ever.
 */
export function accessOf(policy: NamespacePolicy | undefined, document: Guarded, principal: string): Access {
  const own = document.access_policy;
  if (policy === undefined && own === undefined) return everything;
  const roles = rolesOf(policy, principal);
  const above = inherited(policy, document.context_id).flatMap((rule) => {
    if (own?.inherit !== false) return [rule];
    return rule.actions.includes('admin') ? [{ ...rule, actions: ['admin' as const] }] : [];
  });
  const granting = [...above, ...(own?.rules ?? [])].filter(({ to }) => isFor(to, principal, roles));
  const actions = new Set(granting.flatMap((rule) => rule.actions));
  if (own !== undefined && document.created_by === principal) return everything;
  return { actions, mask: maskOf(granting.filter((rule) => rule.actions.includes('read'))) };
}

/** A place is masked when every rule that lets the principal read hides it. */
function maskOf(reading: readonly AccessRule[]): readonly string[] {
  const masks = reading.map(({ mask = [] }) => mask);
  const hiddenByAll = masks.flat().filter((place) => masks.every((mask) => mask.some((outer) => liesIn(place, outer))));
  return [...new Set(hiddenByAll)].sort();
}

/** The data without the masked places. In a list null stands for one, so that the others keep their index. */
export function withoutMasked(data: Json, mask: readonly string[]): Json {
  return mask.reduce<Json>((rest, place) => {
    const keys = keysOf(place);
    if (valueAt(rest, keys) === undefined) return rest;
    const inList = isList(valueAt(rest, keys.slice(0, -1)));
    return withValueAt(rest, keys, inList ? null : undefined) ?? null;
  }, data);
}

/** The data with what is stored at a place. The way there is as it is stored: a list, as long as it must be for the place to keep its index, or an object. */
function withStored(data: Json | undefined, stored: Json, keys: readonly string[]): Json {
  const [key, ...rest] = keys;
  if (key === undefined) return stored;
  const inside = (at: Json | undefined) => withStored(at, valueAt(stored, [key]) ?? null, rest);
  if (!isList(stored)) {
    const before = isObject(data) ? data : {};
    return { ...before, [key]: inside(valueAt(before, [key])) };
  }
  const items = isList(data) ? data : [];
  const index = Number(key);
  const missing = Array<null>(Math.max(0, index - items.length)).fill(null);
  return [...items, ...missing].toSpliced(index, 1, inside(items[index]));
}

/** The data that a writer sends, with the masked places as they are stored: who does not see a place does not change it. */
export function keepingMasked(data: Json, stored: Json = null, mask: readonly string[]): Json {
  return mask.reduce<Json>((rest, place) => {
    const keys = keysOf(place);
    const isStored = valueAt(stored, keys) !== undefined;
    return isStored ? withStored(rest, stored, keys) : (withValueAt(rest, keys, undefined) ?? null);
  }, data);
}

/** What is told of a version without size and hash of its data, unless the caller sees all of that: a short value that is masked would be found by trying. */
export function unmeasured<T extends Pick<ShownHead, 'bytes' | 'hash'>>(
  told: T,
  { actions, mask }: Access,
): Omit<T, 'bytes' | 'hash'> & Pick<ShownHead, 'bytes' | 'hash'> {
  if (actions.has('read') && mask.length === 0) return told;
  const { bytes: _bytes, hash: _hash, ...rest } = told;
  return rest;
}

/** The document as this reader sees it. */
export function visible(document: ContextDocument, access: Access): ContextDocument {
  const { mask } = access;
  if (mask.length === 0) return document;
  return { ...unmeasured(document, access), data: withoutMasked(document.data, mask), masked: [...mask] };
}

/** What a reader is told who has the latest version already. */
export function unchangedFor(head: ContextHead, access: Access): UnchangedDocument {
  const { mask } = access;
  return { unchanged: true, head: unmeasured(head, access), ...(mask.length === 0 ? {} : { masked: [...mask] }) };
}
