import { git } from '../git.ts';
import { blamedFilesMax } from '../limits.ts';
import type { Kind } from '../languages.ts';
import type { MaskedSource } from '../masked-source.ts';
import { compareText } from '../ordering.ts';
import { maskSecrets } from '../secret-patterns.ts';

/** A mark somebody left in a comment. */
export interface Mark {
  readonly path: string;
  readonly line: number;
  readonly word: string;
  readonly text: string;
}

/** A mark with who wrote its line and when; `unknown` and `null` where there is no history. */
export interface DatedMark extends Mark {
  readonly author: string;
  readonly written_at: string | null;
}

const markText = /^(?<before>.*?)\b(?<word>TODO|FIXME|XXX|HACK)\b(?<after>[:(]?)(?<text>.*)$/u;
const textCharsMax = 120;

/** The marks in the comments of one file. A mark opens its line, or is followed by `:` or `(`: prose about marks is none. */
export function findMarks(path: string, kind: Kind, source: MaskedSource): Mark[] {
  const marks: Mark[] = [];
  for (const comment of source.comments) {
    // A heading of Markdown looks like a comment to the scanner.
    if (kind === 'docs' && !comment.text.startsWith('<!--')) continue;
    for (const [offset, text] of comment.text.split('\n').entries()) {
      const found = markText.exec(text.slice(0, 1_000))?.groups;
      if (!found?.['word']) continue;
      const opens = /^[\s/*#<!-]*$/u.test(found['before'] ?? '');
      if (!opens && found['after'] === '') continue;
      if (/^[/|,`'"]/u.test(found['text'] ?? '')) continue;
      const rest = `${found['after'] ?? ''}${found['text'] ?? ''}`.replace(/^:?\s*|\s*(?:\*\/|-->)\s*$/gu, '').trim();
      marks.push({
        path,
        line: comment.line + offset,
        word: found['word'],
        text: maskSecrets(rest).slice(0, textCharsMax),
      });
    }
  }
  return marks;
}

/** Asks git for the author and date of each mark, one run a file and only for files with marks. */
export async function dateMarks(root: string, marks: readonly Mark[], signal: AbortSignal): Promise<DatedMark[]> {
  const byPath = Map.groupBy(marks, (mark) => mark.path);
  const dated: DatedMark[] = [];
  for (const [index, [path, ofPath]] of [...byPath].sort(([left], [right]) => compareText(left, right)).entries()) {
    const ranges = ofPath.flatMap(({ line }) => ['-L', `${line},${line}`]);
    const blame =
      index < blamedFilesMax
        ? await git(root, ['blame', '--line-porcelain', ...ranges, '--', path], signal)
        : undefined;
    const lines = blame === undefined ? new Map<number, Origin>() : parseBlame(blame);
    for (const mark of ofPath) {
      const origin = lines.get(mark.line);
      dated.push({ ...mark, author: origin?.author ?? 'unknown', written_at: origin?.written_at ?? null });
    }
  }
  return dated;
}

interface Origin {
  readonly author: string;
  readonly written_at: string | null;
}

/** Reads `git blame --line-porcelain`: the commit and line number, headers, then the line itself after a tab. */
export function parseBlame(porcelain: string): Map<number, Origin> {
  const lines = new Map<number, Origin>();
  let number = 0;
  let author = 'unknown';
  let committed = true;
  for (const text of porcelain.split('\n')) {
    const head = /^([0-9a-f]{40,64}) \d+ (\d+)/u.exec(text);
    if (head) {
      number = Number(head[2]);
      committed = !/^0+$/u.test(head[1] ?? '');
    } else if (text.startsWith('author ')) author = text.slice('author '.length);
    else if (text.startsWith('author-time ')) {
      const written = new Date(Number(text.slice('author-time '.length)) * 1000);
      lines.set(
        number,
        committed ? { author, written_at: written.toISOString() } : { author: 'uncommitted', written_at: null },
      );
    }
  }
  return lines;
}
