import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the project. */
export const root = join(import.meta.dirname, '..', '..');

/** The files that people read, from the root. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  ...readdirSync(join(root, 'docs', 'adr')).map((name) => `docs/adr/${name}`),
  ...readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).map((name) => `src/${name}`),
  'spec/README.md',
].filter((path) => path.endsWith('.md'));

/** A fenced block of a page. `mark` is the comment that stands before it, for example `run` or `schema: heartbeat`. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly mark: string | undefined;
  readonly text: string;
}

/** The text of a page. */
export function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

const fence = /(?:^[ ]*<!-- (?<mark>[^\n]+) -->\n)?^(?<indent>[ ]*)```(?<language>\w+)\n(?<text>.*?)\n^[ ]*```$/gms;

/** All blocks of a page, in their order. */
export function blocksOf(page: string): readonly Block[] {
  const whole = readPage(page);
  return [...whole.matchAll(fence)].map((match) => ({
    page,
    line: whole.slice(0, match.index).split('\n').length,
    language: match.groups?.['language'] ?? '',
    mark: match.groups?.['mark'],
    text: (match.groups?.['text'] ?? '').replaceAll(`\n${match.groups?.['indent'] ?? ''}`, '\n').trimStart(),
  }));
}

/** The entries that the `aws events put-events` commands of a page publish. */
export function putEventsEntries(page: string) {
  return blocksOf(page)
    .filter(({ mark }) => mark === 'put-events')
    .map(({ text }) => {
      const entries = /--entries '(?<json>.*?)'/s.exec(text)?.groups?.['json'] ?? '[]';
      return JSON.parse(entries) as readonly PutEventsEntry[];
    });
}

/** An entry as `PutEvents` takes it. */
export interface PutEventsEntry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}
