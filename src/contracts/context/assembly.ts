import * as z from 'zod';
import { shownVersions } from './declared-reads.ts';
import { contextId, defaultNamespace, namespaceName } from './names.ts';
import { agentId, taskId, userId } from '../ids.ts';
import { assembledTokensMax, pinnedMax, questionCharactersMax } from '../limits.ts';

export const assembleRequest = z.strictObject({
  namespace: namespaceName.default(defaultNamespace),
  /** What the task is about, in words. */
  text: z.string().min(1).max(questionCharactersMax),
  /** Tokens that the answer's text may have, by the estimate that docs/context.md states. */
  budget_tokens: z.int().min(100).max(assembledTokensMax).default(8_000),
  /** Documents that have to be in, in this order; too long ones are shortened. */
  pinned: z.array(contextId).max(pinnedMax).default([]),
  /** Its working memory lies under `memory/tasks/<task_id>`; a `:` of the id is a level. */
  task_id: taskId.optional(),
  /** Its shared memory lies under `memory/workflows/<workflow_id>`. */
  workflow_id: userId.optional(),
  /** Its long-term memory lies under `memory/agents/<agent_id>`. */
  agent_id: agentId.optional(),
  /** Relations that are followed from what is pinned. */
  depth: z.int().min(0).max(3).default(1),
  versions: shownVersions.optional(),
});

const piece = { context_id: contextId, version: z.int(), tokens: z.int(), score: z.number() };

export const assembleAnswer = z.object({
  tokens: z.int(),
  /** All pieces, each under a heading with its id and version: ready for a prompt. */
  text: z.string(),
  pieces: z.array(z.object({ ...piece, shortened: z.boolean(), reasons: z.array(z.string()) })),
  left_out: z.array(z.object({ context_id: contextId, tokens: z.int(), score: z.number() })),
});
export type AssembleAnswer = z.infer<typeof assembleAnswer>;
