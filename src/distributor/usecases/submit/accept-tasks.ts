import { canonicalJson } from '../../../contracts/json.ts';
import { type Outcome, refused } from '../../../contracts/errors.ts';
import { defaultNamespace, defaultPool } from '../../../contracts/ids.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import type { Task } from '../../../contracts/distributor/task.ts';
import { deadlineTimerOf, routesOfTask } from '../../core/tasks/expiry.ts';
import { namespaceOf } from '../../core/ready/route.ts';
import { storeText } from '../../core/tasks/stored-json.ts';
import { standingOf } from '../../core/ready/submitter.ts';
import { newTask } from '../../core/tasks/task.ts';
import { tickDelays } from '../../core/tasks/timers.ts';
import type { DistributorDeps } from '../../ports.ts';
import { keyRuleOf } from '../../core/ready/key-rule.ts';
import type { Marked } from './accept-marked.ts';
import type { Admission } from '../../core/ready/overflow.ts';
import { admissionOf } from './admission.ts';
import { refuseOverflow } from './refuse-overflow.ts';

/** Tasks with the authority they came with. */
export interface TaskSubmission {
  readonly tasks: readonly Task[];
  readonly principal: string;
  readonly correlation_id: string;
  readonly traceparent?: string;
}

/** An accepted task; `repeated` when the very same one had been accepted before. */
export interface Accepted {
  readonly task_id: string;
  readonly repeated: boolean;
}

/** Estimates outside of this are no estimates, and DynamoDB's numbers end not far beyond. */
const estimateMax = 1_000_000_000;
/** Nine digits behind the point: a number such as 1e-300 is nothing, and nothing that DynamoDB could keep. */
const rounded = (value: number): number => Number(value.toFixed(9));
const isEstimate = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= estimateMax;

/** The specification carries these two inside the payload; they are lifted to where decisions read them. */
export function estimates(payload: Task['payload']): Pick<TaskRow, 'complexity_score' | 'estimated_duration'> {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return {};
  const { complexity_score, estimated_duration } = payload as Record<string, unknown>;
  const seconds =
    typeof estimated_duration === 'string'
      ? Number(/^(\d+(?:\.\d+)?)s$/.exec(estimated_duration)?.[1])
      : estimated_duration;
  return {
    ...(isEstimate(complexity_score) ? { complexity_score: rounded(complexity_score) } : {}),
    ...(isEstimate(seconds) ? { estimated_duration: rounded(seconds) } : {}),
  };
}

async function toRow(
  deps: DistributorDeps,
  task: Task,
  submission: TaskSubmission,
  admission: Admission,
): Promise<TaskRow> {
  const row = newTask(
    { ...task, payload: await storeText(deps, task.task_id, JSON.stringify(task.payload)) },
    {
      pool: defaultPool,
      now: new Date(deps.sources.now()).toISOString(),
      body_hash: deps.sources.hash(canonicalJson(task)),
      submitted_by: submission.principal,
      ...standingOf(admission.policy, submission.principal),
      correlation_id: submission.correlation_id,
      ...(submission.traceparent === undefined ? {} : { traceparent: submission.traceparent }),
      ...estimates(task.payload),
    },
  );
  // Its hash is that of the body as it was submitted: spilled or not, a repeat is a repeat.
  return mayOverflow(admission) ? (await spilling())(row, admission, deps.sources.now()) : row;
}

/** Hardly ever is a queue full. */
const spilling = async () => (await import('../../core/ready/spill.ts')).spilled;
const mayOverflow = ({ full = {} }: Admission): boolean => Object.keys(full).length > 0;

/**
 * Accepts tasks: a row each, idempotent by `task_id`. The same id with the same body is a repeat, with another body a `task-conflict`, and the
 * first stays. A new one whose queue is full is refused with `queue-full`, or
 * spilled, as the policy says. Answers for each submission in the order of its tasks. The dispatcher is told of the routes,
 * of all submissions at once; should that be lost, the pulse finds them.
 */
