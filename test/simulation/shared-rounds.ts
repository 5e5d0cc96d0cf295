import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { roundShardMsMax } from '../../src/contracts/limits.ts';
import { holdKey } from '../../src/distributor/core/agents/hold.ts';
import type { Adapters } from '../../src/platform/aws/deployment.ts';
import type { LambdaHandler } from '../../src/platform/twin/lambda.ts';

/** How far the clocks of two dispatchers may be apart (ms). */
const clocksMsMax = 500;

/** The event without the shares of rounds that others decided; undefined: it is nothing else. */
export function decidingEvent(event: unknown): SQSEvent | undefined {
  const Records = (event as SQSEvent).Records.filter(({ body }) => !body.includes('"decided_at"'));
  return Records.length === 0 ? undefined : { Records };
}

/** Whose route this is, as its name begins: a namespace's, or behind the mark a submitter's. */
const sharerOf = (route: string): string => route.replace(/^~/, '').split('|', 1)[0] ?? '';

/** Watches what dispatchers give each other to hand out, and whose waiting tasks they read. `now` is epoch ms. */
export function watchShares(now: () => number) {
  const decidedAt = new Map<string, number[]>();
  const readAt = new Map<string, number[]>();
  /** From when to when dispatchers worked that came to their end. */
  const whole: { readonly began: number; readonly ended: number }[] = [];
  const isOf = (share: number, at: number): boolean => Math.abs(at - share) <= roundShardMsMax + clocksMsMax;
  return {
    adapters: (adapters: Adapters, name: string): Adapters => ({
      ...adapters,
      messenger: {
        ...adapters.messenger,
        share: (pool, shards) => {
          for (const { decided_at, assignments } of shards)
            for (const { task } of assignments)
              decidedAt.set(task.task_id, [...(decidedAt.get(task.task_id) ?? []), decided_at]);
          return adapters.messenger.share(pool, shards);
        },
      },
      tasks: {
        ...adapters.tasks,
        ready: (place, ...rest) => {
          if (name === 'dispatch-tasks') readAt.set(place.route, [...(readAt.get(place.route) ?? []), now()]);
          return adapters.tasks.ready(place, ...rest);
        },
      },
    }),
    /** Whether the waiting tasks of a namespace or submitter were read since. A round reads the routes that it was told of, and those that agents want: what it has not been told of yet, it passes over. */
    isRead: (sharer: string, since: number): boolean =>
      [...readAt].some(([route, times]) => sharerOf(route) === sharer && (times.at(-1) ?? 0) >= since),
    /** The dispatcher, watched for whether it comes to its end. */
    watched:
      (dispatcher: LambdaHandler): LambdaHandler =>
      async (event, context) => {
        const began = now();
        const answer = (await dispatcher(event, context)) as SQSBatchResponse;
        if (answer.batchItemFailures.length === 0) whole.push({ began, ended: now() });
        return answer;
      },
    /** Whether a round has read this route between these times, and its dispatcher did not die over it. */
    isLookedAt: (route: string, from: number, to: number): boolean =>
      readAt
        .get(route)
        ?.some((at) => from <= at && at <= to && whole.some(({ began, ended }) => began <= at && at <= ended)) === true,
    /**
     * Whether the task was given to another dispatcher in the decision of this time, or so shortly before that a later one may count on it: should it come to nothing, a lower task has overtaken this one. That is the
     * stated bound. A share bears the time after the heads were read, a claim the time before.
     */
    isShared: (task_id: string, at: number): boolean => (decidedAt.get(task_id) ?? []).some((each) => isOf(each, at)),
    /** Whether others handed out a part of the round of this time. */
    isDivided: (at: number): boolean => [...decidedAt.values()].flat().some((each) => isOf(each, at)),
  };
}

/** Dispatchers that take the slots of a share for reserved. */
export function withoutSharedReservations({ agents, messenger, ...adapters }: Adapters): Adapters {
  const shared = new Set<string>();
  return {
    ...adapters,
    messenger: {
      ...messenger,
      share: (pool, shards) => {
        const all = shards.flatMap(({ assignments }) => assignments);
        for (const { task, attempt } of all) shared.add(holdKey(task.task_id, attempt));
        return messenger.share(pool, shards);
      },
    },
    agents: {
      ...agents,
      reserve: async (pool, agent_id, holds, ...rest) =>
        Object.keys(holds).every((key) => shared.has(key)) || agents.reserve(pool, agent_id, holds, ...rest),
    },
  };
}
