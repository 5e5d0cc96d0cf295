import { expect } from '@jest/globals';
import type { Json } from '../../src/contracts/json.ts';
import { parse } from '../../src/contracts/parse.ts';
import {
  type RunTask,
  workflowDefinition,
  workflowSubmission,
  type WorkflowEvent,
  type WorkflowStatus,
  type WorkflowView,
} from '../../src/contracts/workflow/workflow.ts';
import { everyNode, isTask } from '../../src/contracts/workflow/nodes.ts';
import { createTestCloud } from '../../src/sdk/test-cloud/test-cloud.ts';

/** What a workflow came to: `log` tells its events in their order, `+a` a started, `-a` it completed, `!a` it failed, `~a` it was skipped. */
interface Story {
  readonly view: WorkflowView;
  readonly tasks: readonly RunTask[];
  readonly log: readonly string[];
}

/** What a run of an example must show. */
export interface StoryCase {
  /** Instead of the example's own input. */
  readonly input?: Json;
  readonly cancelAfterMs?: number;
  /** Events for it, so long after its submission; in this order. */
  readonly signals?: readonly {
    readonly afterMs: number;
    readonly name: string;
    readonly key?: string;
    readonly data?: Json;
  }[];
  /** @default Completed */
  readonly status?: WorkflowStatus;
  /** Marks of the event log (see `Story`), each of which happened once, in this order. What the pattern is about stands in a line of its own. */
  readonly order: readonly string[];
  /** Every node that completed, was left out, was stopped while it ran, or failed. */
  readonly completed: string;
  readonly skipped?: string;
  readonly cancelled?: string;
  readonly failed?: string;
  /** Tasks of which no two ran at the same time. */
  readonly apart?: string;
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
async function tell(value: unknown, { cancelAfterMs, signals = [] }: StoryCase): Promise<Story> {
  const { workflow_id, definition: given, input } = parse(workflowSubmission, value);
  const definition = parse(workflowDefinition, given);
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
  let passed = 0;
  for (const { afterMs, name, key, data } of signals) {
    await cloud.skip(afterMs - passed);
    passed = afterMs;
    await drive(handle.signal(name, data, key === undefined ? {} : { key }));
  }
  if (cancelAfterMs !== undefined) {
    await cloud.skip(cancelAfterMs);
    await drive(handle.cancel());
  }
  const view = await drive(handle.wait());
  const rows = await drive(handle.events());
  return { view, tasks: await drive(handle.tasks()), log: rows.flatMap(({ events }) => events).flatMap(markOf) };
}

/** Names of tasks in this status, sorted. */
function namesOf(tasks: readonly RunTask[], status: string): readonly string[] {
  return tasks.flatMap((task) => (task.status === status ? [task.name] : [])).sort();
}

const words = (text = ''): readonly string[] => text.split(' ').filter((word) => word !== '');

/** Pairs of tasks that ran at the same time. */
function overlaps(tasks: readonly RunTask[], names: readonly string[]): readonly string[] {
  const runs = tasks
    .filter(({ name }) => names.includes(name))
    .sort((a, b) => (a.started_at ?? '').localeCompare(b.started_at ?? ''));
  expect(runs).toHaveLength(names.length);
  return runs.flatMap((run, index) => {
    const before = runs[index - 1];
    return before !== undefined && (before.completed_at ?? '') > (run.started_at ?? '')
      ? [`${before.name} and ${run.name}`]
      : [];
  });
}

/** Runs a submission as `tell` does, and expects what the case says. */
export async function expectStory(
  submission: Readonly<Record<string, Json>>,
  expected: StoryCase,
): Promise<WorkflowView> {
  const { input = submission['input'] } = expected;
  const { view, tasks, log } = await tell({ ...submission, ...(input === undefined ? {} : { input }) }, expected);
  expect(view.status).toBe(expected.status ?? 'Completed');
  for (const chain of expected.order.map(words)) expect(log.filter((mark) => chain.includes(mark))).toEqual(chain);
  for (const [status, names] of [
    ['Completed', expected.completed],
    ['Skipped', expected.skipped],
    ['Cancelled', expected.cancelled],
    ['Failed', expected.failed],
  ] as const) {
    expect([status, ...namesOf(tasks, status)]).toEqual([status, ...words(names).toSorted()]);
  }
  expect(overlaps(tasks, words(expected.apart))).toEqual([]);
  return view;
}
