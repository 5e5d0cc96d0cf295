import { type BedrockRuntimeClient, InvokeModelCommand } from '@aws-sdk/client-bedrock-runtime';
import * as z from 'zod';
import { vectorDimensions } from '../../../context/core/search/hashed-embedding.ts';
import type { Embedder } from '../../../context/index-ports.ts';

/** Texts under way at once: Titan takes one a call. More: a large batch throttles everybody else in the account. */
const callsMax = 10;
/** Characters of a text that are sent. Titan takes 50,000 and 8,192 tokens; what says more is told by its beginning. */
const charactersMax = 24_000;
/** A text that is refused is sent by half until it is as short as this. */
const charactersMin = 1_000;

const answer = z.object({ embedding: z.array(z.number()).length(vectorDimensions) });

/** Chinese, Japanese and Thai have more tokens than a quarter of their characters: what is refused as too long is halved. */
async function embedText(
  client: Pick<BedrockRuntimeClient, 'send'>,
  modelId: string,
  text: string,
): Promise<Float32Array> {
  // It refuses to say what nothing is like.
  if (text.trim() === '') return new Float32Array(vectorDimensions);
  const body = JSON.stringify({ inputText: text, dimensions: vectorDimensions, normalize: true });
  try {
    const request = { modelId, contentType: 'application/json', accept: 'application/json', body };
    const response = await client.send(new InvokeModelCommand(request));
    return Float32Array.from(answer.parse(JSON.parse(new TextDecoder().decode(response.body))).embedding);
  } catch (error) {
    const isRefused = error instanceof Error && error.name === 'ValidationException';
    if (!isRefused || text.length <= charactersMin) throw error;
    return embedText(client, modelId, text.slice(0, Math.ceil(text.length / 2)));
  }
}

/** Vectors by a Titan text embedding model (v2) of Amazon Bedrock: they know meaning. `model` is the name that the index keeps. */
export function createBedrockEmbedder(
  client: Pick<BedrockRuntimeClient, 'send'>,
  model: string,
  modelId: string,
): Embedder {
  return {
    model,
    async embed(texts) {
      const vectors: Float32Array[] = [];
      for (let at = 0; at < texts.length; at += callsMax) {
        const part = texts.slice(at, at + callsMax).map((text) => text.slice(0, charactersMax));
        vectors.push(...(await Promise.all(part.map((text) => embedText(client, modelId, text)))));
      }
      return vectors;
    },
  };
}
