/** Text that is safe inside a cell: file names and authors must not break the table or smuggle in markup. */
export function cell(text: string): string {
  const flat = text.replace(/\s+/gu, ' ').trim();
  return flat.replace(/[|<>]/gu, (mark) => `&#${mark.codePointAt(0) ?? 0};`).replace(/!?\[/gu, '&#91;');
}

/** Text as code inside a cell: there only a back quote and a bar need care. */
export function code(text: string): string {
  return `\`${text.replace(/\s+/gu, ' ').replaceAll('`', "'").replaceAll('|', '\\|')}\``;
}

/** A table; `alignment` has one letter a column, `l` or `r`. Columns are padded, so that the source reads well too. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], alignment = ''): string {
  const widths = headings.map((heading, at) =>
    Math.max(3, heading.length, ...rows.map((row) => (row[at] ?? '').length)),
  );
  // One very long cell must not pad every other row to its width.
  const widest = widths.map((width) => Math.min(width, 60));
  const pad = (text: string, at: number): string =>
    alignment[at] === 'r' ? text.padStart(widest[at] ?? 0) : text.padEnd(widest[at] ?? 0);
  const line = (cells: readonly string[]): string => `| ${cells.map(pad).join(' | ')} |`;
  const rule = widest.map((width, at) => (alignment[at] === 'r' ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(headings), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** 12345 as 12,345, the same in every locale. */
export function count(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/gu, ',');
}

/** Bytes in the unit that gives one to three digits. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Milliseconds as 640 ms, 12.3 s or 4 min 5 s. */
export function duration(ms: number | null): string {
  if (ms === null) return '-';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000
    ? `${(ms / 1_000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}