export async function acceptSubmissions(
  deps: DistributorDeps,
  submissions: readonly TaskSubmission[],
): Promise<readonly (readonly Outcome<Accepted>[])[]> {
  const tasks = submissions.flatMap((submission) => submission.tasks);
  const admission = await admissionOf(deps, defaultPool);
  const over = await refuseOverflow(deps, admission, tasks);
  const admitted = submissions.map((submission) => ({
    ...submission,
    tasks: submission.tasks.filter(({ task_id }) => !over.has(task_id)),
  }));
  const answers = (await admit(deps, admitted, admission)).values();
  return submissions.map((submission) =>
    submission.tasks.map(({ task_id }) => over.get(task_id) ?? answers.next().value ?? refused('internal')),
  );
}

/** Few tasks say something about others with their key. */
const marking = async () => (await import('./accept-marked.ts')).acceptMarked;

/** Accepts the tasks of one submission. */
export async function acceptTasks(
  deps: DistributorDeps,
  submission: TaskSubmission,
): Promise<readonly Outcome<Accepted>[]> {
  return (await acceptSubmissions(deps, [submission])).flat();
}

async function admit(
  deps: DistributorDeps,
  submissions: readonly TaskSubmission[],
  admission: Admission,
): Promise<readonly Outcome<Accepted>[]> {
  const rows = await Promise.all(
    submissions.flatMap((submission) => submission.tasks.map((task) => toRow(deps, task, submission, admission))),
  );
  // One row an id: a batch that names an id twice is judged like two submissions, the first one first.
  const firsts = new Map<string, TaskRow>();
  for (const row of rows) if (!firsts.has(row.task_id)) firsts.set(row.task_id, row);
  const killed = await killedAmong(deps, rows);
  const fresh = [...firsts.values()].filter((row) => !killed.has(namespaceOf(row)));
  await deps.agents.addRoutes(fresh.flatMap(routesOfTask));
  const plain = fresh.filter((row) => keyRuleOf(row) === undefined);
  const found = await deps.tasks.insert(plain);
  const before = new Map(plain.map((row, index) => [row.task_id, found[index]]));
  const marked = new Map<string, Outcome<Marked>>();
  for (const row of fresh) {
    const rule = keyRuleOf(row);
    // One after the other: of two with the same key in one message the second one finds the first.
    if (rule !== undefined) marked.set(row.task_id, await (await marking())(deps, row, rule));
  }
  const keyed = [...marked.values()].flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
  const deadlines = fresh.flatMap((row) => deadlineTimerOf(row) ?? []);
  if (deadlines.length > 0) await deps.messenger.ticks(defaultPool, tickDelays(deadlines, deps.sources.now()));
  await hintWaiting(deps, [...plain.map((row, index) => found[index] ?? row), ...keyed.map(({ row }) => row)]);
  return rows.map((row) => {
    const kill = killed.get(namespaceOf(row));
    if (kill !== undefined)
      return refused('namespace-killed', `${namespaceOf(row)} was killed: ${kill.reason}`, 'namespace');
    const outcome = marked.get(row.task_id);
    if (outcome?.ok === false) return outcome;
    if (outcome !== undefined && !outcome.value.isNew) {
      const { task_id } = outcome.value.row;
      // It joined another task.
      if (task_id !== row.task_id) return { ok: true, value: { task_id, repeated: true } };
      before.set(task_id, outcome.value.row);
    }
    const stored = before.get(row.task_id) ?? firsts.get(row.task_id);
    if (stored?.body_hash !== row.body_hash)
      return refused('task-conflict', `${row.task_id} was accepted before with another body`, 'task_id');
    return {
      ok: true,
      value: {
        task_id: row.task_id,
        repeated: before.get(row.task_id) !== undefined || firsts.get(row.task_id) !== row,
      },
    };
  });
}

/** Which namespaces of these tasks were killed. Asked only where one is named: the default one cannot be. */
async function killedAmong(deps: DistributorDeps, rows: readonly TaskRow[]) {
  const named = new Set(
    rows.flatMap(({ namespace = defaultNamespace }) => (namespace === defaultNamespace ? [] : [namespace])),
  );
  return deps.namespaces.killed(defaultPool, [...named]);
}

async function hintWaiting(deps: DistributorDeps, rows: readonly TaskRow[]): Promise<void> {
  const waiting = Map.groupBy(
    rows.filter((row) => row.status === 'Queued' && row.not_before === undefined),
    (row) => row.pool,
  );
  await deps.messenger.hint(
    [...waiting].map(([pool, list]) => ({ pool, routes: [...new Set(list.map((row) => row.route))] })),
  );
}
