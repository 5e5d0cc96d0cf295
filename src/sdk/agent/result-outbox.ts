import { hash } from 'node:crypto';
import type { AgentGrant } from '../../contracts/distributor/agent.ts';
import { tasksPerMessageMax } from '../../contracts/limits.ts';
import type { TaskResult } from '../../contracts/messages.ts';
import { packCalls, packResults, type PackedMessage } from '../../contracts/distributor/result-packing.ts';
import type { AgentDeps } from './ports.ts';

/** How long a result waits for others while more work is in hand. Longer: slower workflows; shorter: more calls under load. */
const lingerMs = 20;
const firstPauseMs = 100;
const pauseMsMax = 5_000;
/** Sending goes on at least this long even when the attempt's time is over: a result that is too late is still worth reporting. */
const sendingMsMin = 15_000;
/** How long a stopping agent tries to get rid of its last results; after that their tasks are run again elsewhere. */
const drainMsMax = 5_000;

/** Results as calls of the results queue. */
export function packForQueue({ pool, agent_id }: AgentGrant, results: readonly TaskResult[]) {
  return packCalls(packResults({ pool, agent_id }, results, (text) => hash('sha256', text)));
}

interface Pending {
  readonly result: TaskResult;
  /** Epoch ms after which nobody wants it any more. */
  readonly until: number;
}

/** Collects the results of an agent and sends them in as few calls as possible. */
export class ResultOutbox {
  private readonly deps: AgentDeps;
  private readonly grant: () => AgentGrant;
  private readonly onSent: (at: number) => void;
  private pending: Pending[] = [];
  private sending = new Set<Promise<void>>();
  private lingering: AbortController | undefined;
  private giveUpAt = Infinity;

  constructor(deps: AgentDeps, grant: () => AgentGrant, onSent: (at: number) => void) {
    this.deps = deps;
    this.grant = grant;
    this.onSent = onSent;
  }

  /** Takes a result. `alone`: no other attempt is running, so nothing would be gained by waiting for company. */
  add(result: TaskResult, until: number, alone: boolean): void {
    this.pending.push({ result, until });
    if (alone || this.pending.length >= tasksPerMessageMax) {
      this.flush();
    } else if (this.lingering === undefined) {
      const lingering = new AbortController();
      this.lingering = lingering;
      void this.deps.clock.sleep(lingerMs, lingering.signal).then(() => {
        if (this.lingering === lingering) this.flush();
      });
    }
  }

  /** Sends everything and resolves when it has been taken or given up, which is soon: whoever waits for this wants to leave. */
  async drain(): Promise<void> {
    this.giveUpAt = this.deps.clock.now() + drainMsMax;
    this.flush();
    while (this.sending.size > 0) await Promise.all(this.sending);
  }

  private flush(): void {
    const lingering = this.lingering;
    this.lingering = undefined;
    lingering?.abort();
    if (this.pending.length === 0) return;
    const batch = this.pending;
    this.pending = [];
    const until = Math.max(this.deps.clock.now() + sendingMsMin, ...batch.map((entry) => entry.until));
    const results = batch.map((entry) => entry.result);
    for (const call of packForQueue(this.grant(), results)) {
      const sent = this.send(call, until).finally(() => this.sending.delete(sent));
      this.sending.add(sent);
    }
  }

  private async send(call: readonly PackedMessage[], until: number): Promise<void> {
    const { clock, log, sqs } = this.deps;
    let left = call;
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, pauseMsMax)) {
      try {
        const refused = await sqs.send(
          this.grant().results_url,
          left.map((packed) => packed.message),
        );
        if (refused.length < left.length) this.onSent(clock.now());
        left = left.filter((_, index) => refused.includes(index));
        if (left.length === 0) return;
        log.warn('results were not taken, sending them again', { messages: left.length });
      } catch (error) {
        log.warn('results could not be sent, trying again', { reason: String(error) });
      }
      if (clock.now() + pause > Math.min(until, this.giveUpAt)) break;
      await clock.sleep(pause);
    }
    const attempts = left.flatMap((packed) => packed.results.map((result) => `${result.task_id}#${result.attempt}`));
    log.error('results given up: their tasks will be run again', { attempts });
  }
}
