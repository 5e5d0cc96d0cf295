import type { Commit } from '../../src/platform/twin/dynamodb/store.ts';

/** The workflow whose attention mark a commit took away, of each that it took away. */
function unmarked({ changes }: Commit): readonly string[] {
  return changes.flatMap(({ before, after }) =>
    after === undefined && String(before?.['pk']).startsWith('ATTENTION#') ? [String(before?.['sk'])] : [],
  );
}

/**
 * ExecutionIsOwed of spec/Callback.tla: as long as a workflow has no execution, its attention mark is there, so that whoever dies before one is started is followed by the pulse. Answers
 * with the workflows of which that is not so after a commit.
 */
export function unowed(commit: Commit, executions: readonly { readonly name: string }[]): readonly string[] {
  return unmarked(commit).filter((workflow_id) => !executions.some(({ name }) => name === workflow_id));
}
