import type { Assignment } from '../../contracts/messages.ts';
import { leaseName } from './attempt.ts';

/** What came to an agent before it had a slot for it, in its order: tasks, or batches of them, each of which one slot will run. */
export class Backlog {
  private jobs: (readonly Assignment[])[] = [];

  push(job: readonly Assignment[]): void {
    this.jobs.push(job);
  }

  next(): readonly Assignment[] | undefined {
    return this.jobs.shift();
  }

  /** Takes one lease out of what waits; undefined: it does not wait here. */
  take(lease: string): Assignment | undefined {
    const found = this.jobs.flat().find(({ task_id, attempt }) => leaseName(task_id, attempt) === lease);
    if (found === undefined) return undefined;
    this.jobs = this.jobs.map((job) => job.filter((each) => each !== found)).filter((job) => job.length > 0);
    return found;
  }

  /** Takes out all of it. */
  clear(): readonly Assignment[] {
    return this.jobs.splice(0).flat();
  }
}
