import { best } from '../../src/context/core/search/candidates.ts';
import { vectorDimensions } from '../../src/context/core/search/hashed-embedding.ts';
import { dot, dotQuantised, quantise, turned } from '../../src/context/core/search/quantise.ts';
import { countTokens, tokensOf } from '../../src/context/core/search/tokens.ts';

/** The documents (`doc/<number>`) that stand first when everything is looked at. */
export type Nearest = ReadonlySet<string>;

/** What an exact search knows: every vector, and how often each word of a question stands where. */
export interface ExactSearch {
  /** The next documents, with their vectors. */
  add(texts: readonly string[], vectors: readonly Float32Array[]): void;
  /** By BM25 with exact lengths. */
  byWords(question: string): Nearest;
  /** By the dot products of all vectors, in single precision and in their one-byte form. */
  byLikeness(questions: readonly Float32Array[]): { readonly exact: Nearest[]; readonly inBytes: Nearest[] };
}

/** An exact search for the best `hits` of these questions; it keeps nothing of other words. Texts are words with spaces between. */
export function exactSearch(questions: readonly string[], hits: number): ExactSearch {
  const portions: Float32Array[] = [];
  const lengths: number[] = [];
  const occurrences = new Map<string, { readonly document: number; readonly often: number }[]>();
  for (const token of questions.flatMap(tokensOf)) occurrences.set(token, []);
  const known = new Map<string, readonly string[]>();
  const tokensOfWord = (word: string): readonly string[] => {
    const tokens = known.get(word) ?? tokensOf(word);
    known.set(word, tokens);
    return tokens;
  };
  const named = (top: readonly { readonly document: number }[]) =>
    new Set(top.map(({ document }) => `doc/${document}`));

  return {
    add(texts, vectors) {
      const portion = new Float32Array(vectors.length * vectorDimensions);
      for (const [at, vector] of vectors.entries()) portion.set(vector, at * vectorDimensions);
      portions.push(portion);
      for (const text of texts) {
        const tokens = text.split(' ').flatMap(tokensOfWord);
        const document = lengths.push(tokens.length) - 1;
        for (const [token, often] of countTokens(tokens)) occurrences.get(token)?.push({ document, often });
      }
    },

    byWords(question) {
      const average = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
      const scores = new Map<number, number>();
      for (const token of new Set(tokensOf(question))) {
        const list = occurrences.get(token) ?? [];
        const rarity = Math.log(1 + (lengths.length - list.length + 0.5) / (list.length + 0.5));
        for (const { document, often } of list) {
          const long = lengths[document] ?? 0;
          const score = (rarity * often * 2.2) / (often + 1.2 * (0.25 + (0.75 * long) / average));
          scores.set(document, (scores.get(document) ?? 0) + score);
        }
      }
      const top = best<{ document: number; score: number }>(hits);
      for (const [document, score] of [...scores].sort(([one], [other]) => one - other)) top.offer({ document, score });
      return named(top.items());
    },

    byLikeness(vectors) {
      const asked = vectors.map((vector) => ({
        vector,
        query: turned(vector),
        exact: best<{ document: number; score: number }>(hits),
        inBytes: best<{ document: number; score: number }>(hits),
      }));
      let document = 0;
      for (const portion of portions) {
        for (let from = 0; from < portion.length; from += vectorDimensions, document += 1) {
          const own = portion.subarray(from, from + vectorDimensions);
          const { scale, values } = quantise(own);
          for (const { vector, query, exact, inBytes } of asked) {
            exact.offer({ document, score: dot(own, vector) });
            inBytes.offer({ document, score: scale * dotQuantised(query, values) });
          }
        }
      }
      return {
        exact: asked.map(({ exact }) => named(exact.items())),
        inBytes: asked.map(({ inBytes }) => named(inBytes.items())),
      };
    },
  };
}
