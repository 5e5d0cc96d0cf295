/** A task of a graph with the time (ms) that it takes. */
export interface TimedTask {
  readonly name: string;
  readonly depends_on: readonly string[];
  readonly ms: number;
}

/**
 * The makespan (ms) of Graham's list scheduling on so many equal slots, with no time lost between tasks: whenever a slot is free, it takes the task that has
 * been ready longest, of several the first by name. At most twice the best there is, which nobody knows how to find.
 */
export function listSchedule(tasks: readonly TimedTask[], slots: number): number {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const open = new Map(tasks.map(({ name, depends_on }) => [name, new Set(depends_on).size]));
  const dependents = new Map<string, string[]>();
  for (const { name, depends_on } of tasks)
    for (const each of new Set(depends_on)) dependents.set(each, [...(dependents.get(each) ?? []), name]);
  const ready = tasks.filter(({ depends_on }) => depends_on.length === 0).map(({ name }) => ({ name, since: 0 }));
  let running: { readonly name: string; readonly end: number }[] = [];
  let now = 0;
  let done = 0;
  while (done < tasks.length) {
    ready.sort((one, other) => one.since - other.since || (one.name < other.name ? -1 : 1));
    for (const { name } of ready.splice(0, slots - running.length))
      running.push({ name, end: now + (byName.get(name)?.ms ?? 0) });
    if (running.length === 0) throw new Error('the graph has a cycle');
    now = Math.min(...running.map(({ end }) => end));
    const ended = running.filter(({ end }) => end === now);
    running = running.filter(({ end }) => end > now);
    done += ended.length;
    for (const next of ended.flatMap(({ name }) => dependents.get(name) ?? [])) {
      const left = (open.get(next) ?? 0) - 1;
      open.set(next, left);
      if (left === 0) ready.push({ name: next, since: now });
    }
  }
  return now;
}
