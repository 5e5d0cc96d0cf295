import { slotsMax } from '../../contracts/limits.ts';

/** Tasks remembered to recognise a repeated message. Fewer: an old repeat would run again (its result would still be refused). */
const tasksMax = 10_000;
/** How long an attempt is still listed after its result was handed over: results may wait in their queue while heartbeats pass. */
const listedAfterEndMs = 15_000;
/** The contract of a heartbeat's `holding`. */
const holdingMax = slotsMax * 2;

/** What an agent knows of the attempts it was given: which are new, which it holds, which were reported, which ended a moment ago. */
export class LeaseMemory {
  private readonly latest = new Map<string, number>();
  private readonly receivedAt = new Map<string, number>();
  private readonly listed = new Set<string>();
  private readonly endedAt = new Map<string, number>();

  /** The leases in hand: given and without a result yet. */
  get held(): readonly string[] {
    return [...this.receivedAt.keys()];
  }

  get isEmpty(): boolean {
    return this.receivedAt.size === 0;
  }

  /** Notes an attempt; false for a repeat, and for an attempt older than one that was seen. */
  see(task_id: string, attempt: number): boolean {
    if (attempt <= (this.latest.get(task_id) ?? 0)) return false;
    this.latest.delete(task_id);
    this.latest.set(task_id, attempt);
    if (this.latest.size > tasksMax) {
      const oldest = this.latest.keys().next();
      if (!oldest.done) this.latest.delete(oldest.value);
    }
    return true;
  }

  hold(lease: string, now: number): void {
    this.receivedAt.set(lease, now);
  }

  /** Forgets a lease that was taken back. */
  dropped(lease: string): void {
    this.receivedAt.delete(lease);
    this.listed.delete(lease);
  }

  /** A lease whose result is on its way. */
  ended(lease: string, now: number): void {
    this.dropped(lease);
    this.endedAt.set(lease, now);
    if (this.endedAt.size > holdingMax) {
      const oldest = this.endedAt.keys().next();
      if (!oldest.done) this.endedAt.delete(oldest.value);
    }
  }

  /** Marks these leases as listed by a heartbeat that was sent. */
  reported(leases: readonly string[]): void {
    for (const lease of leases) if (this.receivedAt.has(lease)) this.listed.add(lease);
  }

  /** What the next heartbeat lists: what is held, and what ended so recently that its result may not have arrived. */
  toReport(now: number): readonly string[] {
    for (const [lease, at] of this.endedAt) if (now - at > listedAfterEndMs) this.endedAt.delete(lease);
    return [...this.receivedAt.keys(), ...[...this.endedAt.keys()].reverse()].slice(0, holdingMax);
  }

  /** What the heartbeat's schedule needs to know of the leases in hand. */
  reporting(): { readonly holdsReported: boolean; readonly oldestUnreportedAt: number | undefined } {
    let oldestUnreportedAt: number | undefined;
    for (const [lease, at] of this.receivedAt) {
      if (!this.listed.has(lease)) oldestUnreportedAt = Math.min(oldestUnreportedAt ?? Infinity, at);
    }
    return { holdsReported: this.listed.size > 0, oldestUnreportedAt };
  }
}
