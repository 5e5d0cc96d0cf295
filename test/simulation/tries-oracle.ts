import type { WorkflowEventRow } from '../../src/contracts/workflow/rows.ts';
import type { WorkflowNode } from '../../src/contracts/workflow/nodes.ts';
import type { WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';

/** How far apart the clocks of two functions, and a decision and its stamp, may be (ms). */
const apartMsMax = 1_500;

type Fail = (promise: string, detail: string) => void;

/**
 * What is promised of nodes that are no task and are tried again, and of the times of a transaction's phases, by the log of a workflow and what was submitted: no more tries than the node may have,
 * no try before its pause is over, one decision a try and none taken back, and no vote that counts after its time.
 */
export function checkTries({ nodes }: WorkflowDefinition, log: readonly WorkflowEventRow[], fail: Fail): void {
  for (const node of nodes) {
    const tries = 'body' in node || node.kind === 'transaction' ? (node.retry?.max_attempts ?? 1) : 1;
    let count = 1;
    let restsUntil = 0;
    let preparedAt = 0;
    let decided: string | undefined;
    for (const { events, at } of log) {
      const now = Date.parse(at);
      for (const event of events) {
        if (!('node' in event) || event.node !== node.name) continue;
        if (event.type === 'NodeRetried') {
          count += 1;
          if (count > tries) fail('TriesBounded', `${node.name} is tried a ${count}th time, of ${tries}`);
          if (decided === 'commit') fail('DecisionStays', `${node.name} had decided to commit`);
          restsUntil = event.until === undefined ? 0 : Date.parse(event.until);
          decided = undefined;
        }
        if (event.type !== 'NodeExpanded') continue;
        if (now + apartMsMax < restsUntil) fail('PauseKept', `${node.name} began ${restsUntil - now} ms too early`);
        if (event.scope === 'prepare') preparedAt = now;
        if (event.scope !== 'commit' && event.scope !== 'abort') continue;
        if (decided !== undefined && decided !== event.scope)
          fail('DecisionStays', `${node.name}: ${event.scope} after ${decided}`);
        decided = event.scope;
        const lateMs = now - preparedAt - prepareMs(node);
        if (event.scope === 'commit' && lateMs > apartMsMax)
          fail('LateVoteCountsNot', `${node.name} committed ${lateMs} ms after the time for votes`);
      }
    }
  }
}

function prepareMs(node: WorkflowNode): number {
  return node.kind === 'transaction' ? (node.prepare_timeout_ms ?? Infinity) : Infinity;
}
