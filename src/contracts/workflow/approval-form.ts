import * as z from 'zod';
import { userId } from '../ids.ts';
import { approvalFormBytesMax } from '../limits.ts';

const text = z.string().max(1_000);
const count = z.int().min(0);
const shown = { title: text.optional(), description: text.optional() };

const pattern = z.string().refine((value) => {
  try {
    return new RegExp(value, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}, 'not a regular expression');

const choices = z.array(text).min(1).max(100).optional();
const textField = z.strictObject({
  type: z.literal('string'),
  ...shown,
  enum: choices,
  minLength: count.optional(),
  maxLength: count.optional(),
  pattern: pattern.optional(),
  format: z.enum(['date', 'date-time', 'email', 'uri']).optional(),
  default: z.string().optional(),
});
const numberField = z.strictObject({
  type: z.enum(['number', 'integer']),
  ...shown,
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  default: z.number().optional(),
});
const booleanField = z.strictObject({ type: z.literal('boolean'), ...shown, default: z.boolean().optional() });
const listField = z.strictObject({
  type: z.literal('array'),
  ...shown,
  items: z.strictObject({ type: z.literal('string'), enum: choices }),
  minItems: count.optional(),
  maxItems: count.optional(),
});
const field = z.discriminatedUnion('type', [textField, numberField, booleanField, listField]);

/**
 * What an approval asks for: the JSON Schema of an object of texts, numbers, booleans and lists of texts, which is what a form can show (and what MCP's elicitation
 * allows too). A `default` is only a hint for whoever shows it.
 */
export const approvalForm = z
  .strictObject({
    type: z.literal('object'),
    ...shown,
    properties: z.record(userId, field),
    required: z.array(userId).max(100).optional(),
    additionalProperties: z.boolean().optional(),
  })
  .superRefine(({ properties, required = [] }, context) => {
    for (const [index, name] of required.entries()) {
      if (!Object.hasOwn(properties, name))
        context.addIssue({ code: 'custom', path: ['required', index], message: `there is no property "${name}"` });
    }
    const bytes = new TextEncoder().encode(JSON.stringify(properties)).byteLength;
    if (bytes > approvalFormBytesMax)
      context.addIssue({
        code: 'custom',
        message: `it has ${String(bytes)} bytes, more than ${String(approvalFormBytesMax)}`,
      });
  });
export type ApprovalForm = z.output<typeof approvalForm>;
