import type { Family } from './languages.ts';
import { syntaxes, type StringSyntax, type Syntax } from './syntax.ts';

/** A comment's text with the line on which it starts. */
export interface Comment {
  readonly line: number;
  readonly text: string;
}

/** A source text of which only the code is left. */
export interface MaskedSource {
  /** As long as the text and with the same lines; comments and the insides of strings are blanks. */
  readonly code: string;
  readonly comments: readonly Comment[];
}

interface Span {
  readonly kind: 'comment' | 'text' | 'code';
  readonly end: number;
}

interface Scanner {
  readonly text: string;
  readonly syntax: Syntax;
  /** Depths of braces at which a `${` of a template was opened. */
  readonly templates: number[];
  depth: number;
}

/**
 * Separates code from comments and strings. It is a scanner, not a parser: good enough to count branches and to find
 * marks in comments, indifferent to broken syntax, and linear in the length of the text.
 */
export function maskSource(text: string, family: Family): MaskedSource {
  const scanner: Scanner = { text, syntax: syntaxes[family], templates: [], depth: 0 };
  const openers = openersOf(scanner.syntax);
  const kept: string[] = [];
  const comments: Comment[] = [];
  let at = 0;
  let line = 1;
  let lineKnownUpTo = 0;
  for (let found = openers.exec(text); found; found = openers.exec(text)) {
    const span = spanAt(scanner, found.index);
    kept.push(text.slice(at, found.index));
    const raw = text.slice(found.index, span.end);
    if (span.kind === 'comment') {
      line += newlines(text, lineKnownUpTo, found.index);
      lineKnownUpTo = found.index;
      comments.push({ line, text: raw });
    }
    kept.push(span.kind === 'code' ? raw : span.kind === 'comment' ? blank(raw) : hollow(raw));
    at = span.end;
    openers.lastIndex = at;
  }
  kept.push(text.slice(at));
  return { code: kept.join(''), comments };
}

const cachedOpeners = new Map<Syntax, string>();

function openersOf(syntax: Syntax): RegExp {
  let source = cachedOpeners.get(syntax);
  if (source === undefined) {
    const marks = [...syntax.lineComments, ...syntax.blockComments.map(([open]) => open)];
    marks.push(...syntax.strings.map((each) => each.open));
    if (syntax.characters) marks.push("'");
    if (syntax.templates) marks.push('`', '{', '}');
    if (syntax.regex) marks.push('/');
    if (syntax.heredocs) marks.push('<<', '\\');
    const escaped = marks.map((mark) => mark.replace(/[^\w\s]/gu, '\\$&'));
    source = escaped.length === 0 ? '(?!)' : escaped.join('|');
    cachedOpeners.set(syntax, source);
  }
  return new RegExp(source, 'g');
}

function spanAt(scanner: Scanner, at: number): Span {
  const { text, syntax } = scanner;
  for (const [open, close] of syntax.blockComments) {
    if (text.startsWith(open, at)) return { kind: 'comment', end: after(text, close, at + open.length) };
  }
  for (const open of syntax.lineComments) {
    // In shells and configurations a hash inside a word, as in `$#` or `a#b`, is no comment.
    const inWord = open === '#' && at > 0 && !/\s|[;(]/u.test(text.charAt(at - 1)) && syntax.strings[0]?.open !== '"""';
    if (text.startsWith(open, at) && !inWord) return { kind: 'comment', end: endOfLine(text, at) };
  }
  for (const string of syntax.strings) {
    if (text.startsWith(string.open, at)) return { kind: 'text', end: endOfString(text, at, string) };
  }
  if (syntax.templates) {
    const span = templateSpan(scanner, at);
    if (span) return span;
  }
  if (syntax.characters && text.charAt(at) === "'") {
    const end = matchEnd(/'(?:\\(?:u\{?[\da-fA-F]+\}?|x[\da-fA-F]+|[0-7]{1,3}|.)|[^\\'\n])'/uy, text, at);
    if (end !== undefined) return { kind: 'text', end };
  }
  if (syntax.regex && text.charAt(at) === '/' && regexMayStart(text, at)) {
    const end = matchEnd(/\/(?:\\.|\[(?:\\.|[^\]\\\n]){0,200}\]|[^/\\[\n]){1,2000}\/[a-z]*/uy, text, at);
    if (end !== undefined) return { kind: 'text', end };
  }
  if (syntax.heredocs) return shellSpan(text, at);
  return { kind: 'code', end: at + 1 };
}

function templateSpan(scanner: Scanner, at: number): Span | undefined {
  const mark = scanner.text.charAt(at);
  if (mark === '`') return { kind: 'text', end: endOfTemplate(scanner, at + 1) };
  if (mark === '{') {
    scanner.depth++;
    return { kind: 'code', end: at + 1 };
  }
  if (mark !== '}') return undefined;
  if (scanner.templates.at(-1) === scanner.depth && scanner.depth > 0) {
    scanner.templates.pop();
    scanner.depth--;
    return { kind: 'text', end: endOfTemplate(scanner, at + 1) };
  }
  scanner.depth = Math.max(0, scanner.depth - 1);
  return { kind: 'code', end: at + 1 };
}

function endOfTemplate(scanner: Scanner, from: number): number {
  const { text } = scanner;
  for (let at = from; at < text.length; at++) {
    const mark = text.charAt(at);
    if (mark === '\\') at++;
    else if (mark === '`') return at + 1;
    else if (mark === '$' && text.charAt(at + 1) === '{') {
      scanner.depth++;
      scanner.templates.push(scanner.depth);
      return at + 2;
    }
  }
  return text.length;
}

function shellSpan(text: string, at: number): Span {
  if (text.charAt(at) === '\\') return { kind: 'text', end: Math.min(text.length, at + 2) };
  const opened = /<<-?\s*(["']?)([A-Za-z_]\w*)\1/uy;
  opened.lastIndex = at;
  const word = text.charAt(at + 2) === '<' ? undefined : opened.exec(text)?.[2];
  if (word === undefined) return { kind: 'code', end: at + (text.charAt(at + 2) === '<' ? 3 : 2) };
  const closing = new RegExp(`^\\t*${word}$`, 'gm');
  closing.lastIndex = endOfLine(text, at);
  return { kind: 'text', end: closing.exec(text) ? closing.lastIndex : text.length };
}

function endOfString(text: string, at: number, string: StringSyntax): number {
  for (let next = at + string.open.length; next < text.length; next++) {
    const mark = text.charAt(next);
    if (string.escapes && mark === '\\') next++;
    else if (mark === '\n' && !string.multiline) return next;
    else if (text.startsWith(string.close, next)) return next + string.close.length;
  }
  return text.length;
}

/** After these a slash starts a regular expression; after a name, a number or a bracket it divides. */
function regexMayStart(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 24), at).trimEnd();
  if (before === '') return true;
  return /[(,=:[!&|?{;+\-*%~^>]$|\b(?:return|typeof|case|in|of|delete|void|throw|new|else|do|yield|await)$/u.test(
    before,
  );
}

function matchEnd(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

const blank = (raw: string): string => raw.replace(/[^\n]/gu, (char) => ' '.repeat(char.length));

/** Keeps the first and last character of a string, so that what is left still reads as a value. */
function hollow(raw: string): string {
  return raw.length < 2 ? raw : raw.charAt(0) + blank(raw.slice(1, -1)) + raw.charAt(raw.length - 1);
}
