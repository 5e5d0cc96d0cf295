import type { Problem } from '../contracts/api.ts';
import { CadreError, errorCatalogue } from '../contracts/errors.ts';

/** The answer to a refusal as RFC 9457 problem details. What is no CadreError tells nobody outside what it was. */
export function toProblem(error: unknown, instance: string, correlation_id: string): Problem {
  const { code, message, faults } = error instanceof CadreError ? error : new CadreError('internal');
  const { status, what } = errorCatalogue[code];
  return {
    type: `docs/errors.md#${code}`,
    title: what,
    status,
    detail: message,
    code,
    instance,
    errors: faults.map((fault) => ({ ...fault })),
    correlation_id,
  };
}

/** Problem details as a response. */
export function problemResponse(problem: Problem): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'x-correlation-id': problem.correlation_id },
  });
}
