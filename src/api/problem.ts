import type { Problem } from '../contracts/api.ts';
import { errorCatalogue } from '../contracts/error-catalogue.ts';
import { CadreError, type Fault } from '../contracts/errors.ts';
import { queueFullRetryMs } from '../contracts/limits.ts';

/** What AWS and its client call it when a service is too busy or did not answer: trying again is right. */
const passing =
  /^(Throttling\w*|ProvisionedThroughputExceeded\w*|RequestLimitExceeded|TransactionConflict\w*|ServiceUnavailable\w*|InternalServerError|TimeoutError|ECONN\w+)$/;

export function toCadreError(error: unknown): CadreError {
  if (error instanceof CadreError) return error;
  return new CadreError(error instanceof Error && passing.test(error.name) ? 'unavailable' : 'internal');
}

/** A fault with what to do about it. */
export function advised(fault: Fault): Fault & { readonly fix: string } {
  return { ...fault, fix: fault.fix ?? errorCatalogue[fault.code].fix };
}

/** The answer to a refusal as RFC 9457 problem details. What is no CadreError tells nobody outside what it was. */
export function toProblem(error: unknown, instance: string, correlation_id: string): Problem {
  const { code, message, faults } = toCadreError(error);
  const { status, what } = errorCatalogue[code];
  return {
    type: `docs/errors.md#${code}`,
    title: what,
    status,
    detail: message,
    code,
    instance,
    errors: faults.map(advised),
    correlation_id,
  };
}

/** Problem details as a response. */
export function problemResponse(problem: Problem): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      'x-correlation-id': problem.correlation_id,
      ...(problem.status === 429 ? { 'retry-after': String(queueFullRetryMs / 1_000) } : {}),
    },
  });
}
