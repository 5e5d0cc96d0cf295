/**
 * What a handler throws to say who should try again. The names are literals, because minifiers rename classes and
 * Step Functions, logs and other SDKs match names.
 */

/** Longest message that travels with a result (the contract of `taskError`). */
const messageCharactersMax = 4_096;

/** How an error of a handler is told to the deployment. */
export interface ReportedError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** The attempt failed, another one may succeed: the task is retried with backoff while attempts are left. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
  readonly code: string;

  constructor({ code, message, cause }: { code: string; message: string; cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** No attempt can succeed (bad input, a refusal): the task fails now and becomes a dead letter with this code. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly code: string;

  constructor({ code, message, cause }: { code: string; message: string; cause?: unknown }) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

function codeOf(thrown: Error, fallback: string): string {
  const code = 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' && code.length > 0 ? code.slice(0, 128) : fallback;
}

/**
 * Turns whatever a handler threw into the error of its result. Errors are told apart by name, not by class, so that two copies of
 * this module understand each other. Anything that is neither of ours is retryable: most surprises are passing.
 */
export function reportError(thrown: unknown): ReportedError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const message = (error.message || error.name).slice(0, messageCharactersMax);
  if (error.name === 'TerminalError') return { code: codeOf(error, 'terminal'), message, retryable: false };
  if (error.name === 'RetryableError') return { code: codeOf(error, 'retryable'), message, retryable: true };
  return { code: codeOf(error, 'agent-error'), message, retryable: true };
}
