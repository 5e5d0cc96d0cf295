import { sharersRememberedMax } from '../../../contracts/limits.ts';
import type { PolicyDocument } from '../../../contracts/distributor/policy.ts';
import type { PoolRows, RouteRow, Served } from '../../../contracts/rows.ts';
import { namespaceOf } from './route.ts';

/** Where a lane stands among those that share: its namespace, then its submitter among those of the namespace. */
export type Turns = readonly [namespace: number, submitter: number];

/** Where everybody stands while nothing is shared out. */
export const noTurns: Turns = [0, 0];

/** Whose turn it is in a pool, level by level, during one round. */
export interface FairShare {
  /** Where the next task of a route stands in a level: the lowest is served first. It may rise during a round, never fall. */
  turnsOf(route: RouteRow, level: number): Turns;
  /** Counts a start. */
  take(route: RouteRow, level: number): void;
  /** How far all have come, for the next round; undefined when nothing was counted. */
  served(): Served | undefined;
}

/** One of a group of sharers that take turns with each other. */
interface Sharer {
  readonly group: string;
  readonly name: string;
  readonly weights: Readonly<Record<string, number>> | undefined;
}

function weightOf({ name, weights = {} }: Sharer): number {
  return (Object.hasOwn(weights, name) ? weights[name] : weights['*']) ?? 1;
}

/**
 * What is worth remembering: who is ahead, since who is not stands where everybody stands of whom nothing is known; at most `sharersRememberedMax` of them, those of this round first, and those
 * furthest ahead. A group without such is forgotten whole: all of it stand where the others are.
 */
function remembered(all: Served, ofRound: ReadonlyMap<string, unknown>): Served {
  const ahead = Object.entries(all).flatMap(([group, { now, next }]) =>
    Object.entries(next).flatMap(([name, turn]) => (turn > now ? [{ group, now, name, turn }] : [])),
  );
  if (ahead.length > sharersRememberedMax) {
    const rank = ({ group }: { readonly group: string }): number => (ofRound.has(group) ? 1 : 0);
    ahead.sort((one, other) => rank(other) - rank(one) || other.turn - other.now - (one.turn - one.now));
    ahead.length = sharersRememberedMax;
  }
  return Object.fromEntries(
    [...Map.groupBy(ahead, ({ group }) => group)].map(([group, list]) => [
      group,
      { now: list[0]?.now ?? 0, next: Object.fromEntries(list.map(({ name, turn }) => [name, turn])) },
    ]),
  );
}

/** The namespace and the submitter of a route among those they share a level with. */
function sharersOf(
  route: RouteRow,
  level: number,
  { shares, submitters }: Pick<PolicyDocument, 'shares' | 'submitters'>,
): readonly [Sharer, Sharer] {
  const namespace = shares === undefined ? '' : namespaceOf(route);
  return [
    { group: String(level), name: namespace, weights: shares },
    { group: `${level} ${namespace}`, name: route.submitter ?? '', weights: submitters },
  ];
}

/**
 * Start-time fair queueing (Goyal, Vin and Cheng, 1996) with starts as the measure: each start moves a sharer on by one over its weight, and who has come least far is
 * next. Who had nothing waiting begins where the others are: a pause earns nothing. Of two that have work waiting in a level all the time, what they started divided by
 * their weights never differs by more than one over each weight. Namespaces share a level, and the submitters of a namespace what it gets of that (of the whole level where
 * namespaces do not share): the law holds for them within it. In the weights of a policy `*` is for all others, 1 where it is not given. Undefined: it shares nothing out.
 */
export function openFairShare(
  sharing: Pick<PolicyDocument, 'shares' | 'submitters'>,
  before: Served = {},
): FairShare | undefined {
  if (sharing.shares === undefined && sharing.submitters === undefined) return undefined;
  const groups = new Map<string, { now: number; next: Map<string, number> }>();
  let isCounted = false;
  const groupOf = (name: string) => {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const { now = 0, next = {} } = before[name] ?? {};
    const opened = { now, next: new Map(Object.entries(next)) };
    groups.set(name, opened);
    return opened;
  };
  const turnOf = ({ group, name, weights }: Sharer): number => {
    if (weights === undefined) return 0;
    const { now, next } = groupOf(group);
    return Math.max(now, next.get(name) ?? 0);
  };
  return {
    turnsOf: (route, level) => {
      const [namespace, submitter] = sharersOf(route, level, sharing);
      return [turnOf(namespace), turnOf(submitter)];
    },
    take: (route, level) => {
      for (const sharer of sharersOf(route, level, sharing)) {
        if (sharer.weights === undefined) continue;
        const turn = turnOf(sharer);
        const group = groupOf(sharer.group);
        group.now = turn;
        group.next.set(sharer.name, turn + 1 / weightOf(sharer));
        isCounted = true;
      }
    },
    served: () => {
      if (!isCounted) return undefined;
      const after = [...groups].map(
        ([name, { now, next }]) => [name, { now, next: Object.fromEntries(next) }] as const,
      );
      return remembered({ ...before, ...Object.fromEntries(after) }, groups);
    },
  };
}

/** Where one stands among those who take turns in a level. */
export interface Turn {
  readonly of: 'namespace' | 'submitter';
  readonly name: string;
  readonly weight: number;
  /** Its part of the level (0 to 1) while all wait that do now. */
  readonly share: number;
  /** Starts that it has had beyond its share, compared with the one whose turn it is. */
  readonly ahead: number;
  /** Whose turn it is. */
  readonly next: string;
}

/** Where the namespace and the submitter of a route stand among those of which tasks wait in this level, in `routes`; those that the policy does not share between are left out. */
export function turnsAmong(
  routes: readonly RouteRow[],
  own: RouteRow,
  level: number,
  { policy, served }: Pick<PoolRows, 'policy' | 'served'>,
): readonly Turn[] {
  const sharing = policy?.document ?? {};
  const shares = openFairShare(sharing, served);
  if (shares === undefined) return [];
  const mine = sharersOf(own, level, sharing);
  return (['namespace', 'submitter'] as const).flatMap((of, index) => {
    const me = mine[index as 0 | 1];
    if (me.weights === undefined) return [];
    const turns = new Map([[me.name, { sharer: me, turn: shares.turnsOf(own, level)[index as 0 | 1] }]]);
    for (const route of routes) {
      const sharer = sharersOf(route, level, sharing)[index as 0 | 1];
      if (sharer.group !== me.group || turns.has(sharer.name)) continue;
      turns.set(sharer.name, { sharer, turn: shares.turnsOf(route, level)[index as 0 | 1] });
    }
    const all = [...turns.values()];
    // Of equals the task's own: then nobody's turn is before it.
    const next = all.reduce((first, each) => (each.turn < first.turn ? each : first));
    const weight = weightOf(me);
    const ahead = ((turns.get(me.name)?.turn ?? 0) - next.turn) * weight;
    const share = weight / all.reduce((sum, { sharer }) => sum + weightOf(sharer), 0);
    return [{ of, name: me.name, weight, share: rounded(share), ahead: rounded(ahead), next: next.sharer.name }];
  });
}

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
