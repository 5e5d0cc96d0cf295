import { BedrockRuntimeClient, type InvokeModelCommand } from '@aws-sdk/client-bedrock-runtime';
import { describe, expect, it } from '@jest/globals';
import { hashedEmbedder, hashedEmbedding, vectorDimensions } from '../../src/context/core/search/hashed-embedding.ts';
import { dot } from '../../src/context/core/search/quantise.ts';
import type { Embedder } from '../../src/context/index-ports.ts';
import { createBedrockEmbedder } from '../../src/platform/aws/context/bedrock-embedder.ts';
import { createEmbedders } from '../../src/platform/aws/context/embedders.ts';

const modelId = 'amazon.titan-embed-text-v2:0';
const model = `bedrock:${modelId}`;

interface TitanRequest {
  readonly inputText: string;
  readonly dimensions: number;
  readonly normalize: boolean;
}

/** Titan's side of the wire, as its documentation describes it; its vectors are those that hash words. */
function fakedTitan(charactersMax = 50_000) {
  const requests: TitanRequest[] = [];
  const send = async ({ input }: InvokeModelCommand) => {
    const request = JSON.parse(input.body as string) as TitanRequest;
    requests.push(request);
    if (request.inputText === '' || request.inputText.length > charactersMax)
      throw Object.assign(new Error('400 Bad Request: expected minLength: 1, or too many input tokens'), {
        name: 'ValidationException',
      });
    const answer = { embedding: [...hashedEmbedding(request.inputText)], inputTextTokenCount: 1 };
    return { body: new TextEncoder().encode(JSON.stringify(answer)) };
  };
  return { requests, client: { send } as unknown as Pick<BedrockRuntimeClient, 'send'> };
}

const isReal = process.env['CADRE_TEST_BEDROCK'] === '1';
const real = (): Embedder => createBedrockEmbedder(new BedrockRuntimeClient({}), model, modelId);

describe.each([
  ['that hashes words', true, () => hashedEmbedder],
  ['of Bedrock, faked', true, () => createBedrockEmbedder(fakedTitan().client, model, modelId)],
  [`of Bedrock${isReal ? '' : ' (skipped: CADRE_TEST_BEDROCK=1 with credentials calls it)'}`, isReal, real],
] as const)('an embedder %s', (_name, isThere, make) => {
  const test = isThere ? it : it.skip;

  test('gives a vector of length one for each text, in their order', async () => {
    const texts = Array.from({ length: 23 }, (_, at) => `lease number ${at}`);
    const vectors = await make().embed(texts);
    expect(vectors).toHaveLength(texts.length);
    for (const vector of vectors) {
      expect(vector).toHaveLength(vectorDimensions);
      expect(dot(vector, vector)).toBeCloseTo(1, 2);
    }
    const [seventh] = await make().embed(['lease number 7']);
    expect(dot(seventh!, vectors[7]!)).toBeGreaterThan(0.99);
  });

  test('finds a text more like its own words than like others', async () => {
    const [asked, near, far] = await make().embed(['lease expiry', 'the lease expiry of a task', 'bananas are yellow']);
    expect(dot(asked!, near!)).toBeGreaterThan(dot(asked!, far!));
  });

  test('has a vector for nothing, and for more than a model takes', async () => {
    const [nothing, long] = await make().embed(['', 'word '.repeat(40_000)]);
    expect(dot(nothing!, nothing!)).toBe(0);
    expect(dot(long!, long!)).toBeCloseTo(1, 2);
  });
});

describe('the embedder of Bedrock', () => {
  it('asks for vectors of the size of the index, of length one, and halves a text that is refused', async () => {
    const { client, requests } = fakedTitan(4_000);
    await createBedrockEmbedder(client, model, modelId).embed(['x'.repeat(30_000)]);
    expect(requests.map(({ inputText }) => inputText.length)).toEqual([24_000, 12_000, 6_000, 3_000]);
    expect(requests[0]).toMatchObject({ dimensions: vectorDimensions, normalize: true });
  });

  it('fails as the service does when it is throttled or answers otherwise than it says', async () => {
    const answering = (body: object) =>
      ({ send: async () => ({ body: new TextEncoder().encode(JSON.stringify(body)) }) }) as never;
    await expect(createBedrockEmbedder(answering({ embedding: [1] }), model, modelId).embed(['a'])).rejects.toThrow();
    const throttled = { send: async () => Promise.reject(Object.assign(new Error(), { name: 'ThrottlingException' })) };
    const embedder = createBedrockEmbedder(throttled as never, model, modelId);
    await expect(embedder.embed(['a'])).rejects.toMatchObject({ name: 'ThrottlingException' });
  });

  it('is what indexes are made with where it is chosen, and is not known where it is not', () => {
    expect(createEmbedders(modelId)).toMatchObject({ model });
    expect(createEmbedders(modelId).of(hashedEmbedder.model)).toBe(hashedEmbedder);
    expect(createEmbedders(undefined).of(model)).toBeUndefined();
  });
});
