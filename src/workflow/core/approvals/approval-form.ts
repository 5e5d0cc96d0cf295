import * as z from 'zod';
import type { ApprovalForm } from '../../../contracts/workflow/approval-form.ts';
import type { Fault } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/json.ts';
import { toFault, tryParse } from '../../../contracts/parse.ts';

type Field = ApprovalForm['properties'][string];
type TextField = Extract<Field, { type: 'string' }>;

const formats = { date: z.iso.date(), 'date-time': z.iso.datetime({ offset: true }), email: z.email(), uri: z.url() };

function textSchema({ enum: choices, minLength, maxLength, pattern, format }: TextField): z.ZodType {
  if (choices !== undefined) return z.enum(choices);
  let schema = z.string();
  if (minLength !== undefined) schema = schema.min(minLength);
  if (maxLength !== undefined) schema = schema.max(maxLength);
  if (pattern !== undefined) schema = schema.regex(new RegExp(pattern, 'u'));
  return format === undefined ? schema : schema.and(formats[format]);
}

function fieldSchema(field: Field): z.ZodType {
  switch (field.type) {
    case 'string':
      return textSchema(field);
    case 'boolean':
      return z.boolean();
    case 'array': {
      const { items, minItems = 0, maxItems = Infinity } = field;
      return z.array(textSchema(items)).min(minItems).max(maxItems);
    }
    default: {
      const { minimum = -Infinity, maximum = Infinity } = field;
      return (field.type === 'integer' ? z.int() : z.number()).min(minimum).max(maximum);
    }
  }
}

/** What is wrong with an answer to a form, each fault with the path of its field. */
export function formFaults(form: ApprovalForm, answer: Json | undefined): readonly Fault[] {
  const { properties, required = [], additionalProperties = true } = form;
  const shape = Object.fromEntries(
    Object.entries(properties).map(([name, field]) => {
      const schema = fieldSchema(field);
      return [name, required.includes(name) ? schema : schema.optional()];
    }),
  );
  const schema = additionalProperties ? z.looseObject(shape) : z.strictObject(shape);
  const parsed = tryParse(schema, answer, ['answer']);
  return 'issues' in parsed ? parsed.issues.map(toFault) : [];
}
