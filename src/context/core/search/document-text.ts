import type { ContextHead } from '../../../contracts/context/context.ts';
import type { Json } from '../../../contracts/json.ts';
import { indexedCharactersMax, tokensOf } from './tokens.ts';

/** Characters of an excerpt. */
const excerptCharacters = 240;
const words = /[\p{L}\p{M}\p{N}_]+/gu;

/** Data as lines of text that people and models can read: `key: value`, nested values indented. Ends after `indexedCharactersMax` characters. */
export function dataText(root: Json): string {
  const lines: string[] = [];
  let characters = 0;
  const open: { readonly name: string; readonly value: Json; readonly depth: number }[] = [
    { name: '', value: root, depth: 0 },
  ];
  for (let next = open.pop(); next !== undefined && characters < indexedCharactersMax; next = open.pop()) {
    const { name, value, depth } = next;
    const isNested = typeof value === 'object' && value !== null;
    const shown = isNested ? name : `${name}${name === '' ? '' : ' '}${String(value)}`;
    if (shown !== '') lines.push(`${'  '.repeat(Math.max(0, depth - 1))}${shown}`);
    characters += (lines.at(-1)?.length ?? 0) + 1;
    if (!isNested) continue;
    const children = Array.isArray(value)
      ? value.map((child: Json) => ({ name: '-', value: child, depth: depth + 1 }))
      : Object.entries(value).map(([key, child]) => ({ name: `${key}:`, value: child, depth: depth + 1 }));
    open.push(...children.reverse());
  }
  return lines.join('\n').slice(0, indexedCharactersMax);
}

/** All that words find a document by: its id, its tags and its data. */
export function searchableText({ context_id, tags }: Pick<ContextHead, 'context_id' | 'tags'>, data: Json): string {
  return `${context_id}\n${tags.join(' ')}\n${dataText(data)}`;
}

/** The labels that a document is filtered by: its type, its tags, and every level that it lies under, its own id included. */
export function labelsOf({
  context_id,
  context_type,
  tags,
}: Pick<ContextHead, 'context_id' | 'context_type' | 'tags'>): string[] {
  const levels = context_id.split('/');
  return [
    `type:${context_type}`,
    ...tags.map((tag) => `tag:${tag}`),
    ...levels.map((_, at) => `under:${levels.slice(0, at + 1).join('/')}`),
  ];
}

/** The part of a text that has the first of the tokens, or its beginning. */
export function excerptOf(text: string, tokens: ReadonlySet<string>): string {
  const hit = text.matchAll(words).find(([word]) => tokensOf(word).some((token) => tokens.has(token)));
  const from = Math.max(0, (hit?.index ?? 0) - excerptCharacters / 4);
  const part = text
    .slice(from, from + excerptCharacters)
    .toWellFormed()
    .trim();
  return `${from > 0 ? '…' : ''}${part}${from + excerptCharacters < text.length ? '…' : ''}`;
}
