import { TerminalError } from '../../src/sdk/errors.ts';

/** Why a file cannot be reviewed. The code is for programs, the message for people. */
export type BrokenInputCode =
  | 'unreadable-file'
  | 'file-too-large'
  | 'nul-bytes'
  | 'invalid-utf8'
  | 'path-outside-root'
  | 'unknown-root'
  | 'invalid-payload'
  | 'unknown-task-type';

/** Input that no retry can mend: the task fails at once, without using up its attempts. */
export class BrokenInput extends TerminalError {
  readonly path: string;
  readonly reason: string;

  constructor(code: BrokenInputCode, path: string, reason: string) {
    super({ code, message: `${path}: ${reason}` });
    this.path = path;
    this.reason = reason;
  }
}
