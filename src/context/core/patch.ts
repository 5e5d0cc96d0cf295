import jsonPatchLibrary from 'fast-json-patch';
import type { PatchOperation } from '../../contracts/context/requests.ts';
import { jsonBytes } from '../../contracts/context/data.ts';
import { CadreError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import { documentBytesMax } from '../../contracts/limits.ts';
import { isList, isObject, type JsonObject } from './pointer.ts';

const { applyOperation, compare, deepClone } = jsonPatchLibrary;

/**
 * The data after a JSON Patch (RFC 6902): all operations or none. Throws `patch-failed` with the path of the operation that cannot be made. What
 * copies is measured each time, because a few copies of copies fill any memory.
 */
export function patched(data: Json, patch: readonly PatchOperation[]): Json {
  let document = deepClone(data) as Json;
  for (const [index, operation] of patch.entries()) {
    try {
      document = applyOperation(document, deepClone(operation) as never, true, true, true, index).newDocument;
    } catch (error) {
      const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      throw new CadreError('patch-failed', `${operation.op} ${operation.path}: ${reason.slice(0, 300)}`, {
        path: `patch[${String(index)}]`,
      });
    }
    if (operation.op === 'copy' && jsonBytes(document) > documentBytesMax) {
      throw new CadreError(
        'too-large',
        `the copies make more than the ${String(documentBytesMax)} bytes of a document`,
        {
          path: `patch[${String(index)}]`,
        },
      );
    }
  }
  return document;
}

/** The data after a JSON Merge Patch (RFC 7396): null takes a key away, everything that is no object replaces. */
export function mergePatched(data: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const before: JsonObject = isObject(data) ? data : {};
  const kept = Object.entries(before).filter(([key]) => !Object.hasOwn(patch, key));
  const changed = Object.entries(patch).flatMap(([key, value]): [string, Json][] =>
    value === null ? [] : [[key, mergePatched(Object.hasOwn(before, key) ? before[key] : undefined, value)]],
  );
  return Object.fromEntries([...kept, ...changed]);
}

/** The JSON Patch that makes the second value of the first. */
export function difference(from: Json, to: Json): PatchOperation[] {
  // The library compares inside a container; two that cannot be compared so are replaced whole.
  if ((isList(from) && isList(to)) || (isObject(from) && isObject(to))) return compare(from, to) as PatchOperation[];
  return [{ op: 'replace', path: '', value: to }];
}
