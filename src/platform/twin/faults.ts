import type { Random } from './random.ts';

/** Where a fault can strike. The names are those of the log and of the mix. */
export const faultPoints = [
  'throttle',
  'lostAnswer',
  'transactionConflict',
  'partialBatch',
  'duplicate',
  'delay',
  'reorder',
  'lose',
  'visibilityExpiry',
  'lambdaTimeout',
  'lambdaCrashBefore',
  'lambdaCrashDuring',
  'lambdaCrashAfter',
  'staleIndex',
] as const;

/** The name of one kind of fault. */
export type FaultPoint = (typeof faultPoints)[number];

/** How often each kind strikes (0 to 1 per opportunity), and how hard. Absent means never. */
export type FaultMix = Partial<Record<FaultPoint, number>> & {
  /** Longest extra delay of a delayed message. */
  readonly delayMsMax?: number;
  /** Oldest an index read may be. */
  readonly staleIndexMsMax?: number;
  /** Largest deviation of a process's clock, either way. */
  readonly clockSkewMsMax?: number;
  /** Longest virtual duration of one service call; 0 means calls take no time and never interleave. */
  readonly latencyMsMax?: number;
  /** Opportunities that are never struck, e.g. a queue whose loss the system does not claim to survive. */
  readonly spare?: (point: FaultPoint, detail: string) => boolean;
};

/** One injected fault. */
export interface FaultRecord {
  readonly at: number;
  readonly point: FaultPoint;
  readonly detail: string;
}

/** Consulted by every fake at its named points. Each fault that is injected is recorded. */
export interface FaultPlan {
  /** Whether the fault strikes here and now. `detail` is like `dynamodb:UpdateCommand` or `sqs:<queue>`. */
  strikes(point: FaultPoint, detail: string): boolean;
  /** Makes a fault strike at the next `times` opportunities that match, whatever the mix says. */
  arrange(point: FaultPoint, matches: (detail: string) => boolean, times?: number): void;
  /** How long a call takes on the wire. */
  latencyMs(): number;
  /** An extra delay for a message that was struck by `delay`. */
  delayMs(): number;
  /** How old an index read is that was struck by `staleIndex`. */
  staleIndexMs(): number;
  /** How wrong the clock of a process is; constant for a name until healed. */
  skewMs(process: string): number;
  /** An integer in [0, bound), for the faults' own choices. */
  below(bound: number): number;
  /** Switches all faults off for good. */
  heal(): void;
  /** False without faults: the fakes then keep the plain order. */
  readonly active: boolean;
  readonly log: readonly FaultRecord[];
  /** The time of the last injected fault, or undefined. */
  readonly lastAt: number | undefined;
  /** Gives the plan its clock. */
  attach(now: () => number): void;
}

const delayMsDefault = 5_000;
const staleIndexMsDefault = 1_000;

/** A plan that draws from `random` by the mix. */
export function createFaultPlan(random: Random, mix: FaultMix = {}): FaultPlan {
  const log: FaultRecord[] = [];
  const arranged: { point: FaultPoint; matches: (detail: string) => boolean; left: number }[] = [];
  const skews = new Map<string, number>();
  let now = (): number => 0;
  let active = Object.values(mix).some((value) => typeof value === 'number' && value > 0);

  function strike(point: FaultPoint, detail: string): true {
    log.push({ at: now(), point, detail });
    return true;
  }

  return {
    strikes(point, detail) {
      if (arranged.length > 0) {
        const index = arranged.findIndex((entry) => entry.point === point && entry.matches(detail));
        const entry = arranged[index];
        if (entry !== undefined) {
          entry.left--;
          if (entry.left === 0) arranged.splice(index, 1);
          return strike(point, detail);
        }
      }
      if (!active) return false;
      const probability = mix[point];
      if (probability === undefined || !random.chance(probability)) return false;
      if (mix.spare?.(point, detail) === true) return false;
      return strike(point, detail);
    },
    arrange: (point, matches, times = 1) => void arranged.push({ point, matches, left: times }),
    latencyMs: () => (active && mix.latencyMsMax !== undefined ? random.below(mix.latencyMsMax + 1) : 0),
    delayMs: () => 1 + random.below(mix.delayMsMax ?? delayMsDefault),
    staleIndexMs: () => 1 + random.below(mix.staleIndexMsMax ?? staleIndexMsDefault),
    skewMs(process) {
      const most = mix.clockSkewMsMax ?? 0;
      if (!active || most === 0) return 0;
      let skew = skews.get(process);
      if (skew === undefined) {
        skew = random.fork(`skew/${process}`).below(2 * most + 1) - most;
        skews.set(process, skew);
      }
      return skew;
    },
    below: (bound) => random.below(bound),
    heal() {
      active = false;
      arranged.length = 0;
    },
    get active() {
      return active;
    },
    log,
    get lastAt() {
      return log.at(-1)?.at;
    },
    attach: (clock) => void (now = clock),
  };
}
