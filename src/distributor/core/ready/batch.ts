import { batchBytesMax } from '../../../contracts/limits.ts';
import type { AgentRow, PolicyRow, ReadyTask, RouteRow, TaskRow } from '../../../contracts/rows.ts';
import type { BatchTraits } from '../../../contracts/distributor/agent.ts';
import { isCanaryTask } from '../policy/canary.ts';
import type { Router } from '../policy/routing.ts';
import type { Reservations } from './reservations.ts';
import type { Lane } from './lane.ts';
import { isDueAt, levelOf } from './ready-order.ts';
import { keyOf } from '../strategies/registry.ts';

/** A task and those that may go with it, or until when (epoch ms) they wait for company. */
export type Company = { readonly tasks: readonly ReadyTask[] } | { readonly waitsUntil: number };

const encoder = new TextEncoder();

/** The size of a payload; one that comes by reference is large. */
function bytesOf({ payload, payload_bytes = Infinity }: ReadyTask): number {
  return payload?.text === undefined ? payload_bytes : encoder.encode(payload.text).length;
}

/** What decides who may share a batch. `now` is epoch ms. */
interface BatchingContext {
  readonly now: number;
  readonly router: Router;
  readonly policy: PolicyRow | undefined;
  readonly reservations: Reservations | undefined;
}

/**
 * What tasks have in common that may share a batch, besides their route: level, type and key, and all by which a policy, either side of one that is tried, would send them to other agents or count them for somebody else. Undefined:
 * the task shares with nobody, since it goes on from a checkpoint.
 */
export function kindOf(
  task: ReadyTask,
  route: RouteRow,
  { router, policy, reservations }: Omit<BatchingContext, 'now'>,
): string | undefined {
  if (task.resume !== undefined) return undefined;
  const { rule = '', filter = '', chain } = router(task, route);
  return [
    levelOf(task.order),
    task.task_type,
    task.distribution_rules?.affinity_key ?? '',
    rule,
    filter,
    policy !== undefined && isCanaryTask(policy, task.task_id),
    ...chain.flatMap((settings) => [settings.use, keyOf(settings, task)]),
    reservations?.of(task, route) ?? '',
  ].join('\n');
}

/** Until when a task waits for company (whole epoch ms, as ticks are): as long as its agent says, and no longer than half of the time to its deadline. */
function waitsUntil(
  { queued_at, deadline }: Pick<TaskRow, 'queued_at' | 'deadline'>,
  { wait_ms = 0 }: BatchTraits,
): number {
  const queued = Date.parse(queued_at);
  const left = deadline === undefined ? Infinity : Math.max(0, Date.parse(deadline) - queued);
  return queued + Math.min(wait_ms, Math.floor(left / 2));
}

/**
 * The company of the next task of a lane, in ready order, up to what a batch may be. They go when no other one fits, or when the first of them has waited long enough; what
 * is due waits for nobody.
 */
export function companyOf(
  lane: Lane,
  task: ReadyTask,
  kind: string | undefined,
  traits: BatchTraits,
  context: BatchingContext,
): Company {
  const { tasks_max, bytes_max = batchBytesMax } = traits;
  const at = new Date(context.now).toISOString();
  const company = [task];
  let bytes = bytesOf(task);
  if (kind === undefined || bytes > bytes_max) return { tasks: company };
  let isFull = false;
  for (const other of lane.next?.tasks.slice(lane.next.next + 1) ?? []) {
    isFull = company.length >= tasks_max || bytes >= bytes_max;
    if (isFull) break;
    if (lane.joined.has(other.task_id) || kindOf(other, lane.route, context) !== kind) continue;
    const more = bytesOf(other);
    if (more > bytes_max) continue;
    // Only neighbours: what does not fit is the first of the next batch, and nobody of its kind overtakes it.
    isFull = bytes + more > bytes_max;
    if (isFull) break;
    company.push(other);
    bytes += more;
  }
  const until = Math.min(...company.map((each) => waitsUntil(each, traits)));
  const isReady = isFull || company.length >= tasks_max || isDueAt(task.order, at) || until <= context.now;
  return isReady ? { tasks: company } : { waitsUntil: until };
}

/** Until when (epoch ms) a task may wait for the company of a batch, although one of these agents is free; undefined: it does not. */
export function companyUntil(
  task: Pick<TaskRow, 'queued_at' | 'deadline'>,
  free: readonly AgentRow[],
  now: number,
): number | undefined {
  const untils = free.map(({ batch }) => (batch === undefined ? now : waitsUntil(task, batch)));
  const until = Math.max(...untils);
  return untils.length > 0 && until > now ? until : undefined;
}
