/** Exit code of a workflow that ended with some of its tasks failed. */
export const partiallyCompleteExit = 7;

/** The exit codes, as the help shows them; docs/errors.md lists the codes behind each. */
export const exitCodesHelp = `
Exit codes:
  0    success
  1    the work failed, or Cadre made a mistake
  2    bad input or usage
  3    nothing deployed, or a service does not answer
  4    nothing has this id
  5    not allowed
  6    it conflicts with what is there
  7    the workflow is Partially Complete
  130  interrupted`;

/** The exit code that tells how a task or a workflow ended. */
export function exitCodeOf(status: string): number {
  if (status === 'Completed') return 0;
  return status === 'Partially Complete' ? partiallyCompleteExit : 1;
}
