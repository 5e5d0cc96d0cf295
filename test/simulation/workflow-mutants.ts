import type { WorkflowNode } from '../../src/contracts/workflow/nodes.ts';
import type { Adapters } from '../../src/platform/aws/deployment.ts';
import type { WorkflowStore } from '../../src/workflow/ports.ts';
import type { Mutant } from './mutant.ts';

/** Stored definitions as somebody reads them who gets something of their nodes wrong. */
function misread(adapters: Adapters, misreadNode: (node: WorkflowNode) => WorkflowNode): Adapters {
  const { workflows } = adapters;
  const definition: WorkflowStore['definition'] = async (workflow_id) => {
    const pinned = await workflows.definition(workflow_id);
    if (pinned === undefined) return undefined;
    const { nodes, ...rest } = pinned.definition;
    return { ...pinned, definition: { ...rest, nodes: nodes.map(misreadNode) } };
  };
  return { ...adapters, workflows: { ...workflows, definition } };
}

/** Mistakes in what is particular to workflows. */
export const workflowMutants: readonly Mutant[] = [
  {
    name: 'forgotten-execution',
    mistake: 'a beginning takes back the mark of the creation before an execution was started',
    spoil: ({ workflows, ...adapters }) => ({
      ...adapters,
      workflows: {
        ...workflows,
        advance: (advance) => {
          const begins = advance.event.events.some(({ type }) => type === 'WorkflowStarted');
          return workflows.advance(
            begins && advance.attention === undefined ? { ...advance, attention: false } : advance,
          );
        },
      },
    }),
  },
  {
    name: 'one-try-more',
    mistake: 'a node that is no task is tried once more than it may be',
    spoil: (adapters) =>
      misread(adapters, (node) =>
        ('body' in node || node.kind === 'transaction') && node.retry !== undefined
          ? { ...node, retry: { ...node.retry, max_attempts: node.retry.max_attempts + 1 } }
          : node,
      ),
  },
  {
    name: 'late-vote',
    mistake: 'a vote counts that came after its time',
    spoil: (adapters) =>
      misread(adapters, (node) => (node.kind === 'transaction' ? { ...node, prepare_timeout_ms: undefined } : node)),
  },
  {
    name: 'untold-wait',
    mistake: 'a workflow that waits for a key does not tell so',
    spoil: (adapters) => ({ ...adapters, published: { ...adapters.published, expect: async () => undefined } }),
  },
  {
    name: 'blind-decision',
    mistake: 'an approval is written although somebody changed it meanwhile',
    spoil: ({ approvals, ...adapters }) => ({
      ...adapters,
      approvals: {
        ...approvals,
        save: async (before, after, loads) => {
          if (await approvals.save(before, after, loads)) return true;
          const current = await approvals.get(after.workflow_id, after.path);
          return current !== undefined && approvals.save(current, { ...after, version: current.version + 1 });
        },
      },
    }),
  },
];
