import type { Adapters, Clients } from '../../src/platform/aws/deployment.ts';

/** A planted mistake. Each must be found within 200 seeds, or the simulation proves nothing. */
export interface Mutant {
  readonly name: string;
  readonly mistake: string;
  /** Spoils what a function's use cases are given. */
  readonly spoil?: (adapters: Adapters, clients: Pick<Clients, 'dynamodb'>) => Adapters;
  /** The pulse and its watchdog do nothing. */
  readonly withoutPulse?: boolean;
  /** Messages are acknowledged even when the work failed. */
  readonly acknowledgesFirst?: boolean;
  /** Heartbeats carry the agent's own, wrong time. */
  readonly agentClockMs?: number;
}
