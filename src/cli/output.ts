import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** How a command talks: data on stdout, messages on stderr; `--json` makes the data JSON. */
export interface Output {
  readonly json: boolean;
  /** Whether a person looks on: then bars may move and colours help. */
  readonly interactive: boolean;
  /** The result: JSON with `--json`, else the text that `render` makes of it. */
  readonly data: <T>(value: T, render: (value: T) => string) => void;
  /** A message for people, on stderr. */
  readonly note: (message: string) => void;
  /** A line of progress: quiet with `--json`. */
  readonly progress: (message: string) => void;
}

/** The output of a command on these streams. */
export function createOutput(
  json: boolean,
  streams: { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream } = process,
): Output {
  const note = (message: string) => void streams.stderr.write(`${message}\n`);
  return {
    json,
    interactive: !json && streams.stdout.isTTY && process.env['CI'] === undefined && process.env['TERM'] !== 'dumb',
    data(value, render) {
      const text = json ? JSON.stringify(value, null, streams.stdout.isTTY ? 2 : undefined) : render(value);
      if (text !== '') streams.stdout.write(`${text}\n`);
    },
    note,
    progress: (message) => {
      if (!json) note(message);
    },
  };
}

/** Text in a style; plain where NO_COLOR is set or nobody sees colours. */
export function style(how: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  // `styleText` itself looks at the stream, NO_COLOR and FORCE_COLOR.
  return styleText(how, text, { stream });
}

const statusStyles: Readonly<Record<string, Style>> = {
  Completed: 'green',
  Healthy: 'green',
  Active: 'green',
  Idle: 'green',
  Failed: 'red',
  Critical: 'red',
  Unavailable: 'red',
  Cancelled: 'yellow',
  Degraded: 'yellow',
  Warning: 'yellow',
  'Partially Complete': 'yellow',
  Processing: 'cyan',
  'In Progress': 'cyan',
  Busy: 'cyan',
};

/** A status as every listing shows it: the word says it, the colour only helps. */
export function showStatus(status: string): string {
  const how = statusStyles[status];
  return how === undefined ? status : style(how, status);
}

/** A table of text: a head, two spaces between columns, no frame, so that `grep` and `awk` work on it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const plain = (text: string) => text.replace(ansiPattern, '');
  const lines = rows.map((row) => row.map((cell) => cell.replace(/\s*\n\s*/g, ' ')));
  const widths = head.map((name, column) =>
    Math.max(name.length, ...lines.map((row) => plain(row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - plain(cell).length))
      .join('  ')
      .trimEnd();
  return [style('bold', line(head)), ...lines.map(line)].join('\n');
}

// Control sequences of colours: the only ones that this module writes.
const ansiPattern = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** A time as people read it: the day and the second, in UTC. */
export function showTime(time: string | undefined): string {
  return time === undefined ? '-' : time.slice(0, 19).replace('T', ' ');
}

/** Milliseconds as people read them. */
export function showDuration(ms: number | undefined): string {
  if (ms === undefined) return '-';
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const largest = timeUnits.findIndex(({ size }) => seconds >= size);
  const { [largest]: large, [largest + 1]: small } = timeUnits;
  if (large === undefined || small === undefined) return `${seconds} s`;
  const rest = Math.floor((seconds % large.size) / small.size);
  return `${Math.floor(seconds / large.size)} ${large.name}${rest === 0 ? '' : ` ${rest} ${small.name}`}`;
}

const timeUnits = [
  { name: 'd', size: 86_400 },
  { name: 'h', size: 3_600 },
  { name: 'min', size: 60 },
  { name: 's', size: 1 },
];

/** A count with its noun: `1 agent`, `12 agents`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
