import { validationError } from '../aws-errors.ts';
import { assign, isMap } from './values.ts';
import type { Item } from './values.ts';

/** A document path: attribute names and list positions. A name that starts with `#` in an expression is resolved first. */
export type Path = readonly (string | number)[];

const invalidForUpdate = 'The document path provided in the update expression is invalid for update';

/** The value at a path, or undefined when any step of it is missing or of another type. */
export function readPath(item: Item | undefined, path: Path): unknown {
  let value: unknown = item;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (typeof step === 'number') {
      if (!Array.isArray(value)) return undefined;
      value = value[step];
    } else {
      if (Array.isArray(value) || !isMap(value) || !Object.hasOwn(value, step)) return undefined;
      value = value[step];
    }
  }
  return value;
}

/** A path as AWS prints it in messages. */
export function printPath(path: Path): string {
  return `[${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`;
}

/** Whether one path is a beginning of the other: such a pair cannot be written in one update. */
export function overlaps(a: Path, b: Path): boolean {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return false;
  return true;
}

/** A new version of an item under construction: containers are copied the first time they are written, the rest is shared. */
export interface Draft {
  readonly item: Record<string, unknown>;
  set(path: Path, value: unknown): void;
  /** List elements are really taken out by `finish`, because all positions of one update refer to the item before it. */
  remove(path: Path): void;
  finish(): Record<string, unknown>;
}

type Container = Record<string, unknown> | unknown[];

/** Starts a new version of an item. */
export function createDraft(base: Item): Draft {
  const item: Record<string, unknown> = { ...base };
  const owned = new Set<unknown>([item]);
  const gone = new Set<string>();
  let removals: Map<unknown[], number[]> | undefined;

  function parentOf(path: Path): Container {
    let container: Container = item;
    for (let depth = 0; depth < path.length - 1; depth++) {
      const step = path[depth];
      const child: unknown = step === undefined ? undefined : getStep(container, step);
      if (step === undefined || (!Array.isArray(child) && !isMap(child))) throw validationError(invalidForUpdate);
      if (owned.has(child)) {
        container = child;
        continue;
      }
      const copy: Container = Array.isArray(child) ? [...(child as unknown[])] : { ...child };
      owned.add(copy);
      setStep(container, step, copy);
      container = copy;
    }
    return container;
  }

  return {
    item,
    set(path, value) {
      const last = path.at(-1);
      if (last === undefined) throw validationError(invalidForUpdate);
      const parent = path.length === 1 ? item : parentOf(path);
      setStep(parent, last, value);
    },
    remove(path) {
      const last = path.at(-1);
      if (last === undefined) throw validationError(invalidForUpdate);
      const parent = path.length === 1 ? item : parentOf(path);
      if (typeof last === 'number') {
        if (!Array.isArray(parent)) throw validationError(invalidForUpdate);
        removals ??= new Map<unknown[], number[]>();
        removals.set(parent, [...(removals.get(parent) ?? []), last]);
      } else {
        if (Array.isArray(parent)) throw validationError(invalidForUpdate);
        if (parent === item) gone.add(last);
        else delete parent[last];
      }
    },
    finish() {
      for (const [list, indexes] of removals ?? []) {
        indexes.sort((a, b) => b - a);
        for (const index of indexes) if (index < list.length) list.splice(index, 1);
      }
      return gone.size === 0 ? item : without(item, gone);
    },
  };
}

/** A copy without some keys: quicker to read ever after than an object from which keys were deleted. */
function without(item: Readonly<Record<string, unknown>>, gone: ReadonlySet<string>): Record<string, unknown> {
  const rest: Record<string, unknown> = {};
  for (const key of Object.keys(item)) if (!gone.has(key)) assign(rest, key, item[key]);
  // Built key by key an object of more than a few keys is a dictionary; its copy is quick again.
  return { ...rest };
}

function getStep(container: Container, step: string | number): unknown {
  if (typeof step === 'number') return Array.isArray(container) ? container[step] : undefined;
  return !Array.isArray(container) && Object.hasOwn(container, step) ? container[step] : undefined;
}

function setStep(container: Container, step: string | number, value: unknown): void {
  if (typeof step === 'number') {
    if (!Array.isArray(container)) throw validationError(invalidForUpdate);
    if (step >= container.length) container.push(value);
    else container[step] = value;
    return;
  }
  if (Array.isArray(container)) throw validationError(invalidForUpdate);
  assign(container, step, value);
}
