/**
 * BM25 (Robertson and Zaragoza 2009) over postings of one byte: three bits say how often a term stands in a document, five how long the
 * document is. The byte does not depend on any other document, so segments are merged by copying it, and the average length is always today's.
 */

/** How fast repetition stops to count, and how much length counts: the values that Lucene uses. */
const k1 = 1.2;
const b = 0.75;

/** How often a term stands in a document, in three bits: repetition counts less and less. */
const frequencies = [1, 2, 3, 4, 5, 7, 10, 15] as const;
/** How long a document is, in five bits: from `shortestTokens` in steps of `classFactor` to about 24,000 tokens. */
const lengthClasses = 32;
const shortestTokens = 4;
const classFactor = 1.32;

function frequencyClass(occurrences: number): number {
  return Math.max(
    0,
    frequencies.findLastIndex((least) => least <= occurrences),
  );
}

function lengthClass(tokens: number): number {
  if (tokens <= shortestTokens) return 0;
  return Math.min(lengthClasses - 1, Math.round(Math.log(tokens / shortestTokens) / Math.log(classFactor)));
}

/** Occurrences of a term in a document of `tokens` tokens, as its posting keeps them. */
export function impactOf(occurrences: number, tokens: number): number {
  return frequencyClass(occurrences) * lengthClasses + lengthClass(tokens);
}

/** What all documents together say about a query: how many there are, and how long they are on average. */
export interface Statistics {
  readonly documents: number;
  readonly averageTokens: number;
}

/** Rarity of a term that stands in `found` of the documents; never negative. */
function inverseFrequency(documents: number, found: number): number {
  return Math.log(1 + (Math.max(0, documents - found) + 0.5) / (found + 0.5));
}

/** The score of each of the 256 impacts for a term found in `found` documents. */
export function scoreTable({ documents, averageTokens }: Statistics, found: number): Float32Array {
  const rarity = inverseFrequency(documents, found);
  const average = Math.max(1, averageTokens);
  return Float32Array.from({ length: 256 }, (_, impact) => {
    const occurrences = frequencies[Math.floor(impact / lengthClasses)] ?? 1;
    const tokens = shortestTokens * classFactor ** (impact % lengthClasses);
    return (rarity * occurrences * (k1 + 1)) / (occurrences + k1 * (1 - b + (b * tokens) / average));
  });
}
