/** One operation of a client on one document, as it is printed: one JSON object a line. Times are virtual milliseconds. */
export interface HistoryEntry {
  readonly client: number;
  readonly key: string;
  readonly op: 'read' | 'write';
  /** The version that a write was made from. */
  readonly base: number | null;
  /** The version that a read saw, that a write made, or that stood in its way; null when nothing was answered. */
  readonly ver: number | null;
  /** What a read saw, or what a write wrote. */
  readonly value: string | null;
  /** False: a write that was refused. Null: nobody answered, so it may have happened. */
  readonly ok: boolean | null;
  readonly start: number;
  readonly end: number | null;
}

/** What is wrong with one document's history, in words. */
function faultsOfKey(key: string, entries: readonly HistoryEntry[]): string[] {
  const faults: string[] = [];
  const written = new Map<number, HistoryEntry>();
  const unknown = new Map<string, HistoryEntry>();
  for (const entry of entries) {
    if (entry.op !== 'write' || entry.ok === false) continue;
    if (entry.ok === null) unknown.set(entry.value ?? '', entry);
    else {
      const ver = entry.ver ?? 0;
      const other = written.get(ver);
      if (other !== undefined)
        faults.push(
          `${key}@${ver} was written twice: ${String(other.value)} and ${String(entry.value)}; one update is lost`,
        );
      written.set(ver, entry);
    }
  }
  // A write is accepted from the version before its own only: whatever it was made from otherwise, somebody's change in between is lost.
  for (const [ver, { base, value }] of written)
    if (base !== ver - 1)
      faults.push(`${key}@${ver} was written as ${String(value)}, which was made from @${String(base)}`);
  const seen = new Map<number, string | null>();
  const firstSeen = new Map<number, number>();
  for (const entry of entries) {
    if (entry.ver === null || entry.end === null || entry.op !== 'read') continue;
    const before = seen.get(entry.ver);
    if (before !== undefined && before !== entry.value)
      faults.push(`${key}@${entry.ver} was read as ${String(before)} and as ${String(entry.value)}`);
    seen.set(entry.ver, entry.value);
    firstSeen.set(entry.ver, Math.min(firstSeen.get(entry.ver) ?? Infinity, entry.end));
  }
  for (const [ver, value] of seen) {
    const writer = written.get(ver) ?? unknown.get(value ?? '');
    if (writer === undefined) faults.push(`${key}@${ver} was read as ${String(value)}, which nobody wrote`);
    else if (writer.value !== value)
      faults.push(`${key}@${ver} was written as ${String(writer.value)} and read as ${String(value)}`);
    else if (writer.ok === null && writer.base !== ver - 1)
      faults.push(`${key}@${ver} was read as ${String(value)}, which was made from @${String(writer.base)}`);
    else if (writer.start > (firstSeen.get(ver) ?? Infinity))
      faults.push(`${key}@${ver} was read before it was written`);
  }
  return [...faults, ...outOfOrder(key, entries)];
}

/** Each operation must see at least what had been answered before it began; a write must come after it. */
function outOfOrder(key: string, entries: readonly HistoryEntry[]): string[] {
  const answered = entries.filter(({ ver, end }) => ver !== null && end !== null);
  const ends = [...answered].sort((a, b) => (a.end ?? 0) - (b.end ?? 0));
  const starts = [...answered].sort((a, b) => a.start - b.start);
  const faults: string[] = [];
  let at = 0;
  let floor = 0;
  for (const entry of starts) {
    for (let next = ends[at]; next !== undefined && (next.end ?? 0) < entry.start; next = ends[at]) {
      floor = Math.max(floor, next.ver ?? 0);
      at += 1;
    }
    const ver = entry.ver ?? 0;
    const isNew = entry.op === 'write' && entry.ok === true;
    if (isNew ? ver <= floor : ver < floor)
      faults.push(`${key}@${ver} was ${isNew ? 'written' : 'seen'} after @${floor} had been answered`);
  }
  return faults;
}

/**
 * Whether each document's history is linearizable: a register whose writes are compare-and-set by version. Versions make the order known, so one
 * sorted pass a document is enough: every version has one writer, a read sees what that one wrote, and nothing goes against real time.
 */
export function faultsOf(history: readonly HistoryEntry[]): string[] {
  return [...Map.groupBy(history, ({ key }) => key)].flatMap(([key, entries]) => faultsOfKey(key, entries));
}
