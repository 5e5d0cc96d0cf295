import type { AgentRow, PolicyRow, TaskRow } from '../../src/contracts/rows.ts';
import { sharers } from './drawn-shares.ts';
import type { Check, Item } from './oracle.ts';

interface SharesView {
  peek(pk: string, sk: string): Item | undefined;
  agents(): readonly Item[];
  isDisturbed(since: number): boolean;
  /** Since when tasks stand in the ready order, by partition and id. */
  readonly ready: ReadonlyMap<string, ReadonlyMap<string, { readonly since: number }>>;
  isReserved(task_id: string): boolean;
  /** Whether others handed out a part of the round of this time: then its claims come in no order. */
  isDivided(decidedAt: number): boolean;
  /** Whether some round has read the waiting tasks of a namespace or submitter since. */
  isRead(sharer: string, since: number): boolean;
}

/** How long a row may stay unseen by a dispatcher that reads the lagging index, with the latency of its calls (ms). */
const seenAfterMs = 2_500;
/** How long it takes until an agent that comes back is asked for everything that waits: by the pulse (ms). */
const askedAfterMs = 5_000;
/** Starts that a round counts although they come to nothing: somebody took the slot, or the task, in between. */
const slackStarts = 1;

/** Whether an agent gets work, by its row. */
const isThere = (row: Item | undefined, at: number): boolean =>
  row !== undefined &&
  row['stopped'] === undefined &&
  row['draining'] !== true &&
  Date.parse(String(row['lease_until'])) > at;

