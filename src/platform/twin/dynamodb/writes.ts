import type { DeleteCommandInput, PutCommandInput, UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { validationError } from '../aws-errors.ts';
import { compileCondition, compileUpdate, refuseUnused } from '../expressions/compile.ts';
import type { Placeholders } from '../expressions/compile.ts';
import { createDraft, readPath } from '../expressions/paths.ts';
import type { Path } from '../expressions/paths.ts';
import type { Scope } from '../expressions/operands.ts';
import { cloneItem, cloneValue, importItem, isMap } from '../expressions/values.ts';
import type { Item } from '../expressions/values.ts';
import { readKey, requireTable } from './store.ts';
import type { PlannedWrite, Store } from './store.ts';

/** A write that may go ahead, or the old row of one whose condition failed. */
export type Plan =
  | ({ readonly ok: true; readonly paths?: readonly Path[] } & PlannedWrite)
  | { readonly ok: false; readonly before: Item | undefined };

function scopeOf(input: Placeholders, item: Item | undefined): Scope {
  return { item, names: input.ExpressionAttributeNames, values: input.ExpressionAttributeValues };
}

/** The values of a request, copied once, so that what is stored shares nothing with the caller. */
function importPlaceholders<T extends Placeholders>(input: T): T {
  if (input.ExpressionAttributeValues === undefined) return input;
  return { ...input, ExpressionAttributeValues: importItem(input.ExpressionAttributeValues) };
}

/** Plans a PutItem. */
export function planPut(store: Store, input: PutCommandInput): Plan {
  const table = requireTable(store, input.TableName);
  const condition = input.ConditionExpression === undefined ? undefined : compileCondition(input.ConditionExpression);
  refuseUnused(input, [condition]);
  const after = importItem(input.Item ?? {});
  const bytes = table.validate(after);
  const pk = String(after[table.schema.pk]);
  const sk = after[table.schema.sk] as string | number;
  const before = table.get(pk, sk)?.item;
  if (condition !== undefined && !condition.body.test(scopeOf(input, before))) return { ok: false, before };
  return { ok: true, table, pk, sk, before, after, bytes, writes: true };
}

/** Plans a DeleteItem. */
export function planDelete(store: Store, input: DeleteCommandInput): Plan {
  const table = requireTable(store, input.TableName);
  const condition = input.ConditionExpression === undefined ? undefined : compileCondition(input.ConditionExpression);
  refuseUnused(input, [condition]);
  const { pk, sk } = readKey(table, input.Key);
  const entry = table.get(pk, sk);
  const before = entry?.item;
  if (condition !== undefined && !condition.body.test(scopeOf(input, before))) return { ok: false, before };
  return { ok: true, table, pk, sk, before, after: undefined, bytes: entry?.bytes ?? 0, writes: before !== undefined };
}

/** Plans an UpdateItem, which creates the item when it is not there. */
export function planUpdate(store: Store, request: UpdateCommandInput): Plan {
  const input = importPlaceholders(request);
  const table = requireTable(store, input.TableName);
  const condition = input.ConditionExpression === undefined ? undefined : compileCondition(input.ConditionExpression);
  const update = input.UpdateExpression === undefined ? undefined : compileUpdate(input.UpdateExpression);
  refuseUnused(input, [condition, update]);
  const { pk, sk } = readKey(table, input.Key);
  const before = table.get(pk, sk)?.item;
  const scope = scopeOf(input, before);
  if (condition !== undefined && !condition.body.test(scope)) return { ok: false, before };
  const base = before ?? { [table.schema.pk]: pk, [table.schema.sk]: sk };
  const { item: after, paths } = update?.body.apply(base, scope) ?? { item: base, paths: [] };
  refuseKeyChange(paths, [table.schema.pk, table.schema.sk]);
  return { ok: true, table, pk, sk, before, after, bytes: table.validate(after), paths, writes: true };
}

/** Plans a ConditionCheck of a transaction. */
export function planCheck(
  store: Store,
  input: Placeholders & {
    TableName?: string | undefined;
    Key?: Item | undefined;
    ConditionExpression?: string | undefined;
  },
): Plan {
  const table = requireTable(store, input.TableName);
  const condition = compileCondition(input.ConditionExpression ?? '');
  refuseUnused(input, [condition]);
  const { pk, sk } = readKey(table, input.Key);
  const entry = table.get(pk, sk);
  if (!condition.body.test(scopeOf(input, entry?.item))) return { ok: false, before: entry?.item };
  return { ok: true, table, pk, sk, before: entry?.item, after: entry?.item, bytes: entry?.bytes ?? 0, writes: false };
}

/** Key attributes are what an item is; an update may not touch them. */
export function refuseKeyChange(paths: readonly Path[], keys: readonly string[]): void {
  for (const [first] of paths) {
    if (typeof first === 'string' && keys.includes(first)) {
      throw validationError(
        `One or more parameter values were invalid: Cannot update attribute ${first}. This attribute is part of the key`,
      );
    }
  }
}

/** The `Attributes` of an answer, by `ReturnValues`. */
export function returnedAttributes(wanted: string | undefined, plan: Extract<Plan, { ok: true }>): Item | undefined {
  switch (wanted) {
    case 'ALL_OLD':
      return plan.before === undefined ? undefined : cloneItem(plan.before);
    case 'ALL_NEW':
      return plan.after === undefined ? undefined : cloneItem(plan.after);
    case 'UPDATED_OLD':
      return pick(plan.before, plan.paths ?? []);
    case 'UPDATED_NEW':
      return pick(plan.after, plan.paths ?? []);
    default:
      return undefined;
  }
}

/** The attributes at some paths, as a projection gives them: nested maps are rebuilt, list positions close up. */
export function pick(item: Item | undefined, paths: readonly Path[]): Item | undefined {
  if (item === undefined) return undefined;
  const picked: Record<string, unknown> = {};
  const draft = createDraft(picked);
  for (const path of paths) {
    const value = readPath(item, path);
    if (value === undefined) continue;
    for (let depth = 1; depth < path.length; depth++) {
      const parent = path.slice(0, depth);
      const present = readPath(draft.item, parent);
      if (!isMap(present) && !Array.isArray(present)) draft.set(parent, typeof path[depth] === 'number' ? [] : {});
    }
    draft.set(path, cloneValue(value));
  }
  const result = draft.finish();
  return Object.keys(result).length === 0 ? undefined : result;
}
