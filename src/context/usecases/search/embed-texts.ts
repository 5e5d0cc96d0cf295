import type { Embedder } from '../../index-ports.ts';

/** Texts that are embedded together. More: more of them are embedded again when one is refused. */
const textsPerPart = 10;
/** Characters of a reason. */
const reasonCharacters = 300;

/** Why something failed, for the operator. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, reasonCharacters);
}

/** Vectors in the order of their texts; undefined where the embedder made none. */
export interface Vectors {
  readonly vectors: readonly (Float32Array | undefined)[];
  /** Why one is missing. */
  readonly failure?: Error;
}

/**
 * Vectors of texts. Where one is refused the others of its part are embedded one by one; once it made none of a part it is asked no further, because it
 * answers nobody. Without an embedder there are none.
 */
export async function vectorsOf(embedder: Embedder | undefined, texts: readonly string[]): Promise<Vectors> {
  const vectors: (Float32Array | undefined)[] = [];
  if (embedder === undefined) return { vectors };
  let failed: { readonly failure?: Error } = {};
  for (let at = 0; at < texts.length; at += textsPerPart) {
    const part = texts.slice(at, at + textsPerPart);
    try {
      vectors.push(...(await embedder.embed(part)));
    } catch (error) {
      failed = { failure: error instanceof Error ? error : new Error(reasonOf(error)) };
      const alone = part.length === 1 ? [] : await Promise.allSettled(part.map((text) => embedder.embed([text])));
      if (!alone.some(({ status }) => status === 'fulfilled')) break;
      vectors.push(...alone.map((each) => (each.status === 'fulfilled' ? each.value[0] : undefined)));
    }
  }
  return { vectors, ...failed };
}
