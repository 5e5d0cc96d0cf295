/** A link as it is written, with its line. */
export interface Link {
  readonly line: number;
  readonly target: string;
}

/** The links of a page and the anchors its headings make. */
export interface Page {
  readonly links: readonly Link[];
  readonly anchors: readonly string[];
}

/** Longer lines hold data, and would make the patterns below slow on a hostile text. */
const lineCharsMax = 5_000;

const inlineLink =
  /!?\[(?:[^[\]\\]|\\.|\[[^\]]*\])*\]\(\s*(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\([^\s()]*\))*))(?:\s+(?:"[^"]*"|'[^']*'|\([^)]*\)))?\s*\)/gu;
const referenceLink = /^ {0,3}\[(?!\^)[^\]]+\]:\s+<?([^\s>]+)>?/u;
const htmlLink = /<(?:a|img|source|video)\b[^>]*?\s(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)')/giu;
const autolink = /<(https?:\/\/[^\s<>]+)>/giu;
const htmlAnchor = /<[a-z][\w-]*\b[^>]*?\s(?:id|name)\s*=\s*(?:"([^"]+)"|'([^']+)')/giu;

/** Reads links and anchors, line by line; code blocks, code spans and HTML comments are left out. */
export function parseMarkdown(text: string): Page {
  const links: Link[] = [];
  const slugs = new Map<string, number>();
  const anchors: string[] = [];
  const lines = proseLines(text);
  for (const [index, prose] of lines.entries()) {
    // Spans of code hold no links, but they are part of a heading's text.
    const plain = prose.replace(/(`+)(?!`)(?:.*?[^`])??\1(?!`)/gu, (span) => ' '.repeat(span.length));
    for (const match of plain.matchAll(inlineLink)) links.push({ line: index + 1, target: match[1] ?? match[2] ?? '' });
    const reference = referenceLink.exec(plain)?.[1];
    if (reference !== undefined) links.push({ line: index + 1, target: reference });
    for (const match of plain.matchAll(htmlLink)) links.push({ line: index + 1, target: match[1] ?? match[2] ?? '' });
    for (const match of plain.matchAll(autolink)) links.push({ line: index + 1, target: match[1] ?? '' });
    for (const match of plain.matchAll(htmlAnchor)) anchors.push(match[1] ?? match[2] ?? '');
    const heading = headingAt(lines, index);
    if (heading !== undefined) anchors.push(uniqueSlug(heading, slugs));
  }
  return { links, anchors };
}

/**
 * The anchor that GitHub makes of a heading: lower case, without punctuation, spaces as hyphens. Letters of every
 * script, digits, `-` and `_` stay.
 */
export function slugOf(heading: string): string {
  return heading
    .replace(/!?\[((?:[^[\]]|\[[^\]]*\])*)\](?:\([^)]*\)|\[[^\]]*\])/gu, '$1')
    .replace(/<[^>]+>/gu, '')
    .replace(/(?<!\w)_([^_]+)_(?!\w)/gu, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}

function uniqueSlug(heading: string, slugs: Map<string, number>): string {
  const slug = slugOf(heading);
  let unique = slug;
  // GitHub numbers repeated headings, and skips a number that another heading has taken.
  while (slugs.has(unique)) {
    const count = (slugs.get(slug) ?? 0) + 1;
    slugs.set(slug, count);
    unique = `${slug}-${count}`;
  }
  slugs.set(unique, 0);
  return unique;
}

function headingAt(lines: readonly string[], index: number): string | undefined {
  const line = lines[index] ?? '';
  const hashes = /^ {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/u.exec(line);
  if (hashes) return hashes[1] ?? '';
  const underlined = /^ {0,3}(?:=+|-{2,})[ \t]*$/u.test(lines[index + 1] ?? '');
  return underlined && line.trim() !== '' && !/^\s*(?:[-*+>|]|\d+[.)]|={3,}|-{3,})/u.test(line) ? line : undefined;
}

/** The lines with those of fenced code and of comments emptied, so that the numbers stay. */
function proseLines(text: string): string[] {
  let fence: string | undefined;
  return withoutComments(text)
    .split(/\r?\n/u)
    .map((line) => (line.length > lineCharsMax ? '' : line))
    .map((line) => {
      const mark = /^ {0,3}(?:[-*>]\s+|\d+[.)]\s+)*\s*(`{3,}|~{3,})([^`]*)$/u.exec(line);
      if (fence === undefined) {
        fence = mark?.[1];
        return fence === undefined ? line : '';
      }
      const closes = mark !== null && mark[1]?.startsWith(fence) === true && (mark[2] ?? '').trim() === '';
      if (closes) fence = undefined;
      return '';
    });
}

/** Empties HTML comments, keeping their line ends; searching by position keeps it linear for any text. */
function withoutComments(text: string): string {
  const kept: string[] = [];
  let at = 0;
  for (let open = text.indexOf('<!--'); open >= 0; open = text.indexOf('<!--', at)) {
    const close = text.indexOf('-->', open);
    if (close < 0) break;
    kept.push(text.slice(at, open), text.slice(open, close + 3).replace(/[^\n]/gu, ' '));
    at = close + 3;
  }
  return kept.join('') + text.slice(at);
}
