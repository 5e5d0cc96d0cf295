import { ratedKeysMax } from '../../../contracts/limits.ts';
import type { PolicyLimit } from '../../../contracts/distributor/policy.ts';
import type { AgentRow, PoolRows, ReadyTask, RouteRow, Starts } from '../../../contracts/rows.ts';
import type { RateLimit } from '../../../contracts/distributor/task.ts';
import type { Taken } from '../dispatch/assignment.ts';
import { openBudgets, type Overdraft } from '../dispatch/budget-limiter.ts';
import { matches } from '../policy/routing.ts';
import { namespaceOf } from './route.ts';
import { isForgotten, nextStartAt, startsWithin, withStart } from './rate-window.ts';

/** One limit as a task meets it. `name` is what holds and the pool's row note; `title` is how people know it. */
interface Limit {
  readonly name: string;
  readonly title: string;
  readonly concurrency?: number | undefined;
  readonly rate?: RateLimit | undefined;
}

/** Why a task may not start now, and what would let it, as people are told. */
export interface Block {
  /** The limit, as holds and the pool's row note it. */
  readonly name: string;
  readonly reason: string;
  readonly would_start: string;
  /** A budget leaves no room for it. */
  readonly overdraft?: Overdraft;
}

/** What a task asks of the pool's limits. */
export type Limited = Pick<ReadyTask, 'task_id' | 'task_type' | 'priority' | 'distribution_rules'>;

/** The pool's limits during one round. */
export interface Limiter {
  /** The limit that holds the task back; undefined: it may start. */
  blockOf(task: Limited, route: RouteRow): Block | undefined;
  /** Counts a start, by this agent where one has it; answers with what it takes. Undefined: the task meets no limit. */
  take(task: Limited, route: RouteRow, agent?: AgentRow): Taken | undefined;
  /** The agents on which attempts run that count against a limit. */
  holdersOf(name: string): readonly AgentRow[];
  /** The recent starts of all rate limits, after what was taken. */
  starts(): Readonly<Record<string, Starts>>;
  /** When the first of the rate limits that are used up now, and that were used in this round, allows another start (epoch ms). */
  opensAt(): number | undefined;
}

const unlimited: readonly Limit[] = [];

/** Whose a route's tasks are. What came before the policy told submitters apart is as if it were all one's. */
const whoseOf = (route: RouteRow) => ({ namespace: namespaceOf(route), submitter: route.submitter ?? '(earlier)' });

/** The limits of the policy that a task meets, and its own. */
function limitsOf(task: Limited, route: RouteRow, ofPolicy: readonly PolicyLimit[]): readonly Limit[] {
  const { concurrency, rate_limit } = task.distribution_rules ?? {};
  // Most tasks of most pools: nothing is made for them.
  if (ofPolicy.length === 0 && concurrency === undefined && rate_limit === undefined) return unlimited;
  const limits: Limit[] = ofPolicy
    .filter(({ match }) => matches(match, task, route))
    .map(({ name, per, ...limit }) => {
      const whose = per === undefined ? undefined : whoseOf(route)[per];
      return {
        name: whose === undefined ? `limit:${name}` : `limit:${name} ${whose}`,
        title: `limit ${name} of the policy${whose === undefined ? '' : ` for ${per} ${whose}`}`,
        concurrency: limit.concurrency,
        rate: limit.rate_limit,
      };
    });
  if (concurrency !== undefined) {
    const { key, limit } = concurrency;
    limits.push({ name: `key:${key}`, title: `concurrency key ${key}`, concurrency: limit });
  }
  if (rate_limit !== undefined) {
    const { key } = rate_limit;
    limits.push({ name: `rate:${key}`, title: `rate limit key ${key}`, rate: rate_limit });
  }
  return limits;
}

/** The limits that a task meets, as people know them. */
export function limitTitles(task: Limited, route: RouteRow, policy: PoolRows['policy']): readonly string[] {
  return limitsOf(task, route, policy?.document.limits ?? []).map(({ title }) => title);
}

