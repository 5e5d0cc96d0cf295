import type { Delays } from './delays.ts';

/** When the tasks of a round are on their way to their agents, in ms of the run: those that the dispatcher hands out itself, and those of `shared`, the lists that others hand out. */
export function sendingTimes(
  now: number,
  shared: readonly (readonly string[])[] = [],
  delays: Delays,
): { readonly own: number; readonly ofTask: (task_id: string) => number } {
  const claimedFrom = (from: number): number => from + delays.claim();
  // The messages to the others are sent first, and are a hop more.
  const from = shared.length === 0 ? now : now + delays.send();
  const own = claimedFrom(from);
  const elsewhere = new Map(
    shared.flatMap((tasks) => {
      const at = claimedFrom(from + delays.hint());
      return tasks.map((task_id) => [task_id, at] as const);
    }),
  );
  return { own, ofTask: (task_id) => elsewhere.get(task_id) ?? own };
}
