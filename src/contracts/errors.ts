import { type ErrorCode, errorCatalogue } from './error-catalogue.ts';

/** One fault: a catalogue code, what happened in this very case, and where (a JSON path such as `tasks[3].priority`). */
export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly path?: string;
  /** What to do about this very case; without it, the catalogue's advice holds. */
  readonly fix?: string;
}

/** A fault with what to do about it, where there is room for one text only. */
export function inWords({ message, fix }: Pick<Fault, 'message' | 'fix'>): string {
  return fix === undefined ? message : `${message}; ${fix}`;
}

/**
 * The one exception that crosses use cases. `name` is a literal because Step Functions matches it and minifiers rename classes.
 * `faults` lists everything that is wrong, not only the first thing.
 */
export class CadreError extends Error {
  override readonly name = 'CadreError';
  readonly code: ErrorCode;
  readonly path: string | undefined;
  readonly faults: readonly Fault[];

  constructor(
    code: ErrorCode,
    message: string = errorCatalogue[code].what,
    details: { path?: string; faults?: readonly Fault[]; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.path = details.path;
    this.faults = details.faults ?? [{ code, message, ...(details.path === undefined ? {} : { path: details.path }) }];
  }
}

/** The same refusal told with the place in the request that it is about; whatever else was thrown stays as it is. */
export function errorAt(place: string, error: unknown): unknown {
  if (!(error instanceof CadreError)) return error;
  const pathOf = (path: string | undefined) => (path === undefined ? place : `${place}.${path}`);
  const faults = error.faults.map((fault) => ({ ...fault, path: pathOf(fault.path) }));
  return new CadreError(error.code, error.message, { path: pathOf(error.path), faults, cause: error.cause });
}

/** The outcome of something that may be refused: a lost race or a refusal is a value, not an exception. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Fault };

/** A refusal as a value. */
export function refused(
  code: ErrorCode,
  message: string = errorCatalogue[code].what,
  path?: string,
): { readonly ok: false; readonly error: Fault } {
  return { ok: false, error: { code, message, ...(path === undefined ? {} : { path }) } };
}