/** Who runs what counts against each limit, an agent once for each attempt. */
function holdersByLimit(agents: readonly AgentRow[]): Map<string, (AgentRow | undefined)[]> {
  const holders = new Map<string, (AgentRow | undefined)[]>();
  for (const agent of agents) {
    for (const { limits = [] } of Object.values(agent.holds)) {
      for (const name of limits) {
        const known = holders.get(name);
        if (known === undefined) holders.set(name, [agent]);
        else known.push(agent);
      }
    }
  }
  return holders;
}

const seconds = (ms: number): string => `${ms / 1_000} s`;

/**
 * Reads the pool's limits for one round. What runs is told by the holds of the agents, what started by the pool's row: nothing is counted that could be left over
 * after a crash. Where no task meets a limit it reads nothing. `now` is epoch ms.
 */
export function openLimiter({ agents, policy, budgets, starts: stored = {} }: PoolRows, now: number): Limiter {
  const ofPolicy = policy?.document.limits ?? [];
  const windows = new Map(Object.entries(stored).filter(([, starts]) => !isForgotten(starts, now)));
  const used = new Map<string, RateLimit>();
  let counted: ReturnType<typeof holdersByLimit> | undefined;
  const holders = () => (counted ??= holdersByLimit(agents));
  const drawn = openBudgets({ agents, ...(budgets === undefined ? {} : { budgets }) });

  function rateBlock({ name, title }: Limit, rate: RateLimit): Block | undefined {
    const window = windows.get(name);
    if (window === undefined && windows.size >= ratedKeysMax) {
      const reason = `waits for ${title}: the pool keeps ${ratedKeysMax} other rate limits already`;
      return { name, reason, would_start: 'one of the other rate limits is not used for its period' };
    }
    if (window === undefined) return undefined;
    const started = startsWithin(window, rate, now);
    if (started < rate.limit) return undefined;
    const until = new Date(nextStartAt(window, rate, now)).toISOString();
    const reason = `waits for ${title}: ${started} of ${rate.limit} started within ${seconds(rate.period_ms)}`;
    return { name, reason, would_start: `${title} allows the next start at ${until}` };
  }

  function blockOf(limit: Limit): Block | undefined {
    const { name, title, concurrency, rate } = limit;
    const running = concurrency === undefined ? 0 : (holders().get(name)?.length ?? 0);
    if (concurrency !== undefined && running >= concurrency) {
      const reason = `waits for ${title}: ${running} of ${concurrency} running`;
      return { name, reason, would_start: `one of the ${running} attempts that count against ${title} ends` };
    }
    return rate === undefined ? undefined : rateBlock(limit, rate);
  }

  return {
    blockOf: (task, route) => {
      for (const limit of limitsOf(task, route, ofPolicy)) {
        const block = blockOf(limit);
        if (block !== undefined) return block;
      }
      return drawn.blockOf(task, route);
    },
    take: (task, route, agent) => {
      const limits = limitsOf(task, route, ofPolicy);
      for (const { name, rate } of limits) {
        if (rate === undefined) continue;
        windows.set(name, withStart(windows.get(name), rate, now));
        used.set(name, rate);
      }
      const names = limits.filter(({ concurrency }) => concurrency !== undefined).map(({ name }) => name);
      const draft = drawn.take(task, route);
      if (draft !== undefined) names.push(draft.name);
      for (const name of names) holders().set(name, [...(holders().get(name) ?? []), agent]);
      if (limits.length === 0 && draft === undefined) return undefined;
      return { limits: names, ...(draft === undefined ? {} : { reserved: draft.reserved }) };
    },
    holdersOf: (name) => [...new Set(holders().get(name) ?? [])].filter((agent) => agent !== undefined),
    starts: () => Object.fromEntries(windows),
    opensAt: () => {
      const later = [...used].flatMap(([name, rate]) => {
        const starts = windows.get(name);
        const at = starts === undefined ? now : nextStartAt(starts, rate, now);
        return at > now ? [at] : [];
      });
      return later.length === 0 ? undefined : Math.min(...later);
    },
  };
}
