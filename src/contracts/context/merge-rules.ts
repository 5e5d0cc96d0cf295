import * as z from 'zod';
import { documentRulesBytesMax, expressionCharactersMax } from '../limits.ts';
import { atMostBytes, pointer } from './data.ts';

/** How two changes of the same place become one. Without a rule they conflict. */
export const mergePolicies = ['last_writer', 'max', 'min', 'sum', 'union', 'append', 'text', 'custom'] as const;

export const mergeRule = z
  .strictObject({
    /** The place; a level `*` stands for any key or index. */
    path: pointer,
    policy: z.enum(mergePolicies),
    /** JSONata over `base`, `ours` (the stored one) and `theirs` (the one that comes later), for `custom`. */
    expression: z.string().min(1).max(expressionCharactersMax).optional(),
  })
  .refine(({ policy, expression }) => (policy === 'custom') === (expression !== undefined), {
    error: 'an expression belongs to the policy "custom", and to no other',
    path: ['expression'],
  });
export type MergeRule = z.infer<typeof mergeRule>;

export const mergeRules = z
  .array(mergeRule)
  .max(50)
  .refine(...atMostBytes(documentRulesBytesMax));
