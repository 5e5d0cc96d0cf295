import * as z from 'zod';
import { shownVersions } from './declared-reads.ts';
import { contextHead } from './context.ts';
import { contextId, contextType, defaultNamespace, namespaceName, tag } from './names.ts';
import { timestamp } from '../ids.ts';
import { questionCharactersMax, searchHitsMax } from '../limits.ts';

/** How documents are found: by words (BM25), by likeness of vectors, or by both fused. */
export const searchMode = z.enum(['text', 'vector', 'hybrid']);

export const searchRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  /** What is looked for, in words. */
  text: z.string().min(1).max(questionCharactersMax),
  mode: searchMode.default('hybrid'),
  /** One of these types. */
  types: z.array(contextType).min(1).max(20).optional(),
  /** All of these tags. */
  tags: z.array(tag).min(1).max(20).optional(),
  /** This document and those below it. */
  under: contextId.optional(),
  /** Changed at this time or later. */
  from: timestamp.optional(),
  /** Changed at this time or earlier. */
  to: timestamp.optional(),
  limit: z.int().min(1).max(searchHitsMax).default(10),
  versions: shownVersions.optional(),
});

/** A document that was found, as its reader may see it. */
export const searchHit = z.object({
  ...contextHead.pick({ context_id: true, context_type: true, version: true, updated_at: true, tags: true }).shape,
  /** Reciprocal rank fusion: it says how the hits of one answer compare, and nothing about what others may see. */
  score: z.number(),
  /** The place in each ranking that has it, from 1. */
  text_rank: z.int().optional(),
  vector_rank: z.int().optional(),
  /** The part of the document that has a word of the question, or its beginning. */
  excerpt: z.string(),
});
export type SearchHit = z.infer<typeof searchHit>;

export const searchAnswer = z.object({
  items: z.array(searchHit),
  /** There are fewer hits than asked for, and may be more: most of what it looked at was not for the caller. Ask more narrowly. */
  cut: z.boolean(),
});

export const indexRequest = z.strictObject({ namespace: namespaceName.default(defaultNamespace) });

/** The index of a namespace. */
export const indexAnswer = z.object({
  namespace: namespaceName,
  /** Counts up each time it was made anew. */
  generation: z.int(),
  /** What made its vectors. */
  model: z.string(),
  /** About how many documents it has: versions that are not merged yet count too. */
  documents: z.int(),
  segments: z.int(),
  /** Every change until then is in it. */
  complete_until: timestamp.optional(),
  /** Documents that could not be indexed whole, the next to be tried again first, up to 20: they are found by their id and tags at least. */
  set_aside: z.array(z.object({ context_id: contextId, reason: z.string(), tries: z.int(), next: timestamp })),
  /** The one that is made beside it, until it takes its place. */
  build: z
    .object({
      generation: z.int(),
      model: z.string(),
      /** It takes documents in from then on. */
      from: timestamp,
      /** How many it has taken in. */
      documents: z.int(),
    })
    .optional(),
});
export type IndexView = z.infer<typeof indexAnswer>;
