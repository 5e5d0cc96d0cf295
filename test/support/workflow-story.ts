import type { Json } from '../../src/contracts/json.ts';
import { parse } from '../../src/contracts/parse.ts';
import {
  type RunTask,
  workflowSubmission,
  type WorkflowEvent,
  type WorkflowView,
} from '../../src/contracts/workflow.ts';
import { everyNode, isTask } from '../../src/contracts/workflow-nodes.ts';
import { createTestCloud } from '../../src/sdk/test-cloud.ts';

/** What a workflow came to: `log` tells its events in their order, `+a` a started, `-a` it completed, `!a` it failed, `~a` it was skipped. */
export interface Story {
  readonly view: WorkflowView;
  readonly tasks: readonly RunTask[];
  readonly log: readonly string[];
}

/** Slots of the agent that can do everything. More than any example has tasks at a time. */
const slots = 64;

function markOf(event: WorkflowEvent): string[] {
  switch (event.type) {
    case 'NodeStarted':
      return [`+${event.node}`];
    case 'NodeCompleted':
      return [`-${event.node}`];
    case 'NodeFailed':
      return [`!${event.node}`];
    case 'NodeSkipped':
      return [`~${event.node}`];
    default:
      return [];
  }
}

/**
 * Runs a submission in virtual time. Tasks last `duration_ms` of their payload and give it back. What needs a capability is done by one agent with a single
 * slot for each. `cancelAfterMs` cancels the workflow so long after its submission.
 */
export async function tell(
  value: unknown,
  { cancelAfterMs }: { readonly cancelAfterMs?: number } = {},
): Promise<Story> {
  const { workflow_id, definition, input } = parse(workflowSubmission, value);
  const cloud = createTestCloud();
  const { client, drive } = cloud;
  const work = async (payload: Json, signal: AbortSignal): Promise<Json> => {
    const { duration_ms = 0 } = payload as { readonly duration_ms?: number };
    await cloud.sleep(duration_ms, signal);
    return payload;
  };
  const special = new Set(everyNode(definition).flatMap((node) => (isTask(node) ? node.required_capabilities : [])));
  const agents = [{ id: 'anybody', slots }, ...[...special].map((id) => ({ id, slots: 1, capabilities: [id] }))];
  for (const agent of agents) {
    await cloud.addAgent({ ...agent, handler: async ({ payload }, { signal }) => work(payload, signal) });
  }
  const handle = await drive(client.run(definition, input, { workflow_id }));
  if (cancelAfterMs !== undefined) {
    await cloud.skip(cancelAfterMs);
    await drive(handle.cancel());
  }
  const view = await drive(handle.wait());
  const rows = await drive(handle.events());
  return { view, tasks: await drive(handle.tasks()), log: rows.flatMap(({ events }) => events).flatMap(markOf) };
}
