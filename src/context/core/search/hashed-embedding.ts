import { fnv1a } from '../../../contracts/seeded.ts';
import { countTokens, tokensOf } from './tokens.ts';
import { normalise } from './quantise.ts';

/** Name of the embedder below; vectors carry it, because those of two models cannot be compared. */
export const hashedModel = 'cadre-hashed-1';
/** Titan has this size too, so that a deployment may change over. */
export const vectorDimensions = 256;

/** A hash of a feature. */
function hashOf(feature: string): number {
  let hash = fnv1a(feature);
  // FNV's low bits are weak for short texts; the last steps of MurmurHash3 mix them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * A vector of length one without any model: tokens and their three-letter pieces, hashed to signed dimensions, repetition counted by its logarithm.
 * It finds texts that share words, parts of words and spelling mistakes; it knows no meaning ("car" and "automobile" are strangers). It is for tests,
 * the local cloud and deployments without Bedrock. An empty text has the zero vector.
 */
export function hashedEmbedding(text: string): Float32Array {
  const vector = new Float32Array(vectorDimensions);
  const add = (feature: string, weight: number): void => {
    const hash = hashOf(feature);
    const at = (hash >>> 1) % vectorDimensions;
    vector[at] = (vector[at] ?? 0) + (hash % 2 === 0 ? weight : -weight);
  };
  for (const [token, occurrences] of countTokens(tokensOf(text))) {
    const weight = 1 + Math.log(occurrences);
    add(token, weight);
    const pieces = Math.max(0, token.length - 2);
    for (let from = 0; from < pieces; from += 1)
      add(`~${token.slice(from, from + 3)}`, weight / (2 * Math.sqrt(pieces)));
  }
  return normalise(vector);
}

/** The vectors above as an embedder. */
export const hashedEmbedder = {
  model: hashedModel,
  embed: async (texts: readonly string[]): Promise<readonly Float32Array[]> => texts.map(hashedEmbedding),
};
