/**
 * The catalogue of everything Cadre may refuse or report. `docs/errors.md` is generated from it; the HTTP API answers with it
 * as RFC 9457 problem details, the CLI maps it to exit codes, and dead letters carry its codes.
 */
export const errorCatalogue = {
  'invalid-input': {
    status: 400,
    exit: 2,
    what: 'The input does not have the shape of its contract.',
    fix: 'Correct the field at the given path; the JSON Schemas are in docs/schemas/.',
  },
  'invalid-json': {
    status: 400,
    exit: 2,
    what: 'The text is not JSON.',
    fix: 'Send UTF-8 JSON; the message names the position.',
  },
  'too-large': {
    status: 413,
    exit: 2,
    what: 'The input is larger than a named limit allows.',
    fix: 'Send less, or store the bulk and send a reference; the SDK does this above 64 KB.',
  },
  'not-found': {
    status: 404,
    exit: 4,
    what: 'Nothing has this id.',
    fix: 'Check the id and that you look at the right deployment.',
  },
  forbidden: {
    status: 403,
    exit: 5,
    what: 'This principal may not do that.',
    fix: 'Use the credentials that own the resource, or ask its owner.',
  },
  unauthenticated: {
    status: 401,
    exit: 5,
    what: 'The call carries no valid identity.',
    fix: 'Sign the request (SigV4) or send a valid token.',
  },
  'task-conflict': {
    status: 409,
    exit: 6,
    what: 'A task with this id exists already with another body; the first one stays.',
    fix: 'Choose another task_id, or send the same body to repeat safely.',
  },
  'workflow-conflict': {
    status: 409,
    exit: 6,
    what: 'A workflow with this id exists already with another body; the first one stays.',
    fix: 'Choose another workflow_id, or send the same body to repeat safely.',
  },
  'schedule-conflict': {
    status: 409,
    exit: 6,
    what: 'A schedule with this id exists already with another body; the first one stays.',
    fix: 'Choose another schedule_id, or delete the schedule first.',
  },
  'agent-conflict': {
    status: 409,
    exit: 6,
    what: 'An agent with this id belongs to another principal.',
    fix: 'Choose another agent id, or deregister the agent with the credentials that registered it.',
  },
  'context-conflict': {
    status: 409,
    exit: 6,
    what: 'A document with this id exists already; it stays as it is.',
    fix: 'Read it and write from its version, or choose another context_id.',
  },
  'legal-hold': {
    status: 409,
    exit: 6,
    what: 'The document is under a legal hold, so nothing of it may be removed.',
    fix: 'Release the hold first (`cadre context release`), if you may.',
  },
  'being-erased': {
    status: 409,
    exit: 6,
    what: 'The document is being erased; until that is done it cannot be changed or created again.',
    fix: 'Try again in some minutes; `cadre context history` tells when it is done.',
  },
  'patch-failed': {
    status: 422,
    exit: 2,
    what: 'An operation of the patch cannot be made on this document; nothing was changed.',
    fix: 'Read the document again and make the patch from what is there.',
  },
  'unknown-context-type': {
    status: 422,
    exit: 2,
    what: 'No type of documents has this name in the namespace.',
    fix: 'Use a type of the specification, or register the type first.',
  },
  'already-finished': {
    status: 409,
    exit: 6,
    what: 'It has finished already, so nothing can be changed any more.',
    fix: 'Look at its result; submit a new one to run again.',
  },
  'not-started': {
    status: 409,
    exit: 6,
    what: 'It has not started yet.',
    fix: 'Try again in a moment.',
  },
  'version-conflict': {
    status: 409,
    exit: 6,
    what: 'Somebody else changed it first, several times in a row.',
    fix: 'Try again.',
  },
  'workflow-cycle': {
    status: 422,
    exit: 2,
    what: 'The dependencies of the workflow form a cycle, so it could never finish.',
    fix: 'Remove one of the printed edges.',
  },
  'unknown-dependency': {
    status: 422,
    exit: 2,
    what: 'A node depends on a node that does not exist.',
    fix: 'Correct the name in depends_on, or add the node.',
  },
  'duplicate-node': {
    status: 422,
    exit: 2,
    what: 'Two nodes have the same name.',
    fix: 'Give each node a name of its own.',
  },
  'invalid-schedule': {
    status: 422,
    exit: 2,
    what: 'The times of a schedule cannot be read, or never come.',
    fix: 'Correct the field at the given path.',
  },
  'invalid-policy': {
    status: 422,
    exit: 2,
    what: 'The routing policy cannot be followed.',
    fix: 'Correct the printed faults; `cadre policies check FILE` tries a policy without writing it.',
  },
  'invalid-expression': {
    status: 422,
    exit: 2,
    what: 'A JSONata expression cannot be parsed or evaluated.',
    fix: 'Correct the expression; the message names the position.',
  },
  'unknown-capability': {
    status: 422,
    exit: 0,
    what: 'No registered agent offers this capability (a warning: agents may come later).',
    fix: 'Register an agent with this capability.',
  },
  'task-failed': {
    status: 500,
    exit: 1,
    what: 'The agent reported that the task failed and must not be retried.',
    fix: 'Look at the last error; redrive the task when the cause is mended.',
  },
  'attempts-exhausted': {
    status: 500,
    exit: 1,
    what: 'The task failed on its last attempt.',
    fix: 'Look at the last error; redrive the task when the cause is mended.',
  },
  'lease-lost': {
    status: 500,
    exit: 1,
    what: 'The agent went silent while it held the task.',
    fix: 'Nothing: the task is run again by another agent while attempts are left.',
  },
  'timed-out': {
    status: 500,
    exit: 1,
    what: 'The attempt ran longer than the time-out of the task.',
    fix: 'Give the task more time (timeout_ms) or less work.',
  },
  'task-expired': {
    status: 500,
    exit: 1,
    what: 'The task waited longer than a task may wait.',
    fix: 'Register agents with its capabilities, then redrive it.',
  },
  cancelled: {
    status: 409,
    exit: 1,
    what: 'It was cancelled.',
    fix: 'Nothing; submit it again if that was a mistake.',
  },
  'late-result': {
    status: 409,
    exit: 1,
    what: 'The result came from a lease that was lost or revoked; the newer attempt counts.',
    fix: 'Nothing: it is refused and counted so that no effect happens twice.',
  },
  'input-failed': {
    status: 500,
    exit: 1,
    what: 'The input of the node could not be made from the outputs before it.',
    fix: 'Correct the input expression of the node and run the workflow again.',
  },
  'output-failed': {
    status: 500,
    exit: 1,
    what: 'The output of the node could not be made from what the nodes inside it came to.',
    fix: 'Correct the output expression of the node and run the workflow again.',
  },
  'no-branch': {
    status: 500,
    exit: 1,
    what: 'No branch of a choice holds, and it has no default.',
    fix: 'Give the choice a default, or a branch for this case.',
  },
  'transaction-aborted': {
    status: 500,
    exit: 1,
    what: 'A participant of the transaction did not agree to commit, so all were told to abort.',
    fix: 'Look at the participants and their votes; run the workflow again when the cause is mended.',
  },
  'inner-failed': {
    status: 500,
    exit: 1,
    what: 'Nodes inside this one failed, and more of them than it tolerates.',
    fix: 'Look at the named node; give it retries, an on_error, or let the outer node tolerate failures.',
  },
  'invalid-plan': {
    status: 500,
    exit: 1,
    what: 'A task returned nodes as its plan which may not join the workflow; none of them did.',
    fix: 'Correct the plan that the agent returns; the message lists everything that is wrong with it.',
  },
  unavailable: {
    status: 503,
    exit: 3,
    what: 'A service that Cadre needs does not answer.',
    fix: 'Try again; `cadre doctor` says what is wrong.',
  },
  'not-deployed': {
    status: 503,
    exit: 3,
    what: 'No deployment of Cadre was found.',
    fix: 'Run `cadre up`, or set CADRE_API_URL to your deployment.',
  },
  'python-missing': {
    status: 500,
    exit: 3,
    what: 'Python 3.10 or newer with its venv module is needed for the local cloud and was not found.',
    fix: 'Install python3 and python3-venv, or use another cloud with --endpoint URL.',
  },
  'port-taken': {
    status: 500,
    exit: 3,
    what: 'The port is used by another program.',
    fix: 'Choose another port with --port, or leave it out to get a free one.',
  },
  'already-running': {
    status: 409,
    exit: 6,
    what: 'Another start is at work on this local cloud.',
    fix: 'Wait until it has ended, or use what it started: cadre review PATH, cadre run FILE. CADRE_LOCAL_DIR keeps a second local cloud apart.',
  },
  interrupted: {
    status: 499,
    exit: 130,
    what: 'Stopped by the user.',
    fix: 'Nothing; run the command again to go on.',
  },
  internal: {
    status: 500,
    exit: 1,
    what: 'Cadre itself made a mistake.',
    fix: 'Please report it with the correlation id.',
  },
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

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
