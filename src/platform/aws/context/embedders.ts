import { hashedEmbedder } from '../../../context/core/search/hashed-embedding.ts';
import type { Embedder, Embedders } from '../../../context/index-ports.ts';
import { onDemand } from '../on-demand.ts';

/** Bedrock on demand: its client is loaded by the first text. */
function bedrockOnDemand(model: string, modelId: string): Embedder {
  const load = async () => {
    const [{ BedrockRuntimeClient }, { createBedrockEmbedder }] = await Promise.all([
      import('@aws-sdk/client-bedrock-runtime'),
      import('./bedrock-embedder.ts'),
    ]);
    return createBedrockEmbedder(new BedrockRuntimeClient({}), model, modelId);
  };
  return { model, ...onDemand<Pick<Embedder, 'embed'>>(load, { embed: true }) };
}

/**
 * The embedders of a deployment: the one that hashes words, and the model of Bedrock where one is chosen (its id, for example
 * `amazon.titan-embed-text-v2:0`), which indexes then are made with. A model that is not chosen may not be called either.
 */
export function createEmbedders(modelId: string | undefined): Embedders {
  const chosen = modelId === undefined ? hashedEmbedder : bedrockOnDemand(`bedrock:${modelId}`, modelId);
  return { model: chosen.model, of: (model) => [chosen, hashedEmbedder].find((embedder) => embedder.model === model) };
}