/** What is promised of shares and reservations, counted from rows that the code under test does not go by. */
export function createSharesOracle(view: SharesView, check: Check) {
  /** Starts of each while both had work waiting, and the decision that made the newest, with whether both had. */
  let counts = new Map<string, number>();
  let newest: { readonly at: number; readonly names: string[]; readonly isContested: boolean } | undefined;
  /** Since when fewer slots are used by those they are kept for than are kept. */
  let shortSince: number | undefined;
  const availableSince = new Map<string, number>();

  const document = (): PolicyRow['document'] =>
    (view.peek('POOL#default', '#POLICY') as PolicyRow | undefined)?.document ?? {};
  const agents = () => view.agents() as unknown as readonly AgentRow[];
  const takesBatches = (): boolean => agents().some(({ batch }) => batch !== undefined);

  function sharerOf({ namespace, submitter }: Pick<TaskRow, 'namespace' | 'submitter'>): string | undefined {
    const { shares, submitters, reservations } = document();
    // What comes first because slots are kept for it counts for nobody.
    if (reservations !== undefined) return undefined;
    if (submitters !== undefined) return sharers.submitters.find((name) => name === submitter);
    return shares === undefined ? undefined : sharers.namespaces.find((name) => name === namespace);
  }

  /** Those who have something waiting that a decision at this time has seen. */
  function waiting(decidedAt: number, of: (row: TaskRow) => string | undefined): ReadonlySet<string | undefined> {
    const names = [...view.ready.values()].flatMap((lane) =>
      [...lane].map(([id, { since }]) => {
        const row = view.peek(`TASK#${id}`, 'TASK') as unknown as TaskRow;
        return since + seenAfterMs < decidedAt && !view.isReserved(id) ? of(row) : undefined;
      }),
    );
    return new Set(names);
  }

  function checkShares(after: TaskRow, decidedAt: number, at: number): void {
    const name = sharerOf(after);
    if (name === undefined || takesBatches()) return;
    if (newest?.at === decidedAt) {
      newest.names.push(name);
      return;
    }
    const { shares, submitters } = document();
    const weights: Readonly<Record<string, number>> = submitters ?? shares ?? {};
    const pair = submitters === undefined ? sharers.namespaces : sharers.submitters;
    const still = waiting(decidedAt, sharerOf);
    const isContested =
      !view.isDivided(decidedAt) && pair.every((each) => still.has(each) && view.isRead(each, decidedAt));
    // What was decided before both were seen is nobody's debt.
    if (newest?.isContested === true) for (const each of newest.names) counts.set(each, (counts.get(each) ?? 0) + 1);
    // Only while both have work waiting all the time, and nobody was overtaken.
    if (!isContested || view.isDisturbed(newest?.at ?? at)) counts = new Map();
    newest = { at: decidedAt, names: [name], isContested };
    const [mine, its] = pair.map((each) => {
      const weight = weights[each] ?? weights['*'] ?? 1;
      return { done: (counts.get(each) ?? 0) / weight, step: 1 / weight };
    }) as [{ done: number; step: number }, { done: number; step: number }];
    const apart = Math.abs(mine.done - its.done);
    check(apart <= (1 + slackStarts) * (mine.step + its.step) + 1e-9, at, 'SharesKept', () =>
      pair.map((each) => `${each} ${counts.get(each) ?? 0} of weight ${weights[each] ?? weights['*']}`).join(', '),
    );
  }

  const keptFor = (namespace: string | undefined): boolean =>
    document().reservations?.some(({ match }) => match.namespace?.includes(namespace ?? '') === true) === true;

  /** How many slots are kept where there are so many. */
  const keptOf = (slots: number): number => Math.floor(((document().reservations?.[0]?.percent ?? 0) * slots) / 100);

  /** Agents that have been there for so long (ms) at a time. */
  const steadyAgents = (at: number, forMs: number): readonly AgentRow[] =>
    agents().filter(
      (agent) => isThere(agent as unknown as Item, at) && (availableSince.get(agent.agent_id) ?? at) + forMs < at,
    );

  /** Slots of these agents that those use for whom they are kept, reserved before a time. */
  function usedBefore(time: number, among: readonly AgentRow[]): number {
    const held = among.flatMap(({ holds }) => Object.entries(holds).filter(([, hold]) => hold.at < time));
    return held.filter(([key]) => {
      const task = view.peek(`TASK#${key.slice(0, key.lastIndexOf('#'))}`, 'TASK');
      return keptFor(task?.['namespace'] as string | undefined);
    }).length;
  }

  /** Whether fewer slots are used by those for whom they are kept than are kept of those that have been there for a while. */
  function isShort(at: number): boolean {
    const open = ({ capacity, failed_in_a_row = 0 }: AgentRow): number => (failed_in_a_row > 0 ? 1 : capacity);
    const steady = steadyAgents(at, askedAfterMs);
    return usedBefore(Infinity, agents()) < keptOf(steady.reduce((sum, agent) => sum + open(agent), 0));
  }

  function checkReservations(after: TaskRow, decidedAt: number, at: number): void {
    if (document().reservations === undefined || takesBatches() || view.isDisturbed(decidedAt)) return;
    if (view.isDivided(decidedAt)) return;
    if (keptFor(after.namespace)) {
      const isFirst = after.distribution?.reasons.includes('reservation kept was short') === true;
      // Those that a round did not see: agents that were silent, and what another round reserved while it read.
      const used = usedBefore(decidedAt - seenAfterMs, steadyAgents(decidedAt, seenAfterMs));
      const kept = keptOf(agents().reduce((sum, { capacity }) => sum + capacity, 0));
      const detail = () => `${after.task_id} came first: ${used} of ${kept} are used`;
      check(!isFirst || used < kept, at, 'KeepsNoMore', detail);
      return;
    }
    // An agent that fell silent changes no row.
    if (shortSince === undefined || shortSince + seenAfterMs >= decidedAt || !isShort(at)) return;
    // A round looks at the routes that it was told of and at those that agents want: what a failed one did not mark is left to the pulse.
    if (view.isDisturbed(shortSince)) return;
    if (!view.isRead(sharers.namespaces[1], decidedAt)) return;
    const isWaiting = waiting(decidedAt, ({ namespace }) => (keptFor(namespace) ? 'kept' : undefined)).has('kept');
    check(!isWaiting, at, 'ReservedFirst', () => `${after.task_id} started, slots are kept since ${shortSince}`);
  }

  return {
    onTask(before: Item, after: Item, at: number): void {
      if (before['status'] !== 'Queued' || after['status'] !== 'Processing') return;
      const row = after as unknown as TaskRow;
      const decidedAt = Date.parse(row.distribution?.distribution_time ?? '');
      checkShares(row, decidedAt, at);
      checkReservations(row, decidedAt, at);
    },
    onAgent(before: Item | undefined, after: Item | undefined, at: number): void {
      if (document().reservations === undefined) return;
      const id = String((after ?? before)?.['agent_id']);
      if (!isThere(after, at)) availableSince.delete(id);
      else if (!isThere(before, at)) availableSince.set(id, at);
      if (isShort(at)) shortSince ??= at;
      else shortSince = undefined;
    },
  };
}
