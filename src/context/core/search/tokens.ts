import { stemmer } from 'stemmer';

/** Characters of one document that are indexed. More: one huge log costs as much as a thousand notes; its beginning is found all the same. */
export const indexedCharactersMax = 64 * 1024;
/** Characters of one token; what is longer is a hash or a key that nobody types, and is cut. */
const tokenCharactersMax = 40;

const words = /[\p{L}\p{M}\p{N}_]+/gu;
/** The accents of Latin, Greek and Cyrillic. Marks of other scripts are letters of their words. */
const accents = /[\u0300-\u036f]+/gu;
const withoutSpaces =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const identifier = /_|\p{Ll}\p{Lu}|\p{Lu}{2}\p{Ll}/u;
const identifierParts = /\p{Lu}{2,}(?=\p{Lu}\p{Ll})|\p{Lu}?\p{Ll}+|\p{Lu}+|\p{N}+|[^\p{Lu}\p{Ll}\p{N}_]+/gu;
const plainAscii = /^[a-z]+$/;

/** Words that stand in nearly every English text: they would fill the index and rank nothing. */
const stopWords: ReadonlySet<string> = new Set(
  'a an and are as at be but by for from has have if in into is it its no not of on or so such that the their then there these they this to was were which will with'.split(
    ' ',
  ),
);

function addToken(tokens: string[], word: string): void {
  const token = word.slice(0, tokenCharactersMax);
  if (plainAscii.test(token)) {
    if (!stopWords.has(token)) tokens.push(stemmer(token));
  } else tokens.push(token);
}

/** Scripts that do not put spaces between words are cut into overlapping pairs of characters. */
function addPairs(tokens: string[], word: string): void {
  const characters = Array.from(word);
  if (characters.length === 1) tokens.push(word);
  for (let at = 0; at + 1 < characters.length; at += 1) {
    tokens.push(`${characters[at] ?? ''}${characters[at + 1] ?? ''}`);
  }
}

/**
 * The tokens of a text, in its order: compatibility forms and accents are folded (Café = cafe), case too; English words lose their endings
 * (Porter); an identifier such as `getUserById` or `max_size` counts whole and in its parts; Chinese, Japanese, Thai, Lao and Khmer are cut
 * into pairs of characters. The same rule cuts documents and queries. Only the first `indexedCharactersMax` characters count.
 */
export function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const folded = text.slice(0, indexedCharactersMax).normalize('NFKD').replace(accents, '').normalize('NFC');
  for (const [word] of folded.matchAll(words)) {
    const lower = word.toLowerCase();
    if (withoutSpaces.test(word)) addPairs(tokens, lower);
    else {
      addToken(tokens, lower);
      if (identifier.test(word)) {
        for (const [part] of word.matchAll(identifierParts)) addToken(tokens, part.toLowerCase());
      }
    }
  }
  return tokens;
}

/** How often each token stands in the text. */
export function countTokens(tokens: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}
